package dev.crema.tensor;

import dev.crema.tensor.simd.LogSoftmaxRows;
import java.util.List;

/**
 * The log-probabilities that a language model's head gives to tokens, and the gradient of a loss on them.
 *
 * <p>Over a large vocabulary the logits are the largest tensor of a training step, and most of the time of a plain
 * cross-entropy goes into writing them several times. Here a chunk of rows at a time is multiplied with the head, turned
 * into log-probabilities, given its gradient in place, and multiplied back: the chunk's logits exist once, in the
 * model's type, and are read twice.
 *
 * <p>What the loss is, the caller says: for each token the derivative of the loss by the token's log-probability. For
 * cross-entropy that is a constant; for a policy gradient it depends on the log-probability itself.
 */
public final class VocabularyLoss {
    /** Bytes of a chunk of logits: few enough to stay near the cache, enough for large products. */
    public static final long CHUNK = 16L << 20;

    private VocabularyLoss() {}

    /** Says how a loss depends on log-probabilities. */
    @FunctionalInterface
    public interface Derivative {
        /**
         * Writes {@code d loss / d log p} of the tokens {@code [from, to)}.
         *
         * @param logProbabilities of all tokens, filled up to {@code to}
         */
        void write(int from, int to, float[] logProbabilities, float[] derivative);
    }

    /**
     * Computes log-probabilities without gradients.
     *
     * @param hiddenStates {@code [N, D]}
     * @param tokens N ids
     * @param temperature divides the logits
     */
    public static float[] logProbabilities(Tensor hiddenStates, VocabularyHead head, int[] tokens, double temperature) {
        float[] lse = new float[tokens.length], logProbabilities = new float[tokens.length];
        try (var off = Autograd.off()) {
            int step = rowsOfChunk(head.weight());
            for (int from = 0; from < tokens.length; from += step) {
                int to = Math.min(tokens.length, from + step);
                try (Scope scope = Scope.open()) {
                    Tensor logits = head.logits(hiddenStates.narrow(0, from, to - from));
                    forward(logits, temperature, tokens, from, lse, logProbabilities);
                }
            }
        }
        return logProbabilities;
    }

    /**
     * Computes log-probabilities, adds the head's gradient to it, and gives the hidden states' gradient to the leaf.
     *
     * @param hiddenStates {@code [N, D]}, a leaf that requires gradients
     */
    public static float[] backward(
            Tensor hiddenStates, VocabularyHead head, int[] tokens, double temperature, Derivative loss) {
        int n = tokens.length;
        float[] lse = new float[n], logProbabilities = new float[n], derivative = new float[n];
        try (Scope outer = Scope.open();
                var off = Autograd.off()) {
            Tensor rows = hiddenStates.detach(), matrix = head.weight(), weight = matrix.detach();
            Tensor rowsGrad = Tensors.emptyLike(rows);
            // Sums over chunks are kept in fp32 whatever the model's type.
            Tensor headGrad =
                    matrix.requiresGrad() ? Tensors.zeros(DType.FP32, matrix.device(), matrix.shape()) : rowsGrad;
            List<Tensor> biasGrads = head.bias().stream()
                    .map(bias -> Tensors.zeros(DType.FP32, bias.device(), bias.shape()))
                    .toList();
            int step = rowsOfChunk(matrix);
            for (int from = 0; from < n; from += step) {
                int to = Math.min(n, from + step), count = to - from;
                try (Scope scope = Scope.open()) {
                    Tensor chunk = rows.narrow(0, from, count);
                    Tensor logits = head.logits(chunk); // [n, V]
                    forward(logits, temperature, tokens, from, lse, logProbabilities);
                    loss.write(from, to, logProbabilities, derivative);
                    Tensor gradient = switch (head.cap()) {
                        case SoftCap.None none -> gradient(logits, temperature, tokens, from, lse, derivative);
                        case SoftCap.Tanh tanh -> {
                            Tensor slope = tanh.slope(logits);
                            yield gradient(logits, temperature, tokens, from, lse, derivative)
                                    .mul(slope);
                        }
                    };
                    rowsGrad.narrow(0, from, count).copyInPlace(Fp32Product.of(gradient, weight));
                    if (matrix.requiresGrad()) Fp32Product.add(gradient.transpose(0, 1), chunk, headGrad);
                    biasGrads.forEach(
                            sum -> sum.addInPlace(gradient.to(DType.FP32).sum(0, false)));
                }
            }
            for (int i = 0; i < biasGrads.size(); i++) {
                if (head.bias().get(i).requiresGrad()) head.bias().get(i).accumulateGrad(biasGrads.get(i));
            }
            if (matrix.requiresGrad()) matrix.accumulateGrad(headGrad);
            hiddenStates.accumulateGrad(rowsGrad);
        }
        return logProbabilities;
    }

    private static int rowsOfChunk(Tensor head) {
        return (int) Math.max(64, CHUNK / (head.size(0) * head.dtype().bytes()));
    }

    private static boolean fast(Tensor logits) {
        return logits.device().isCpu() && (logits.dtype() == DType.FP32 || logits.dtype() == DType.BF16);
    }

    private static void forward(
            Tensor logits, double temperature, int[] tokens, int from, float[] lse, float[] logProbabilities) {
        if (fast(logits)) {
            rows(logits).forward((float) (1 / temperature), tokens, from, lse, logProbabilities);
            return;
        }
        int count = (int) logits.size(0);
        Tensor wide = logits.to(DType.FP32).div(temperature);
        float[] sums = Functions.logSumExp(wide, -1).toFloats();
        float[] chosen =
                wide.gather(1, index(tokens, from, count).to(logits.device())).toFloats();
        System.arraycopy(sums, 0, lse, from, count);
        for (int i = 0; i < count; i++) logProbabilities[from + i] = chosen[i] - sums[i];
    }

    private static Tensor gradient(
            Tensor logits, double temperature, int[] tokens, int from, float[] lse, float[] derivative) {
        if (fast(logits)) {
            rows(logits).backward((float) (1 / temperature), tokens, from, lse, derivative);
            return logits;
        }
        int count = (int) logits.size(0);
        float[] part = java.util.Arrays.copyOfRange(derivative, from, from + count);
        Tensor scale = Tensors.of(part, count, 1).to(logits.device()).div(temperature);
        Tensor probabilities = Functions.softmax(logits.to(DType.FP32).div(temperature), -1);
        Tensor gradient = probabilities.mul(scale.neg());
        return gradient.scatterAddInPlace(1, index(tokens, from, count).to(logits.device()), scale)
                .to(logits.dtype());
    }

    private static LogSoftmaxRows rows(Tensor logits) {
        return new LogSoftmaxRows(
                logits.segment(), logits.dtype() == DType.FP32, (int) logits.size(0), (int) logits.size(1));
    }

    private static Tensor index(int[] tokens, int from, int count) {
        long[] wide = new long[count];
        for (int i = 0; i < count; i++) wide[i] = tokens[from + i];
        return Tensors.of(wide, count, 1);
    }
}
