package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Lays rows of 32 bits down as columns of a {@link Panels panel}, sixteen by sixteen in registers.
 *
 * <p>Rows are mixed with their neighbours, then with those two away, which transposes each square of four; the squares change
 * places by quarters of a vector.
 */
public final class Transposition {
    /** Rows, and numbers of each, that are transposed at a time. */
    public static final int LANES = 16;

    private static final int VECTOR = 64, TAKEN = LANES; // the second half of the registers
    private static final MethodHandle CALLER = MachineCode.caller(5);

    private Transposition() {}

    /**
     * Transposes sixteen rows.
     *
     * @param from address of the first row
     * @param rowBytes from a row to the next
     * @param to address of the column of the panel's step that the first row's first number goes to
     * @param blocks how many times sixteen numbers a row has, at least 1
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
        Assembler code = new Assembler();
        int loop = code.here();
        for (int row = 0; row < LANES; row++) {
            code.load(row, from, 0);
            code.add(from, rowBytes);
        }
        code.add(from, back);
        for (int row = 0; row < LANES; row += 2) {
            code.mixLower(TAKEN + row, row, row + 1);
            code.mixUpper(TAKEN + row + 1, row, row + 1);
        }
        // Register 4 s + j: in each quarter q, number 4 q + j of the four rows from 4 s on.
        for (int square = 0; square < LANES; square += 4) {
            int first = TAKEN + square, second = first + 2;
            code.joinLower(square, first, second);
            code.joinUpper(square + 1, first, second);
            code.joinLower(square + 2, first + 1, second + 1);
            code.joinUpper(square + 3, first + 1, second + 1);
        }
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
        code.add(to, LANES * Panels.STEP);
        code.countDown(blocks, loop);
        code.end();
        return code.code();
    }

    /** Writes a step: of each half of the rows, the quarters that are the step's. */
    private static void store(Assembler code, Register to, int step, int half, int lower, int upper) {
        code.quarters(0, half, half + 1, lower, upper, lower, upper);
        code.store(to, step * Panels.STEP, 0, Assembler.ALL);
    }
}
