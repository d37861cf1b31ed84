package dev.crema.train;

import dev.crema.tensor.FusedAdamW;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.train.MasterWeights.Master;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).
 *
 * <pre>
 * m = β₁ m + (1 - β₁) g        v = β₂ v + (1 - β₂) g²
 * w = w - η λ w - η (m / (1 - β₁ᵗ)) / (sqrt(v / (1 - β₂ᵗ)) + ε)
 * </pre>
 *
 * <p>Decay applies to matrices alone.
 */
public final class AdamW implements Optimizer {
    private final Settings.AdamWSettings settings;
    private final Group decayed = new Group();
    private final Group plain = new Group();
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private long steps;

    private static final class Group {
        final List<Tensor> weights = new ArrayList<>();
        final List<Tensor> gradients = new ArrayList<>();
        final List<Tensor> first = new ArrayList<>();
        final List<Tensor> second = new ArrayList<>();
    }

    private AdamW(Settings.AdamWSettings settings) {
        this.settings = settings;
    }

    static AdamW of(List<Master> masters, Settings.AdamWSettings settings) {
        AdamW adamW = new AdamW(settings);
        try (Scope scope = Scope.open()) {
            for (Master master : masters) {
                Group group = master.decays() ? adamW.decayed : adamW.plain;
                Tensor first = Scope.release(Tensors.zerosLike(master.gradient()));
                Tensor second = Scope.release(Tensors.zerosLike(master.gradient()));
                group.weights.add(master.master());
                group.gradients.add(master.gradient());
                group.first.add(first);
                group.second.add(second);
                adamW.state.put(master.name() + ".first", first);
                adamW.state.put(master.name() + ".second", second);
            }
        }
        return adamW;
    }

    @Override
    public void step(double scale) {
        steps++;
        step(decayed, scale, settings.weightDecay());
        step(plain, scale, 0);
    }

    private void step(Group group, double scale, double weightDecay) {
        var numbers = new FusedAdamW.Settings(
                settings.rate() * scale, settings.beta1(), settings.beta2(), settings.epsilon(), weightDecay);
        FusedAdamW.step(group.weights, group.gradients, group.first, group.second, steps, numbers);
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
