package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The innermost piece of a matrix product: a few rows of {@code a} times one {@link Panels panel}, their sums in registers.
 *
 * <p>A step reads 32 columns of the panel, two vectors, and multiplies them with 32 bits of each row: one number in fp32,
 * two in bf16. With thirteen rows that is 26 instructions of arithmetic for 15 that read, so that the processor does little
 * else than arithmetic; sums and operands take 29 of its 32 registers. Distances between rows are written into the code.
 *
 * @param rows from 1 to {@link #MOST_ROWS}
 * @param columns from 1 to {@link Panels#COLUMNS}: those that are written
 * @param rowBytes from a row of {@code a} to the next
 * @param stepBytes from what a step reads of a row to what the next reads
 * @param pairs whether a step multiplies pairs of bf16, else fp32
 * @param start what the sums begin with
 * @param result what is written
 */
public record Tile(int rows, int columns, int rowBytes, int stepBytes, boolean pairs, Start start, Result result) {
    public static final int MOST_ROWS = 13;

    /** What sums begin with. */
    public enum Start {
        ZERO,
        /** What the panel begins with, before its first step. */
        PANEL
    }

    /** What becomes of the sums. */
    public enum Result {
        BF16,
        /** {@code silu(a) b} in bf16, where a are the first sixteen columns and b the others. */
        BF16_GATED,
        /** What they are added to, in bf16, and they: rounded once. */
        BF16_ADDED,
        FP32,
        /** What they are added to, in fp32, and they. */
        FP32_ADDED
    }

    private static final ConcurrentHashMap<Tile, Code> CODE = new ConcurrentHashMap<>();
    private static final int VECTOR = 64, LANES = 16;
    private static final int LEFT = 29, RIGHT = 30, ROW = 31;
    private static final Register C = Register.RCX, ROW_BYTES = Register.R8, ADDED = Register.RAX;

    /** A tile's machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(7);

        /**
         * Computes a tile.
         *
         * @param a address of the first row
         * @param panel address of what {@link Tile#start} says, the first step or what stands before it
         * @param steps at least 1
         * @param c address of the first row that is written
         * @param rowBytes from a row of {@code c} to the next
         * @param fetched address of what will soon be read, 128 bytes a step; it need not be valid
         * @param added address of what sums are added to, its rows as far apart as those of {@code c}; read only if the
         *     result says so
         */
        public void run(long a, long panel, long steps, long c, long rowBytes, long fetched, long added) {
            try {
                CALLER.invokeExact(function, a, panel, steps, c, rowBytes, fetched, added);
            } catch (Throwable e) {
                throw new IllegalStateException("a tile's code failed", e);
            }
        }
    }

    /** Returns the machine code, made on first use. */
    public Code code() {
        return CODE.computeIfAbsent(this, Tile::compile);
    }

    private Code compile() {
        return new Code(MachineCode.function(bytes()));
    }

    private byte[] bytes() {
        Register a = Register.RDI, panel = Register.RSI, steps = Register.RDX;
        Register fetched = Register.R9;
        Assembler code = new Assembler();
        begin(code, panel);
        if (result == Result.BF16_ADDED || result == Result.FP32_ADDED) fetch(code);
        int loop = code.here();
        code.load(LEFT, panel, 0);
        code.load(RIGHT, panel, VECTOR);
        code.prefetch(fetched, 0);
        code.prefetch(fetched, VECTOR);
        for (int row = 0; row < rows; row++) {
            code.broadcast(ROW, a, row * rowBytes);
            if (pairs) {
                code.multiplyAddPairs(2 * row, LEFT, ROW);
                code.multiplyAddPairs(2 * row + 1, RIGHT, ROW);
            } else {
                code.multiplyAdd(2 * row, LEFT, ROW);
                code.multiplyAdd(2 * row + 1, RIGHT, ROW);
            }
        }
        code.add(panel, 2 * VECTOR);
        code.add(fetched, 2 * VECTOR);
        code.add(a, stepBytes);
        code.countDown(steps, loop);
        int left = masked(code, 1, columns), right = masked(code, 2, columns - LANES);
        code.argument(ADDED);
        for (int row = 0; row < rows; row++) {
            if (result == Result.BF16_GATED) gate(code, 2 * row, 2 * row + 1);
            write(code, 0, 2 * row, left);
            if (columns > LANES && result != Result.BF16_GATED) write(code, 1, 2 * row + 1, right);
            code.add(C, ROW_BYTES);
            code.add(ADDED, ROW_BYTES);
        }
        code.end();
        return code.code();
    }

    private void begin(Assembler code, Register panel) {
        switch (start) {
            case ZERO -> {
                for (int sum = 0; sum < 2 * rows; sum++) code.clear(sum);
            }
            case PANEL -> {
                for (int row = 0; row < rows; row++) {
                    code.load(2 * row, panel, 0);
                    code.load(2 * row + 1, panel, VECTOR);
                }
                code.add(panel, 2 * VECTOR);
            }
        }
    }

    /** Asks for what the sums will be added to. */
    private void fetch(Assembler code) {
        code.argument(ADDED);
        for (int row = 0; row < rows; row++) {
            code.prefetch(ADDED, 0);
            code.add(ADDED, ROW_BYTES);
        }
    }

    /** Returns a mask for so many lanes. */
    private static int masked(Assembler code, int mask, int lanes) {
        if (lanes <= 0 || lanes >= LANES) return Assembler.ALL;
        code.mask(mask, (1 << lanes) - 1);
        return mask;
    }

    /** Computes {@code a = a b / (1 + exp(-a))}, with the registers that the product no longer needs. */
    private static void gate(Assembler code, int a, int b) {
        int exponent = ROW, power = LEFT;
        code.multiplyBy(-PowerOfTwo.LOG2E, exponent, a);
        PowerOfTwo.write(code, power, exponent, RIGHT);
        code.addConstant(1, power, power);
        code.multiply(b, a, b);
        code.divide(a, b, power);
    }

    private void write(Assembler code, int half, int sum, int mask) {
        switch (result) {
            case BF16, BF16_GATED -> writeHalf(code, half, sum, mask);
            case BF16_ADDED -> {
                code.loadHalf(LEFT, ADDED, half * VECTOR / 2, mask);
                code.add(sum, sum, LEFT);
                writeHalf(code, half, sum, mask);
            }
            case FP32 -> code.store(C, half * VECTOR, sum, mask);
            case FP32_ADDED -> {
                code.addFrom(sum, ADDED, half * VECTOR, mask);
                code.store(C, half * VECTOR, sum, mask);
            }
        }
    }

    private static void writeHalf(Assembler code, int half, int sum, int mask) {
        code.roundToBf16(ROW, sum);
        code.storeHalf(C, half * VECTOR / 2, ROW, mask);
    }
}
