package dev.crema.model;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Watches the routers of one forward pass, and pulls them towards even loads in its backward pass.
 *
 * <p>Left alone, routers send most tokens to few experts, which then learn the most. The auxiliary loss of the Switch
 * Transformer (Fedus et al., 2021; GShard before it) is {@code α E Σ_e f_e P_e}, where {@code f_e} is the mean number of
 * choices of expert e per token and {@code P_e} the mean of its probability, over all layers and tokens, as transformers'
 * {@code load_balancing_loss_func} has it. Only {@code P} has a gradient. What it is for a layer's logits depends on the
 * other layers only through {@code f}, which is known when the forward pass is over; so the gradient is added to that of
 * the main loss where it passes the logits, and no graph has to hold all routers together.
 */
public final class RouterTrace {
    private final double coefficient;
    private final float[] counted;
    private final Map<Integer, Layer> layers = new TreeMap<>();
    private double[] frequencies = {};

    private record Layer(RoutingSpec spec, float[] logits, long[] choices) {}

    private RouterTrace(double coefficient, float[] counted) {
        this.coefficient = coefficient;
        this.counted = counted;
    }

    /**
     * Makes a trace that takes part in the gradient.
     *
     * @param coefficient α; 0 watches the choices alone
     * @param counted {@code [N]} 1 for a token that counts, 0 for padding
     */
    public static RouterTrace of(double coefficient, float[] counted) {
        return new RouterTrace(coefficient, counted.clone());
    }

    /** Takes up what a router saw, and returns the logits with the loss's gradient; a second run of a layer repeats it. */
    Tensor observe(int layer, RoutingSpec spec, Tensor logits) {
        if (coefficient == 0) {
            layers.put(layer, new Layer(spec, new float[0], new long[0]));
            return logits;
        }
        if (layers.put(layer, new Layer(spec, logits.toFloats(), new long[0])) == null) frequencies = new double[0];
        Device device = logits.device(); // the logits themselves are gone in the backward pass
        return Functions.withGradient(logits, () -> gradient(layer, device));
    }

    /** Takes up what a router chose. */
    void chosen(int layer, long[] choices) {
        layers.computeIfPresent(layer, (index, seen) -> new Layer(seen.spec(), seen.logits(), choices));
    }

    /** Returns the logits {@code [N, E]} of each layer that has a router; none of a trace that watches the choices alone. */
    public Map<Integer, float[]> logits() {
        Map<Integer, float[]> result = new TreeMap<>();
        layers.forEach((index, layer) -> result.put(index, layer.logits()));
        return result;
    }

    /** Returns, for each layer that has a router, how many counted tokens chose each expert. */
    public Map<Integer, long[]> loads() {
        Map<Integer, long[]> result = new TreeMap<>();
        layers.forEach((index, layer) -> result.put(index, loads(layer.choices(), layer.spec())));
        return result;
    }

    private long[] loads(long[] choices, RoutingSpec spec) {
        long[] loads = new long[spec.experts()];
        for (int i = 0; i < choices.length; i++) if (counted[i / spec.active()] > 0) loads[(int) choices[i]]++;
        return loads;
    }

    /**
     * Returns {@code E Σ_e f_e P_e}, which is K where all loads are even; 0 for a model without routers, and for a trace that
     * watches the choices alone.
     */
    public double loss() {
        if (coefficient == 0) return 0;
        double[] frequencies = frequencies(), probabilities = new double[frequencies.length];
        double rows = rows();
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            for (Layer layer : layers.values()) {
                Tensor rowsOf = probabilities(layer.spec(), tensor(layer));
                float[] sums = rowsOf.mul(column()).sum(0, false).toFloats();
                for (int e = 0; e < sums.length; e++) probabilities[e] += sums[e] / rows;
            }
        }
        double loss = 0;
        for (int e = 0; e < frequencies.length; e++) loss += frequencies[e] * probabilities[e];
        return loss * frequencies.length;
    }

    /** Returns the gradient of {@code α E Σ f P} for a layer's logits. */
    private Tensor gradient(int index, Device device) {
        Layer layer = Objects.requireNonNull(layers.get(index));
        double[] frequencies = frequencies();
        float[] slopes = new float[frequencies.length];
        for (int e = 0; e < slopes.length; e++) {
            slopes[e] = (float) (coefficient * slopes.length * frequencies[e] / rows());
        }
        try (Scope scope = Scope.open();
                var on = Autograd.on()) {
            Tensor logits = tensor(layer).requiresGrad(true);
            Tensor weighted = probabilities(layer.spec(), logits).mul(column());
            weighted.mul(Tensors.of(slopes, slopes.length)).sum().backward();
            return scope.keep(logits.grad().to(device));
        }
    }

    /** Returns {@code f}: choices by the highest probabilities, per token, over all layers. */
    private double[] frequencies() {
        if (frequencies.length > 0 || layers.isEmpty()) return frequencies;
        double rows = rows();
        frequencies = new double[first().experts()];
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            for (Layer layer : layers.values()) {
                long[] best =
                        tensor(layer).topK(layer.spec().active(), 1).indices().toLongs();
                long[] loads = loads(best, layer.spec());
                for (int e = 0; e < loads.length; e++) frequencies[e] += loads[e] / rows;
            }
        }
        return frequencies;
    }

    private RoutingSpec first() {
        return layers.values().iterator().next().spec();
    }

    private double rows() {
        double tokens = 0;
        for (float one : counted) tokens += one;
        return Math.max(1, tokens * layers.size());
    }

    private Tensor column() {
        return Tensors.of(counted, counted.length, 1);
    }

    private static Tensor tensor(Layer layer) {
        return Tensors.of(
                layer.logits(),
                layer.logits().length / layer.spec().experts(),
                layer.spec().experts());
    }

    private static Tensor probabilities(RoutingSpec spec, Tensor logits) {
        return switch (spec.score()) {
            case SOFTMAX -> Functions.softmax(logits.to(DType.FP32), 1);
            case SIGMOID -> {
                Tensor scores = Functions.sigmoid(logits.to(DType.FP32));
                yield scores.div(scores.sum(1, true).add(1e-20));
            }
        };
    }
}
