package dev.crema.train;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
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
 * <p>The momentum of a matrix is replaced by the nearest matrix whose singular values are all near one, found by five
 * steps of a Newton–Schulz iteration of odd polynomials. Every direction then moves alike, not those alone that the
 * gradient happens to favour. Tall matrices are scaled by {@code sqrt(rows / columns)}. Embeddings, head, norms and
 * biases take AdamW.
 */
public final class Muon implements Optimizer {
    private static final int ITERATIONS = 5;
    private static final double A = 3.4445, B = -4.7750, C = 2.0315;

    private final Settings.MuonSettings settings;
    private final MasterWeights masters;
    private final List<Master> matrices = new ArrayList<>();
    private final List<Tensor> momenta = new ArrayList<>();
    private final Map<String, Tensor> state = new LinkedHashMap<>();
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
                Tensor momentum = Scope.release(Tensors.zerosLike(master.master().detach()));
                muon.matrices.add(master);
                muon.momenta.add(momentum);
                muon.state.put(master.name() + ".momentum", momentum);
            }
        }
        muon.state.putAll(muon.rest.state());
        return muon;
    }

    private static boolean orthogonal(Master master) {
        return master.name().startsWith("blocks.") && master.weight().rank() == 2;
    }

    @Override
    public void step(double scale) {
        rest.step(scale);
        double rate = settings.rate() * scale;
        try (var off = Autograd.off()) {
            for (int i = 0; i < matrices.size(); i++) {
                try (Scope scope = Scope.open()) {
                    if (!matrices.get(i).hasGradient()) continue;
                    Tensor weight = matrices.get(i).master().detach();
                    Tensor gradient = matrices.get(i).gradient().to(DType.FP32).mul(masters.gradientScale());
                    Tensor momentum = momenta.get(i).lerpInPlace(gradient, 1 - settings.momentum());
                    // Nesterov's look ahead.
                    Tensor update = gradient.copy().lerpInPlace(momentum, settings.momentum());
                    double ratio = Math.max(1, (double) weight.size(0) / weight.size(1));
                    weight.mulInPlace(1 - rate * settings.weightDecay());
                    weight.addInPlace(orthogonalise(update), -rate * Math.sqrt(ratio));
                    matrices.get(i).weight().detach().copyInPlace(weight);
                }
            }
        }
    }

    /** Returns the matrix {@code U Vᵀ} of {@code g = U S Vᵀ}, nearly: singular values come out between 0.7 and 1.2. */
    static Tensor orthogonalise(Tensor g) {
        boolean tall = g.size(0) > g.size(1);
        Tensor x = (tall ? g.transpose(0, 1) : g).to(DType.BF16);
        x = x.div(Math.max(x.norm().item(), 1e-7));
        for (int i = 0; i < ITERATIONS; i++) {
            Tensor gram = x.matmul(x.transpose(0, 1));
            Tensor polynomial = gram.mul(B).add(gram.matmul(gram), C);
            x = x.mul(A).add(polynomial.matmul(x));
        }
        return (tall ? x.transpose(0, 1) : x).to(DType.FP32);
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
