package dev.crema.model;

import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;

/** Normalises the residual stream {@code [..., D]}. */
sealed interface Norm permits Norm.LayerNorm, Norm.RmsNorm, Norm.UnitOffsetRmsNorm, Norm.None, BatchNorm {
    /** Normalises for inference. */
    Tensor apply(Tensor hiddenStates);

    /** Normalises in a pass that may be one of training; only a batch norm then does something else. */
    default Tensor apply(Tensor hiddenStates, Statistics statistics) {
        return apply(hiddenStates);
    }

    static Norm of(NormSpec spec, Weights weights, String name) {
        return switch (spec) {
            case NormSpec.LayerNorm(double epsilon) ->
                new LayerNorm(weights.get(name + ".weight"), weights.get(name + ".bias"), epsilon);
            case NormSpec.RmsNorm(double epsilon) -> new RmsNorm(weights.get(name + ".weight"), epsilon);
            case NormSpec.UnitOffsetRmsNorm(double epsilon) ->
                new UnitOffsetRmsNorm(weights.get(name + ".weight"), epsilon);
            case NormSpec.BatchNorm(double epsilon, double momentum) ->
                new BatchNorm(
                        weights.get(name + ".weight"),
                        weights.get(name + ".bias"),
                        weights.get(name + ".running_mean"),
                        weights.get(name + ".running_var"),
                        epsilon,
                        momentum);
        };
    }

    record LayerNorm(Tensor weight, Tensor bias, double epsilon) implements Norm {
        @Override
        public Tensor apply(Tensor hiddenStates) {
            return Functions.layerNorm(hiddenStates, weight, bias, epsilon);
        }
    }

    record RmsNorm(Tensor weight, double epsilon) implements Norm {
        @Override
        public Tensor apply(Tensor hiddenStates) {
            return Functions.rmsNorm(hiddenStates, weight, epsilon);
        }
    }

    /** An RMS norm by {@code 1 + weight}. */
    record UnitOffsetRmsNorm(Tensor weight, double epsilon) implements Norm {
        @Override
        public Tensor apply(Tensor hiddenStates) {
            return Functions.unitOffsetRmsNorm(hiddenStates, weight, epsilon);
        }
    }

    /** Leaves its input as it is, where a block has no norm. */
    record None() implements Norm {
        @Override
        public Tensor apply(Tensor hiddenStates) {
            return hiddenStates;
        }
    }
}
