package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;

/**
 * How spans are taken out of the text that an encoder-decoder is pretrained on.
 *
 * @param density the part of the tokens that it has to write
 * @param meanSpan mean length of a span
 */
record SpanSettings(
        @Default("0.15") double density, @Default("3") double meanSpan) {
    SpanSettings {
        Check.that(density > 0 && density < 1, "density", density, "a part between 0 and 1");
        Check.that(meanSpan >= 1, "meanSpan", meanSpan, "1 or more");
    }
}
