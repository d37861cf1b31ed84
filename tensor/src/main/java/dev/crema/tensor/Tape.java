package dev.crema.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Records one forward pass and walks it backwards, with rules of our own between stretches of autograd.
 *
 * <p>Three things that a plain graph does not give, each a rule of the tape:
 *
 * <ul>
 *   <li>{@link #cut}: the graph ends at a detached leaf and goes on from it, so that what follows (a loss over a large
 *       vocabulary) can run forward and backward in chunks before the pass continues below;
 *   <li>{@link #checkpoint}: a stretch keeps only its input and is run again when its gradient is due (Chen et al.,
 *       "Training Deep Nets with Sublinear Memory Cost", 2016);
 *   <li>the rules of fused functions, which live as long as the tape.
 * </ul>
 *
 * <pre>{@code
 * try (Tape tape = Tape.open()) {
 *     Tensor hidden = tape.cut(model.hiddenStates(ids));
 *     for (chunk of hidden) loss(chunk).backward();
 *     tape.backward();
 * }
 * }</pre>
 *
 * <p>A tape is also the {@link Scope} of its pass: what is made while it is innermost goes when it closes.
 */
public final class Tape implements AutoCloseable {
    private final Scope scope = Scope.openGraph();
    private final List<Cut> cuts = new ArrayList<>();

    private record Cut(Tensor source, Tensor leaf) {}

    private Tape() {}

    /** Opens a tape; close it when the gradients have been collected. */
    public static Tape open() {
        return new Tape();
    }

    /** Ends the graph at {@code source} and returns a leaf with the same elements from which it goes on. */
    public Tensor cut(Tensor source) {
        Tensor leaf = source.detach().requiresGrad(true);
        cuts.add(new Cut(source, leaf));
        return leaf;
    }

    /** Sends the gradients that the leaves have collected down the graph, last cut first. */
    public void backward() {
        for (Cut cut : cuts.reversed()) {
            try (Scope inner = Scope.open()) {
                cut.source().backward(cut.leaf().grad());
            }
            cut.source().close();
            cut.leaf().close();
        }
        cuts.clear();
    }

    /**
     * Runs {@code stretch} without recording and again when its gradient is due.
     *
     * @param stretch a function of the same shape in and out that gives the same result each time it runs
     */
    public static Tensor checkpoint(Tensor input, UnaryOperator<Tensor> stretch) {
        if (!Autograd.recording() || !input.requiresGrad()) return stretch.apply(input);
        try (Scope inner = Scope.open()) {
            Tensor value;
            try (var off = Autograd.off()) {
                value = stretch.apply(input);
            }
            return inner.keep(
                    CustomGradient.of(value, input, (gradient, saved) -> rerun(gradient, saved[0], stretch), input));
        }
    }

    /** Keeps what a checkpointed stretch reads besides its input until the tape closes. */
    public static void retain(Tensor... tensors) {
        for (Tensor tensor : tensors) Scope.attachToGraph(tensor.handle);
    }

    private static Tensor rerun(Tensor gradient, Tensor input, UnaryOperator<Tensor> stretch) {
        try (Tape tape = open();
                var on = Autograd.on()) {
            Tensor leaf = input.detach().requiresGrad(true);
            stretch.apply(leaf).backward(gradient);
            return tape.scope.keep(leaf.grad());
        }
    }

    /** Runs a stretch in a scope of its own and keeps its result: what it made on the way is freed early. */
    public static <T> Tensor scoped(T input, Function<T, Tensor> stretch) {
        try (Scope inner = Scope.open()) {
            return inner.keep(stretch.apply(input));
        }
    }

    /** Frees the graph's helpers and what the pass made. */
    @Override
    public void close() {
        scope.close();
    }
}
