package dev.crema.train;

import dev.crema.model.ParameterSpec;
import dev.crema.model.Weights;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Kernels;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The weights that the optimizer changes, in fp32, and their gradients.
 *
 * <p>A model computes in bf16, whose eight bits of precision cannot take up a small update: 1 + 0.001 is 1. So the
 * optimizer works on an fp32 copy, and the model gets it rounded after each step (Micikevicius et al., "Mixed Precision
 * Training", 2018). A model in fp32 is its own master. The gradient of a single backward pass stays in the type in which
 * it was computed; those of several are summed in fp32.
 */
public final class MasterWeights implements AutoCloseable {
    private final List<Master> masters = new ArrayList<>();
    private final Map<String, Tensor> statistics = new LinkedHashMap<>();
    private double gradientScale = 1;

    /** One weight: what the model computes with, its master, and the gradient of the step at hand. */
    public static final class Master {
        private final String name;
        private final Tensor weight;
        private final Tensor master;
        private @Nullable Tensor gradient;

        private Master(String name, Tensor weight, Tensor master) {
            this.name = name;
            this.weight = weight;
            this.master = master;
        }

        public String name() {
            return name;
        }

        /** Returns what the model computes with. */
        public Tensor weight() {
            return weight;
        }

        /** Returns the fp32 master; the weight itself if the model is in fp32. */
        public Tensor master() {
            return master;
        }

        /** Tells whether weight decay applies: to matrices, not to norms and biases. */
        public boolean decays() {
            return weight.rank() > 1;
        }

        /** Tells whether a backward pass has reached this weight. */
        public boolean hasGradient() {
            return gradient != null;
        }

        /** Returns the gradient of the step, before clipping; {@link #hasGradient} must hold. */
        public Tensor gradient() {
            if (gradient == null) throw new IllegalStateException("no gradient has reached " + name);
            return gradient;
        }

        private boolean separate() {
            return weight != master;
        }

        private void collect() {
            try (Scope scope = Scope.open()) {
                if (!weight.hasGrad()) return;
                Tensor fresh = weight.grad();
                if (gradient == null) {
                    gradient = Scope.release(fresh);
                } else {
                    Tensor before = gradient;
                    boolean wide = before.dtype() == DType.FP32;
                    gradient = wide
                            ? before.addInPlace(fresh)
                            : Scope.release(before.to(DType.FP32).addInPlace(fresh));
                    if (!wide) before.close();
                }
            }
            weight.clearGrad();
        }

        private void clear() {
            if (gradient != null) gradient.close();
            gradient = null;
        }
    }

    private MasterWeights() {}

    /** Makes masters of a model's weights and lets the model collect gradients. */
    public static MasterWeights of(Weights weights) {
        MasterWeights result = new MasterWeights();
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            weights.byName().forEach((name, weight) -> {
                if (!ParameterSpec.trained(name)) {
                    result.statistics.put(name, weight);
                    return;
                }
                boolean separate = weight.dtype() != DType.FP32;
                Tensor master = separate ? Scope.release(weight.detach().to(DType.FP32)) : weight;
                weight.requiresGrad(true);
                result.masters.add(new Master(name, weight, master));
            });
        }
        return result;
    }

    public List<Master> all() {
        return masters;
    }

    /** Takes over the gradients that the weights have collected in a backward pass. */
    public void collect() {
        try (var off = Autograd.off()) {
            masters.forEach(Master::collect);
        }
    }

    /**
     * Decides the factor by which the optimizer scales the gradients, so that their norm is at most {@code limit}.
     *
     * @return the norm before
     */
    public double clip(double limit) {
        double squares = 0;
        for (Master master : masters) {
            if (master.hasGradient()) squares += Kernels.sumOfSquares(master.gradient());
        }
        double norm = Math.sqrt(squares);
        // The small addend is PyTorch's, so that a clipped run is the same there.
        gradientScale = Double.isFinite(norm) && norm > limit ? limit / (norm + 1e-6) : 1;
        return norm;
    }

    /** Returns the factor that clipping decided. */
    public double gradientScale() {
        return gradientScale;
    }

    /** Forgets the gradients. */
    public void clearGradients() {
        masters.forEach(Master::clear);
        gradientScale = 1;
    }

    /** Rounds the masters into the model, after they have been overwritten. */
    public void publish() {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            for (Master master : masters) {
                if (master.separate()) master.weight().detach().copyInPlace(master.master());
            }
        }
    }

    /** Returns the masters by name, and what the model keeps besides: the running statistics of batch norms. */
    public Map<String, Tensor> byName() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        for (Master master : masters) result.put(master.name(), master.master());
        result.putAll(statistics);
        return result;
    }

    /** Frees masters and gradients; the model collects none any more. */
    @Override
    public void close() {
        for (Master master : masters) {
            master.clear();
            master.weight().clearGrad();
            master.weight().requiresGrad(false);
            if (master.separate()) master.master().close();
        }
    }
}
