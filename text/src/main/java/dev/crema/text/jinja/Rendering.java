package dev.crema.text.jinja;

import java.util.List;

/**
 * What a template made.
 *
 * @param generations where its {@code generation} blocks lie in the text, in order
 */
public record Rendering(String text, List<Block> generations) {
    public Rendering {
        generations = List.copyOf(generations);
    }

    /** A stretch of the text, in chars, {@code end} exclusive. */
    public record Block(int start, int end) {}
}
