package dev.crema.model;

import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.util.function.UnaryOperator;

/** How the blocks of an encoder-decoder run. */
sealed interface BlockRuns {
    static BlockRuns of(Activations activations, Tape tape) {
        return switch (activations) {
            case KEEP -> new Once();
            case RECOMPUTE -> new Again(tape);
        };
    }

    /** Runs a block on {@code [B, T, D]}. */
    Tensor run(Tensor hiddenStates, UnaryOperator<Tensor> block);

    /** Returns what several blocks read besides, so that each may send a gradient back to it. */
    Tensor shared(Tensor tensor);

    /** Once, keeping what the backward pass needs. */
    record Once() implements BlockRuns {
        @Override
        public Tensor run(Tensor hiddenStates, UnaryOperator<Tensor> block) {
            return block.apply(hiddenStates);
        }

        @Override
        public Tensor shared(Tensor tensor) {
            return tensor;
        }
    }

    /**
     * Again in the backward pass, block by block. Each of these runs is a graph of its own, which ends where the blocks'
     * shared inputs begin: they are leaves, which collect what all blocks send back before it goes on.
     */
    record Again(Tape tape) implements BlockRuns {
        @Override
        public Tensor run(Tensor hiddenStates, UnaryOperator<Tensor> block) {
            return Tape.checkpoint(hiddenStates, block);
        }

        @Override
        public Tensor shared(Tensor tensor) {
            Tensor leaf = tape.cut(tensor);
            Tape.retain(tensor, leaf);
            return leaf;
        }
    }
}
