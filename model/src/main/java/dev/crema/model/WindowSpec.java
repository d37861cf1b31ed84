package dev.crema.model;

import java.util.Collections;
import java.util.List;

/** Which layers see the latest tokens alone (Beltagy et al., "Longformer", 2020). */
public sealed interface WindowSpec {
    /** Returns how far back a layer sees. */
    Window of(int layer);

    record None() implements WindowSpec {
        @Override
        public Window of(int layer) {
            return new Window.All();
        }
    }

    /**
     * @param size tokens that a sliding layer sees, the token itself included
     * @param slides for each layer, whether it slides
     */
    record Sliding(int size, List<Boolean> slides) implements WindowSpec {
        public Sliding {
            ArchConfig.check("sliding window", size, 1 << 30);
            slides = List.copyOf(slides);
        }

        /** Describes a window in every layer. */
        public static Sliding everywhere(int size, int layers) {
            return new Sliding(size, Collections.nCopies(layers, true));
        }

        @Override
        public Window of(int layer) {
            return slides.get(layer) ? new Window.Last(size) : new Window.All();
        }
    }
}
