package dev.crema.tensor;

import dev.crema.tensor.simd.TokenRows;
import dev.crema.tensor.simd.WeightedSwiGluRows;
import java.util.ArrayList;
import java.util.List;

/**
 * The experts of a mixture with their gradient: {@code y_t = Σ_k w_tk W³ (silu(W¹ x_t) ∘ W² x_t)} over the experts that a
 * token chose (Shazeer et al., "Outrageously Large Neural Networks", 2017; Gale et al., "MegaBlocks", 2022).
 *
 * <p>Rows of tokens are copied to where those of the same expert lie side by side, multiplied stretch by stretch, and added
 * up by token. The weight multiplies the gate, before the second product, not what comes out of it: so its gradient needs
 * only what the gate's needs, and the experts' outputs are not kept. Kept are the input and the first product; the rest is
 * computed again in the backward pass, which costs less than the memory.
 */
final class Experts {
    private final Dispatch dispatch;
    private final GroupedProducts products;
    private final Tensor input;
    private final Tensor output;

    private Experts(Dispatch dispatch, Tensor input, Tensor output) {
        this.dispatch = dispatch;
        this.products = new GroupedProducts(dispatch);
        this.input = input;
        this.output = output;
    }

    static Tensor apply(Tensor x, Tensor weights, Dispatch dispatch, Tensor input, Tensor output) {
        if (!SimdRows.fit(x)) return plain(x, weights, dispatch, input, output);
        return new Experts(dispatch, input, output).forward(x, weights);
    }

    private Tensor forward(Tensor x, Tensor weights) {
        try (Scope scope = Scope.open()) {
            Tensor value, rows, both;
            try (var off = Autograd.off()) {
                rows = x.detach().contiguous();
                both = empty(x, dispatch.rows(), input.size(1)); // [R, 2 F]
                products.outputs(gather(rows), input, both);
                Tensor gated = empty(x, dispatch.rows(), output.size(2)); // [R, F]
                new WeightedSwiGluRows(SimdRows.of(both), byRow(weights)).forward(SimdRows.of(gated));
                Tensor outputs = empty(x, dispatch.rows(), output.size(1)); // [R, D]
                products.outputs(gated, output, outputs);
                value = sum(outputs, x.size(0));
            }
            boolean trains = x.requiresGrad() || input.requiresGrad() || output.requiresGrad();
            if (!Autograd.recording() || !trains) return scope.keep(value);
            Tensor from = x.requiresGrad() ? x : x.detach().requiresGrad(true);
            return scope.keep(CustomGradient.ofTwo(value, from, weights, this::backward, rows, both, weights));
        }
    }

    private CustomGradient.Two backward(Tensor gradient, Tensor[] saved) {
        Tensor x = saved[0], both = saved[1], weights = saved[2];
        Tensor g = gather(gradient.contiguous()); // [R, D]
        Tensor dGated = empty(x, dispatch.rows(), output.size(2)); // [R, F]
        products.inputGradients(g, output, dGated);
        Tensor gated = Tensors.emptyLike(dGated), dBoth = Tensors.emptyLike(both);
        float[] dByRow = new WeightedSwiGluRows(SimdRows.of(both), byRow(weights))
                .backward(SimdRows.of(dGated), SimdRows.of(gated), SimdRows.of(dBoth));
        products.collect(output, g, gated);
        products.collect(input, dBoth, gather(x));
        products.inputGradients(dBoth, input, g);
        return new CustomGradient.Two(sum(g, x.size(0)), byChoice(dByRow, weights));
    }

    /** Returns the row of its token for each row, {@code [N, D] -> [R, D]}. */
    private Tensor gather(Tensor tokens) {
        Tensor rows = empty(tokens, dispatch.rows(), tokens.size(1));
        TokenRows.gather(SimdRows.of(tokens), dispatch.choiceOf(), dispatch.perToken(), SimdRows.of(rows));
        return rows;
    }

    /** Adds up the rows of each token, {@code [R, D] -> [N, D]}. */
    private Tensor sum(Tensor rows, long tokens) {
        Tensor sum = empty(rows, tokens, rows.size(1));
        TokenRows.sum(SimdRows.of(rows), dispatch.rowOf(), dispatch.perToken(), SimdRows.of(sum));
        return sum;
    }

    private float[] byRow(Tensor weights) {
        float[] byChoice = weights.toFloats();
        int[] choiceOf = dispatch.choiceOf();
        float[] byRow = new float[choiceOf.length];
        for (int row = 0; row < byRow.length; row++) byRow[row] = choiceOf[row] < 0 ? 0 : byChoice[choiceOf[row]];
        return byRow;
    }

    private Tensor byChoice(float[] byRow, Tensor weights) {
        int[] rowOf = dispatch.rowOf();
        float[] byChoice = new float[rowOf.length];
        for (int i = 0; i < rowOf.length; i++) byChoice[i] = rowOf[i] < 0 ? 0 : byRow[rowOf[i]];
        return Tensors.of(byChoice, weights.shape());
    }

    private static Tensor empty(Tensor like, long rows, long columns) {
        return Tensors.empty(like.dtype(), Device.CPU, rows, columns);
    }

    /** The same in operations that every device has, with their own gradients. */
    private static Tensor plain(Tensor x, Tensor weights, Dispatch dispatch, Tensor input, Tensor output) {
        try (Scope scope = Scope.open()) {
            Tensor sum = Tensors.zerosLike(x.detach());
            Tensor flat = weights.reshape(-1);
            List<Tensor> outputs = new ArrayList<>();
            List<Long> places = new ArrayList<>();
            for (int expert : dispatch.busy()) {
                long[] choices = choices(dispatch, expert);
                long[] tokens = choices.clone();
                for (int i = 0; i < tokens.length; i++) places.add(tokens[i] /= dispatch.perToken());
                Tensor rows = x.indexSelect(0, Tensors.of(tokens, tokens.length).to(x.device()));
                Tensor weight =
                        flat.indexSelect(0, Tensors.of(choices, choices.length).to(x.device()));
                Tensor gated = Functions.swiGlu(Functions.linear(rows, input.select(0, expert)));
                Tensor scaled = gated.mul(weight.unsqueeze(1).to(x.dtype()));
                outputs.add(Functions.linear(scaled, output.select(0, expert)));
            }
            if (outputs.isEmpty()) return scope.keep(sum);
            long[] index = places.stream().mapToLong(Long::longValue).toArray();
            Tensor all = Tensor.concat(outputs, 0);
            Tensor by =
                    Tensors.of(index, index.length).to(x.device()).unsqueeze(1).expand(all.shape());
            return scope.keep(sum.scatterAddInPlace(0, by, all));
        }
    }

    private static long[] choices(Dispatch dispatch, int expert) {
        int[] choiceOf = dispatch.choiceOf();
        return java.util.Arrays.stream(choiceOf, dispatch.begin(expert), dispatch.begin(expert) + dispatch.rows(expert))
                .filter(choice -> choice >= 0)
                .asLongStream()
                .toArray();
    }
}
