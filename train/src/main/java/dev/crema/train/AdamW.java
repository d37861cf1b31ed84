package dev.crema.train;

import dev.crema.tensor.DType;
import dev.crema.tensor.Kernels;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.train.MasterWeights.Master;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).
 *
 * <pre>
 * m = β₁ m + (1 - β₁) g        v = β₂ v + (1 - β₂) g²
 * w = w - η λ w - η (m / (1 - β₁ᵗ)) / (sqrt(v / (1 - β₂ᵗ)) + ε)
 * </pre>
 *
 * <p>Decay applies to matrices alone. Reading and writing the arrays is all that it costs, so one pass does everything:
 * clipping, both moments, the master, and the rounding into the model.
 */
public final class AdamW implements Optimizer {
    private final Settings.AdamWSettings settings;
    private final MasterWeights masters;
    private final List<Master> weights;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private long steps;

    private AdamW(Settings.AdamWSettings settings, MasterWeights masters, List<Master> weights) {
        this.settings = settings;
        this.masters = masters;
        this.weights = weights;
    }

    /** Makes the optimizer of some of the masters. */
    static AdamW of(MasterWeights masters, List<Master> weights, Settings.AdamWSettings settings) {
        AdamW adamW = new AdamW(settings, masters, List.copyOf(weights));
        try (Scope scope = Scope.open()) {
            for (Master master : weights) {
                adamW.state.put(first(master), Scope.release(zeros(master)));
                adamW.state.put(second(master), Scope.release(zeros(master)));
            }
        }
        return adamW;
    }

    private static Tensor zeros(Master master) {
        return Tensors.zeros(
                DType.FP32, master.master().device(), master.master().shape());
    }

    private static String first(Master master) {
        return master.name() + ".first";
    }

    private static String second(Master master) {
        return master.name() + ".second";
    }

    @Override
    public void step(double scale) {
        steps++;
        for (Master master : weights) {
            if (!master.hasGradient()) continue;
            var numbers = new Kernels.AdamWStep(
                    masters.gradientScale(),
                    settings.rate() * scale,
                    settings.beta1(),
                    settings.beta2(),
                    settings.epsilon(),
                    master.decays() ? settings.weightDecay() : 0,
                    steps);
            Tensor first = Objects.requireNonNull(state.get(first(master)));
            Tensor second = Objects.requireNonNull(state.get(second(master)));
            Kernels.adamW(master.master(), master.gradient(), first, second, master.weight(), numbers);
        }
    }

    @Override
    public Map<String, Tensor> state() {
        return state;
    }

    @Override
    public long steps() {
        return steps;
    }

    @Override
    public void steps(long taken) {
        steps = taken;
    }

    @Override
    public void close() {
        state.values().forEach(Tensor::close);
    }
}
