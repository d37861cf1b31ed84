package dev.crema.train;

import dev.crema.model.Weights;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights that the optimizer changes, in fp32, and their gradients.
 *
 * <p>A model computes in bf16, whose eight bits of precision cannot take up a small update: 1 + 0.001 is 1. So the
 * optimizer works on an fp32 copy, and the model gets it rounded after each step (Micikevicius et al., "Mixed Precision
 * Training", 2018). Gradients of several backward passes are summed in fp32 too. A model in fp32 is its own master.
 */
public final class MasterWeights implements AutoCloseable {
    private final List<Master> masters = new ArrayList<>();

    /**
     * One weight.
     *
     * @param weight what the model computes with
     * @param master FP32; {@code weight} itself if the model is in fp32
     * @param gradient FP32, the sum over the backward passes of a step
     * @param decays whether weight decay applies
     */
    public record Master(String name, Tensor weight, Tensor master, Tensor gradient, boolean decays) {
        boolean separate() {
            return weight != master;
        }
    }

    /** Makes masters of a model's weights and lets the model collect gradients until they are closed. */
    public static MasterWeights of(Weights weights) {
        MasterWeights result = new MasterWeights();
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            weights.byName().forEach((name, weight) -> {
                boolean separate = weight.dtype() != DType.FP32;
                Tensor master = separate ? Scope.release(weight.detach().to(DType.FP32)) : weight;
                Tensor gradient = Scope.release(Tensors.zeros(DType.FP32, weight.device(), weight.shape()));
                weight.requiresGrad(true);
                result.masters.add(new Master(name, weight, master, gradient, weight.rank() > 1));
            });
        }
        return result;
    }

    private MasterWeights() {}

    public List<Master> all() {
        return masters;
    }

    /** Adds the gradients that the weights have collected and frees them. */
    public void collect() {
        try (var off = Autograd.off()) {
            for (Master master : masters) {
                try (Scope scope = Scope.open()) {
                    if (!master.weight().hasGrad()) continue;
                    master.gradient().addInPlace(master.weight().grad());
                }
                master.weight().clearGrad();
            }
        }
    }

    /**
     * Scales the gradients so that their norm is at most {@code limit}.
     *
     * @return the norm before
     */
    public double clip(double limit) {
        double squares = 0;
        try (var off = Autograd.off()) {
            for (Master master : masters) {
                try (Scope scope = Scope.open()) {
                    double norm = master.gradient().norm().item();
                    squares += norm * norm;
                }
            }
            double norm = Math.sqrt(squares);
            if (Double.isFinite(norm) && norm > limit) {
                try (Scope scope = Scope.open()) {
                    // The small addend is PyTorch's, so that a clipped run is the same there.
                    for (Master master : masters) master.gradient().mulInPlace(limit / (norm + 1e-6));
                }
            }
            return norm;
        }
    }

    /** Sets the gradients to zero. */
    public void clearGradients() {
        try (Scope scope = Scope.open()) {
            for (Master master : masters) master.gradient().fillInPlace(0);
        }
    }

    /** Rounds the masters into the model. */
    public void publish() {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            for (Master master : masters) {
                if (master.separate()) master.weight().detach().copyInPlace(master.master());
            }
        }
    }

    /** Returns the masters by name. */
    public Map<String, Tensor> byName() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        for (Master master : masters) result.put(master.name(), master.master());
        return result;
    }

    @Override
    public void close() {
        for (Master master : masters) {
            master.weight().clearGrad();
            master.weight().requiresGrad(false);
            master.gradient().close();
            if (master.separate()) master.master().close();
        }
    }
}
