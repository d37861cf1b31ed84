package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The weights of attention once more, {@code p = exp(scale s - l)}, l the logarithm of their sum before they were divided by it,
 * and from their gradient that of the scaled scores, {@code p (g - Σ g p)}.
 *
 * <p>Both are written as the left side of a {@link Tile} whose sum goes along the queries: a query to a step in fp32, two in
 * bf16. The gradient is also written row by row, for the product whose sum goes along the keys; in fp32 that is the same.
 *
 * @param pairs whether what is written is bf16, two queries at a time, else fp32, one
 * @param rowBytes from a query's scores to the next's, and so for the gradients of its weights
 * @param writtenRowBytes from a query's gradients, row by row, to the next's
 */
public record ScoreGradients(boolean pairs, int rowBytes, int writtenRowBytes) {
    /** Keys that are computed at a time. */
    public static final int LANES = Vectors.LANES;

    private static final ConcurrentHashMap<ScoreGradients, Code> CODE = new ConcurrentHashMap<>();
    private static final int LOGARITHM = 0, SUM = 2, SCALE = 4; // of two queries, where a function's numbers are
    private static final int WEIGHT = 5, GRADIENT = 7, X = 9, REST = 10;

    /** The machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(FunctionDescriptor.ofVoid(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_FLOAT));

        /**
         * Computes a query, or two.
         *
         * @param scores address of the first query's, in fp32; a hidden key has minus infinity
         * @param gradients address of those of the weights, in fp32
         * @param vectors how many times {@link #LANES} keys, at least 1
         * @param weights address of the step that is written
         * @param steps address of the step of gradients that is written
         * @param rows address of the gradients row by row; in fp32 they are not written
         * @param logarithms l of each query of a block
         * @param sums of the products of its weights and their gradients
         * @param query the first, or only, query of the block that is computed
         */
        public void run(
                long scores,
                long gradients,
                long vectors,
                long weights,
                long steps,
                long rows,
                float scale,
                float[] logarithms,
                float[] sums,
                int query) {
            int other = Math.min(query + 1, sums.length - 1);
            try {
                CALLER.invokeExact(
                        function,
                        scores,
                        gradients,
                        vectors,
                        weights,
                        steps,
                        rows,
                        logarithms[query],
                        logarithms[other],
                        sums[query],
                        sums[other],
                        scale);
            } catch (Throwable e) {
                throw new IllegalStateException("the code of gradients failed", e);
            }
        }
    }

    /** Returns the machine code, made on first use. */
    public Code code() {
        return CODE.computeIfAbsent(this, ScoreGradients::compile);
    }

    private Code compile() {
        return new Code(MachineCode.function(bytes()));
    }

    private byte[] bytes() {
        Register scores = Register.RDI, gradients = Register.RSI, vectors = Register.RDX;
        Register weights = Register.RCX, steps = Register.R8, rows = Register.R9;
        int queries = pairs ? 2 : 1;
        Assembler code = Assembler.create();
        for (int query = 0; query < queries; query++) {
            code.spread(LOGARITHM + query, LOGARITHM + query);
            code.multiplyBy(PowerOfTwo.LOG2E, LOGARITHM + query, LOGARITHM + query);
            code.spread(SUM + query, SUM + query);
        }
        code.spread(SCALE, SCALE);
        code.multiplyBy(PowerOfTwo.LOG2E, SCALE, SCALE);
        int loop = code.here();
        for (int query = 0; query < queries; query++) {
            code.load(X, scores, query * rowBytes);
            code.multiply(X, X, SCALE);
            code.subtract(X, X, LOGARITHM + query);
            PowerOfTwo.write(code, WEIGHT + query, X, REST);
            code.load(GRADIENT + query, gradients, query * rowBytes);
            code.subtract(GRADIENT + query, GRADIENT + query, SUM + query);
            code.multiply(GRADIENT + query, GRADIENT + query, WEIGHT + query);
        }
        if (pairs) {
            for (int query = 0; query < queries; query++) {
                code.roundToBf16(GRADIENT + query, GRADIENT + query);
                code.storeHalf(rows, query * writtenRowBytes, GRADIENT + query, Assembler.ALL);
                code.widen(GRADIENT + query, GRADIENT + query);
                code.roundToBf16(WEIGHT + query, WEIGHT + query);
                code.widen(WEIGHT + query, WEIGHT + query);
            }
            code.pair(GRADIENT + 1, GRADIENT);
            code.pair(WEIGHT + 1, WEIGHT);
        }
        code.store(weights, 0, WEIGHT + queries - 1, Assembler.ALL);
        code.store(steps, 0, GRADIENT + queries - 1, Assembler.ALL);
        code.add(scores, 4 * LANES);
        code.add(gradients, 4 * LANES);
        code.add(weights, 4 * LANES);
        code.add(steps, 4 * LANES);
        code.add(rows, 2 * LANES);
        code.countDown(vectors, loop);
        code.end();
        return code.code();
    }
}
