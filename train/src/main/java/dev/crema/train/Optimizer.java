package dev.crema.train;

import dev.crema.tensor.Tensor;
import java.util.Map;

/** Changes the master weights by their gradients; it owns its state. */
public sealed interface Optimizer extends AutoCloseable permits AdamW, Muon {
    /**
     * Takes one step and rounds the masters into the model.
     *
     * @param scale the schedule's factor on the learning rate
     */
    void step(double scale);

    /** Returns the state's tensors by name, for checkpoints. */
    Map<String, Tensor> state();

    /** Returns the number of steps taken. */
    long steps();

    /** Sets the number of steps taken, after the state's tensors have been restored in place. */
    void steps(long taken);

    @Override
    void close();

    /** The settings of an optimizer. */
    sealed interface Settings {
        /** The learning rate that the schedule scales. */
        double rate();

        /** AdamW for every weight. */
        record AdamWSettings(double rate, double beta1, double beta2, double epsilon, double weightDecay)
                implements Settings {}

        /**
         * Muon for the matrices of the blocks, AdamW for embeddings, head, norms and biases.
         *
         * @param rate of the matrices
         * @param adamW of the rest
         */
        record MuonSettings(double rate, double momentum, double weightDecay, AdamWSettings adamW)
                implements Settings {}
    }

    /** Makes the optimizer of these settings. */
    static Optimizer of(Settings settings, MasterWeights masters) {
        return switch (settings) {
            case Settings.AdamWSettings adamW -> AdamW.of(masters, masters.all(), adamW);
            case Settings.MuonSettings muon -> Muon.of(masters, muon);
        };
    }
}
