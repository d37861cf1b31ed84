package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Part;
import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The innermost piece of a matrix product: a few rows of {@code a} times the columns of a panel, their sums in registers.
 *
 * <p>A step reads two vectors of columns, and multiplies them with 32 bits of each row: one number in fp32, two in bf16.
 * With thirteen rows that is 26 instructions of arithmetic for 15 that read, so that the processor does little else than
 * arithmetic; sums and operands take 29 of its 32 registers. Vectors of 256 bits have sixteen, enough for six rows, and no
 * products of pairs: a step takes first the lower halves and then the upper as fp32. Distances between rows are written into
 * the code.
 *
 * @param rows from 1 to {@link #MOST_ROWS}
 * @param columns from 1 to {@link Panels#COLUMNS}: those that are written
 * @param rowBytes from a row of {@code a} to the next
 * @param stepBytes from what a step reads of a row to what the next reads
 * @param pairs whether a step multiplies pairs of bf16, else fp32
 * @param right how the right side lies, and what the sums begin with
 * @param result what is written
 */
public record Tile(int rows, int columns, int rowBytes, int stepBytes, boolean pairs, Right right, Result result) {
    public static final int MOST_ROWS = switch (Vectors.CURRENT) {
        case AVX2 -> 6;
        case AVX512 -> 13;
    };

    /** How a right side lies. */
    public sealed interface Right {
        /** A {@link Panels panel}, from what its sums begin with. */
        record Panel() implements Right {}

        /** Steps of a panel; sums begin with zero. */
        record Steps() implements Right {}

        /**
         * A matrix whose rows go along the sum, a panel's number of its columns; sums begin with zero. Two
         * rows of bf16 are brought together in registers.
         *
         * @param rowBytes from a row to the next
         */
        record Rows(int rowBytes) implements Right {}
    }

    /** What becomes of the sums. */
    public enum Result {
        BF16,
        /** {@code silu(a) b} in bf16, where a are the columns of the first vector and b those of the other. */
        BF16_GATED,
        /** What they are added to, in bf16, and they: rounded once. */
        BF16_ADDED,
        FP32,
        /** The same as {@link #BF16_GATED}, in fp32. */
        FP32_GATED,
        /** What they are added to, in fp32, and they. */
        FP32_ADDED;

        private boolean gated() {
            return this == BF16_GATED || this == FP32_GATED;
        }
    }

    private static final ConcurrentHashMap<Tile, Code> CODE = new ConcurrentHashMap<>();
    private static final int VECTOR = Vectors.BYTES, LANES = Vectors.LANES, LINE = 64;
    private static final int LEFT = Vectors.REGISTERS - 3, RIGHT = LEFT + 1, ROW = RIGHT + 1;
    private static final Register C = Register.RCX, ROW_BYTES = Register.R8, ADDED = Register.RAX;

    /** A tile's machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(7);

        /**
         * Computes a tile.
         *
         * @param a address of the first row
         * @param panel address of what {@link Tile#right} says
         * @param steps at least 1
         * @param c address of the first row that is written
         * @param rowBytes from a row of {@code c} to the next
         * @param fetched address of what will soon be read, lying as the right side does; it need not be valid
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
        Assembler code = Assembler.create();
        begin(code, panel);
        if (result == Result.BF16_ADDED || result == Result.FP32_ADDED) fetch(code);
        List<Part> parts = code.parts(pairs);
        int loop = code.here();
        for (Part part : parts) {
            readColumns(code, part, panel);
            if (part == parts.getLast()) advance(code, panel, fetched);
            for (int row = 0; row < rows; row++) {
                code.broadcast(part, ROW, a, row * rowBytes);
                code.multiplyAdd(pairs, 2 * row, LEFT, ROW);
                if (vectors() == 2) code.multiplyAdd(pairs, 2 * row + 1, RIGHT, ROW);
            }
        }
        code.add(a, stepBytes);
        code.countDown(steps, loop);
        int left = masked(code, 1, columns), right = masked(code, 2, columns - LANES);
        code.argument(ADDED);
        for (int row = 0; row < rows; row++) {
            if (pairs && this.right instanceof Right.Rows && code instanceof Avx512 wide) {
                order(wide, 2 * row, 2 * row + 1);
            }
            if (result.gated()) gate(code, 2 * row, 2 * row + 1);
            write(code, 0, 2 * row, left);
            if (columns > LANES && !result.gated()) write(code, 1, 2 * row + 1, right);
            code.add(C, ROW_BYTES);
            code.add(ADDED, ROW_BYTES);
        }
        code.end();
        return code.code();
    }

    /** Returns how many vectors a row's sums take. */
    private int vectors() {
        return columns > LANES || result.gated() ? 2 : 1;
    }

    /** Reads a part of a step's columns. */
    private void readColumns(Assembler code, Part part, Register panel) {
        if (pairs && right instanceof Right.Rows(int bytes)) {
            readRows(code, part, panel, bytes);
            return;
        }
        code.load(part, LEFT, panel, 0);
        if (vectors() == 2) code.load(part, RIGHT, panel, VECTOR);
    }

    /** Reads one of two rows of bf16, or pairs them. */
    private static void readRows(Assembler code, Part part, Register panel, int bytes) {
        switch (code) {
            case Avx2 narrow -> {
                int row = part == Part.LOWER ? 0 : bytes;
                narrow.loadHalf(LEFT, panel, row, Assembler.ALL);
                narrow.loadHalf(RIGHT, panel, row + VECTOR / 2, Assembler.ALL);
            }
            case Avx512 wide -> {
                wide.load(LEFT, panel, 0);
                wide.upperPairs(RIGHT, LEFT, panel, bytes);
                wide.lowerPairs(LEFT, LEFT, panel, bytes);
            }
        }
    }

    /** Goes on to the next step, and asks for a later one. */
    private void advance(Assembler code, Register panel, Register fetched) {
        int rows = 1, bytes = 2 * VECTOR, apart = bytes;
        if (right instanceof Right.Rows(int rowBytes)) {
            rows = pairs ? 2 : 1;
            bytes /= rows;
            apart = rowBytes;
        }
        for (int row = 0; row < rows; row++) {
            for (int at = 0; at < bytes; at += LINE) code.prefetch(fetched, row * apart + at);
        }
        code.add(panel, rows * apart);
        code.add(fetched, rows * apart);
    }

    /** Brings columns into their order, after the one vector got the lower, the other the upper half of each eight. */
    private static void order(Avx512 code, int lower, int upper) {
        code.quarters(LEFT, lower, upper, 0, 1, 0, 1);
        code.quarters(RIGHT, lower, upper, 2, 3, 2, 3);
        code.quarters(lower, LEFT, LEFT, 0, 2, 1, 3);
        code.quarters(upper, RIGHT, RIGHT, 0, 2, 1, 3);
    }

    private void begin(Assembler code, Register panel) {
        switch (right) {
            case Right.Steps steps -> clear(code);
            case Right.Rows matrix -> clear(code);
            case Right.Panel whole -> {
                for (int row = 0; row < rows; row++) {
                    code.load(2 * row, panel, 0);
                    code.load(2 * row + 1, panel, VECTOR);
                }
                code.add(panel, 2 * VECTOR);
            }
        }
    }

    private void clear(Assembler code) {
        for (int sum = 0; sum < 2 * rows; sum++) code.clear(sum);
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
        code.mask(mask, lanes);
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
            case FP32, FP32_GATED -> code.store(C, half * VECTOR, sum, mask);
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
