package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Lays rows of 32 bits down as columns of a {@link Panels panel}, as many as a vector has lanes, in registers.
 *
 * <p>Rows are mixed with their neighbours, then with those two away, which transposes each square of four; then the squares
 * change places.
 */
public final class Transposition {
    /** Rows, and numbers of each, that are transposed at a time. */
    public static final int LANES = Vectors.LANES;

    private static final int VECTOR = Vectors.BYTES, TAKEN = LANES; // registers behind those of the rows
    private static final MethodHandle CALLER = MachineCode.caller(5);

    private Transposition() {}

    /**
     * Transposes rows.
     *
     * @param from address of the first row
     * @param rowBytes from a row to the next
     * @param to address of the column of the panel's step that the first row's first number goes to
     * @param blocks how many times {@link #LANES} numbers a row has, at least 1
     */
    public static void run(long from, long rowBytes, long to, long blocks) {
        try {
            CALLER.invokeExact(Holder.FUNCTION, from, to, blocks, rowBytes, VECTOR - LANES * rowBytes);
        } catch (Throwable e) {
            throw new IllegalStateException("the code of a transposition failed", e);
        }
    }

    private static final class Holder {
        static final MemorySegment FUNCTION = MachineCode.function(bytes());
    }

    private static byte[] bytes() {
        Register from = Register.RDI, to = Register.RSI, blocks = Register.RDX;
        Register rowBytes = Register.RCX, back = Register.R8;
        Assembler code = Assembler.create();
        int loop = code.here();
        for (int row = 0; row < LANES; row++) {
            code.load(row, from, 0);
            code.add(from, rowBytes);
        }
        code.add(from, back);
        // Register 4 s + j becomes: in each 128 bits q, number 4 q + j of the four rows from 4 s on.
        for (int square = 0; square < LANES; square += 4) {
            for (int row = 0; row < 4; row += 2) {
                code.mixLower(TAKEN + row, square + row, square + row + 1);
                code.mixUpper(TAKEN + row + 1, square + row, square + row + 1);
            }
            code.joinLower(square, TAKEN, TAKEN + 2);
            code.joinUpper(square + 1, TAKEN, TAKEN + 2);
            code.joinLower(square + 2, TAKEN + 1, TAKEN + 3);
            code.joinUpper(square + 3, TAKEN + 1, TAKEN + 3);
        }
        switch (code) {
            case Avx2 narrow -> writeSquares(narrow, to);
            case Avx512 wide -> writeSquares(wide, to);
        }
        code.add(to, LANES * Panels.STEP);
        code.countDown(blocks, loop);
        code.end();
        return code.code();
    }

    /** Writes the steps: to each belongs half a vector of two squares' registers. */
    private static void writeSquares(Avx2 code, Register to) {
        for (int j = 0; j < LANES; j++) {
            int half = j / 4;
            code.halves(TAKEN, j % 4, 4 + j % 4, half, half);
            code.store(to, j * Panels.STEP, TAKEN, Assembler.ALL);
        }
    }

    /** Writes the steps: to each belongs a quarter of four squares' registers. */
    private static void writeSquares(Avx512 code, Register to) {
        for (int j = 0; j < 4; j++) {
            int even = TAKEN + 4 * j, odd = even + 2;
            code.quarters(even, j, 4 + j, 0, 2, 0, 2);
            code.quarters(odd, j, 4 + j, 1, 3, 1, 3);
            code.quarters(even + 1, 8 + j, 12 + j, 0, 2, 0, 2);
            code.quarters(odd + 1, 8 + j, 12 + j, 1, 3, 1, 3);
        }
        for (int j = 0; j < 4; j++) {
            int even = TAKEN + 4 * j, odd = even + 2;
            store(code, to, j, even, 0, 2);
            store(code, to, 4 + j, odd, 0, 2);
            store(code, to, 8 + j, even, 1, 3);
            store(code, to, 12 + j, odd, 1, 3);
        }
    }

    /** Writes a step: of each half of the rows, the quarters that are the step's. */
    private static void store(Avx512 code, Register to, int step, int half, int lower, int upper) {
        code.quarters(0, half, half + 1, lower, upper, lower, upper);
        code.store(to, step * Panels.STEP, 0, Assembler.ALL);
    }
}
