package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Turns scores into the weights of a softmax that comes to its tokens a block at a time (Milakov and Gimelshein, "Online
 * normalizer calculation for softmax", 2018): {@code exp(scale (x - m))}, m the largest score so far.
 *
 * <p>A head's scores lie in a column, a vector of heads side by side, a token's as far from the next as the steps of
 * {@link Panels}. So do the weights, one token to a step in fp32, two in bf16, as the left side of a {@link Tile}. What is
 * known of the heads after a block is kept from one to the next: see {@link Code#run}.
 *
 * @param pairs whether weights are bf16, else fp32
 */
public record ColumnWeights(boolean pairs) {
    /** Heads that are computed at a time. */
    public static final int LANES = Vectors.LANES;

    /** Bytes of the heads' largest scores, of their sums, and of the factors. */
    public static final int STATE_BYTES = 3 * LANES * 4;

    /** Where sums and factors stand behind the largest scores. */
    public static final int SUMS = LANES * 4, FACTORS = 2 * SUMS;

    private static final ConcurrentHashMap<ColumnWeights, Code> CODE = new ConcurrentHashMap<>();
    private static final int SCALE = 0, MOST = 1, BEFORE = 2, FACTOR = 3, SUM = 4, X = 5, REST = 6, WEIGHT = 7;

    /** The machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(FunctionDescriptor.ofVoid(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_FLOAT));

        /**
         * Computes the weights of a vector of heads.
         *
         * @param scores address of the first token's, in fp32; one of bf16's pairs that is missing has minus infinity
         * @param steps at least 1
         * @param weights address of the first step
         * @param state address of the largest scores, at first minus infinity; the sums of the weights, at first zero; and
         *     the factors by which what was weighed before is to be multiplied, since the largest scores have risen
         */
        public void run(long scores, long steps, long weights, long state, float scale) {
            try {
                CALLER.invokeExact(function, scores, steps, scores, steps, weights, state, scale);
            } catch (Throwable e) {
                throw new IllegalStateException("the code of weights failed", e);
            }
        }
    }

    /** Returns the machine code, made on first use. */
    public Code code() {
        return CODE.computeIfAbsent(this, ColumnWeights::compile);
    }

    private Code compile() {
        return new Code(MachineCode.function(bytes()));
    }

    /** Returns how many tokens a step has. */
    private int tokens() {
        return pairs ? 2 : 1;
    }

    private byte[] bytes() {
        Register scores = Register.RDI, steps = Register.RSI, again = Register.RDX, stepsAgain = Register.RCX;
        Register weights = Register.R8, state = Register.R9;
        Assembler code = Assembler.create();
        code.spread(SCALE, SCALE);
        code.multiplyBy(PowerOfTwo.LOG2E, SCALE, SCALE);
        code.load(BEFORE, state, 0);
        code.largest(MOST, BEFORE, BEFORE);
        int loop = code.here();
        for (int token = 0; token < tokens(); token++) {
            code.load(X, scores, token * Panels.STEP);
            code.largest(MOST, MOST, X);
        }
        code.add(scores, tokens() * Panels.STEP);
        code.countDown(steps, loop);
        code.store(state, 0, MOST, Assembler.ALL);
        weigh(code, FACTOR, BEFORE);
        code.store(state, FACTORS, FACTOR, Assembler.ALL);
        code.load(SUM, state, SUMS);
        code.multiply(SUM, SUM, FACTOR);
        loop = code.here();
        for (int token = 0; token < tokens(); token++) {
            code.load(X, again, token * Panels.STEP);
            weigh(code, WEIGHT + token, X);
            code.add(SUM, SUM, WEIGHT + token);
        }
        if (pairs) pair(code);
        code.store(weights, 0, WEIGHT + tokens() - 1, Assembler.ALL);
        code.add(again, tokens() * Panels.STEP);
        code.add(weights, Panels.STEP);
        code.countDown(stepsAgain, loop);
        code.store(state, SUMS, SUM, Assembler.ALL);
        code.end();
        return code.code();
    }

    /** Computes {@code exp(scale (x - m))}; overwrites x. */
    private static void weigh(Assembler code, int to, int x) {
        code.subtract(x, x, MOST);
        code.multiply(x, x, SCALE);
        PowerOfTwo.write(code, to, x, REST);
    }

    /** Rounds two tokens' weights and puts them together. */
    private static void pair(Assembler code) {
        for (int token = 0; token < 2; token++) {
            code.roundToBf16(WEIGHT + token, WEIGHT + token);
            code.widen(WEIGHT + token, WEIGHT + token);
        }
        code.pair(WEIGHT + 1, WEIGHT);
    }
}
