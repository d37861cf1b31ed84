package dev.crema.model.checkpoint.gguf;

import dev.crema.text.InputException;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Which layers slide, as llama.cpp counts them: all but the last of every so many. */
final class WindowPeriod {
    private static final int MAX_LAYERS = 10_000;

    private WindowPeriod() {}

    /** Returns the period of Gemma 2's layers or Gemma 3's. */
    static int usual(boolean second) {
        return second ? 2 : 6;
    }

    /** Returns for each layer whether it slides; with a period of zero all do. */
    static List<Boolean> of(int period, int layers) {
        if (layers > MAX_LAYERS) {
            throw new InputException("A model of " + layers + " layers is too deep: the limit is " + MAX_LAYERS);
        }
        return IntStream.range(0, layers)
                .mapToObj(layer -> period == 0 || layer % period < period - 1)
                .toList();
    }

    /** Finds the period of layers that slide, the usual one first; nothing if they have none. */
    static OptionalInt find(List<Boolean> slides, int usual) {
        return IntStream.concat(IntStream.of(usual), IntStream.rangeClosed(0, slides.size()))
                .filter(period -> of(period, slides.size()).equals(slides))
                .findFirst();
    }
}
