package dev.crema.model;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many tokens each expert was chosen by in the passes of a step, and the balance that follows from it without a loss.
 *
 * <p>A balance loss pulls at the same weights as the main loss, which then suffers. Instead each expert has a bias that
 * counts in the choice alone ({@link RoutingSpec#correction}). After a step that of an overloaded expert falls by γ, and
 * that of an idle one rises: {@code b_e += γ sign(mean load - load_e)} (Wang et al., "Auxiliary-Loss-Free Load Balancing",
 * 2024; "DeepSeek-V3", 2024, section 2.1.2).
 */
public final class RouterLoads {
    private final Map<Integer, long[]> layers = new TreeMap<>();

    /** Adds what a pass chose. */
    public void add(RouterTrace trace) {
        trace.loads()
                .forEach((layer, loads) -> layers.merge(layer, loads, (sum, more) -> {
                    Arrays.setAll(sum, e -> sum[e] + more[e]);
                    return sum;
                }));
    }

    /** Tells whether a router was seen. */
    public boolean any() {
        return !layers.isEmpty();
    }

    /** Returns the largest load of an expert as a multiple of its layer's mean, over all layers; 1 where all are even. */
    public double largest() {
        double largest = 1;
        for (long[] loads : layers.values()) {
            double mean = mean(loads);
            if (mean > 0) largest = Math.max(largest, Arrays.stream(loads).max().orElse(0) / mean);
        }
        return largest;
    }

    private static double mean(long[] loads) {
        return Arrays.stream(loads).average().orElse(0);
    }

    /** Moves the biases of a model's routers by {@code rate} towards an even load. */
    public void even(Weights weights, double rate) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            layers.forEach((layer, loads) -> {
                Tensor bias = weights.get("blocks." + layer + ".feedForward.router.correction"); // [E]
                double mean = mean(loads);
                float[] moves = new float[loads.length];
                for (int e = 0; e < moves.length; e++) moves[e] = (float) (rate * Math.signum(mean - loads[e]));
                bias.detach().addInPlace(Tensors.of(moves, moves.length).to(bias.device()));
            });
        }
    }
}
