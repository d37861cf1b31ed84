package dev.crema.train;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.Device;
import dev.crema.tensor.Kernels;
import dev.crema.tensor.NewtonSchulz;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.train.MasterWeights.Master;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Momentum whose update is made orthogonal (Jordan et al., "Muon: an optimizer for hidden layers", 2024).
 *
 * <p>The momentum of a matrix is replaced by the nearest matrix whose singular values are all near one, found by
 * {@link NewtonSchulz}. Every direction then moves alike, not those alone that the gradient happens to favour. Tall
 * matrices are scaled by {@code sqrt(rows / columns)}. Embeddings, head, norms and biases take AdamW.
 */
public final class Muon implements Optimizer {
    private final Settings.MuonSettings settings;
    private final MasterWeights masters;
    private final List<Master> matrices = new ArrayList<>();
    private final List<Tensor> momenta = new ArrayList<>();
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private final Map<List<Long>, List<Integer>> byShape = new LinkedHashMap<>();
    private final AdamW rest;

    private Muon(Settings.MuonSettings settings, MasterWeights masters, AdamW rest) {
        this.settings = settings;
        this.masters = masters;
        this.rest = rest;
    }

    static Muon of(MasterWeights masters, Settings.MuonSettings settings) {
        List<Master> matrices = masters.all().stream().filter(Muon::orthogonal).toList();
        List<Master> others = masters.all().stream().filter(m -> !orthogonal(m)).toList();
        Muon muon = new Muon(settings, masters, AdamW.of(masters, others, settings.adamW()));
        try (Scope scope = Scope.open()) {
            for (Master master : matrices) {
                Tensor momentum =
                        Scope.release(Tensors.zerosLike(master.master().detach()));
                long[] shape = master.master().shape();
                muon.byShape
                        .computeIfAbsent(List.of(shape[0], shape[1]), k -> new ArrayList<>())
                        .add(muon.matrices.size());
                muon.matrices.add(master);
                muon.momenta.add(momentum);
                muon.state.put(master.name() + ".momentum", momentum);
            }
        }
        muon.state.putAll(muon.rest.state());
        return muon;
    }

    private static boolean orthogonal(Master master) {
        return master.name().contains("blocks.") && master.weight().rank() == 2;
    }

    @Override
    public void step(double scale) {
        rest.step(scale);
        try (var off = Autograd.off()) {
            for (List<Integer> alike : byShape.values()) stepAlike(alike, settings.rate() * scale);
        }
    }

    /** Steps the matrices of one shape together, so that each of them can be one thread's. */
    private void stepAlike(List<Integer> alike, double rate) {
        try (Scope scope = Scope.open()) {
            List<Integer> moved =
                    alike.stream().filter(i -> matrices.get(i).hasGradient()).toList();
            if (moved.isEmpty()) return;
            Master first = matrices.get(moved.getFirst());
            long rows = first.master().size(0), columns = first.master().size(1);
            Device device = first.master().device();
            Tensor ahead = Tensors.empty(NewtonSchulz.precision(device), device, moved.size(), rows, columns);
            for (int n = 0; n < moved.size(); n++) {
                Kernels.muonMomentum(
                        matrices.get(moved.get(n)).gradient(),
                        masters.gradientScale(),
                        settings.momentum(),
                        momenta.get(moved.get(n)),
                        ahead.select(0, n));
            }
            Tensor updates = NewtonSchulz.of(ahead).contiguous(); // [n, rows, columns]
            double decay = 1 - rate * settings.weightDecay();
            double length = rate * Math.sqrt(Math.max(1, (double) rows / columns));
            for (int n = 0; n < moved.size(); n++) {
                Master master = matrices.get(moved.get(n));
                Kernels.muonStep(master.master(), updates.select(0, n), decay, length, master.weight());
            }
        }
    }

    @Override
    public Map<String, Tensor> state() {
        return state;
    }

    @Override
    public long steps() {
        return rest.steps();
    }

    @Override
    public void steps(long taken) {
        rest.steps(taken);
    }

    @Override
    public void close() {
        state.values().forEach(Tensor::close);
    }
}
