package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Part;
import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Products of a few rows with a few rows of a weight as it lies, for when reading the weight is all that they cost.
 *
 * <p>A step reads a vector of each row of the weight, and multiplies it with one of each row of x; sums stay in registers, by
 * lanes, and are written so: to add up the lanes is the caller's. Meanwhile the next rows of the weight are fetched.
 *
 * @param rows of x, from 1 to {@link #MOST_ROWS}
 * @param weights rows of the weight, from 1 to {@link #weights(int)}
 * @param rowBytes from a row to the next, of x and of the weight alike
 * @param pairs whether numbers are bf16, else fp32
 */
public record DotTile(int rows, int weights, int rowBytes, boolean pairs) {
    public static final int MOST_ROWS = 4;

    /** Rows of the weight that are multiplied together at most. */
    public static final int MOST_WEIGHTS = 4;

    /** Bytes of a step. */
    public static final int STEP = Vectors.BYTES;

    private static final ConcurrentHashMap<DotTile, Code> CODE = new ConcurrentHashMap<>();

    /** Returns how many rows of the weight are multiplied together with so many of x, as there are registers for sums. */
    public static int weights(int rows) {
        return switch (Vectors.CURRENT) {
            case AVX2 -> rows > 2 ? 2 : MOST_WEIGHTS;
            case AVX512 -> MOST_WEIGHTS;
        };
    }

    /** A tile's machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(4);

        /**
         * Computes a tile.
         *
         * @param x address of the first row
         * @param weight address of the first row
         * @param steps at least 1
         * @param sums address of {@code [rows, weights, lanes]} in fp32, which are written
         */
        public void run(long x, long weight, long steps, long sums) {
            try {
                CALLER.invokeExact(function, x, weight, steps, sums);
            } catch (Throwable e) {
                throw new IllegalStateException("a tile's code failed", e);
            }
        }
    }

    /** Returns the machine code, made on first use. */
    public Code code() {
        return CODE.computeIfAbsent(this, DotTile::compile);
    }

    private Code compile() {
        return new Code(MachineCode.function(bytes()));
    }

    private byte[] bytes() {
        Register x = Register.RDI, weight = Register.RSI, steps = Register.RDX, sums = Register.RCX;
        Assembler code = Assembler.create();
        for (int sum = 0; sum < rows * weights; sum++) code.clear(sum);
        int firstWeight = rows * weights, ofX = firstWeight + weights;
        List<Part> parts = code.parts(pairs);
        int loop = code.here();
        for (Part part : parts) {
            for (int w = 0; w < weights; w++) {
                code.load(part, firstWeight + w, weight, w * rowBytes);
                if (part == parts.getFirst()) code.prefetch(weight, (weights + w) * rowBytes);
            }
            for (int row = 0; row < rows; row++) {
                code.load(part, ofX, x, row * rowBytes);
                for (int w = 0; w < weights; w++) code.multiplyAdd(pairs, row * weights + w, firstWeight + w, ofX);
            }
        }
        code.add(x, STEP);
        code.add(weight, STEP);
        code.countDown(steps, loop);
        for (int sum = 0; sum < rows * weights; sum++) code.store(sums, sum * STEP, sum, Assembler.ALL);
        code.end();
        return code.code();
    }
}
