package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Asks for memory that will soon be read, so that it is on its way while something else is computed.
 *
 * <p>A processor sees by itself what is read in order; it does not see from where a kernel goes on when it has done with a
 * stretch of some kilobytes. Where no machine code can run, nothing is asked for.
 */
public final class Prefetch {
    private static final int LINE = 64;
    private static final @Nullable MethodHandle FUNCTION = MachineCode.possible() ? compile() : null;

    private Prefetch() {}

    /**
     * Asks for the beginnings of some rows.
     *
     * @param address of the first row; it need not be valid
     * @param rowBytes from a row to the next
     * @param rows at least 1
     * @param bytes of each row, at least 1
     */
    public static void rows(long address, long rowBytes, long rows, long bytes) {
        if (FUNCTION == null) return;
        long offset = address & LINE - 1;
        try {
            FUNCTION.invokeExact(address - offset, rowBytes, rows, Math.ceilDiv(offset + bytes, LINE));
        } catch (Throwable e) {
            throw new IllegalStateException("asking for memory failed", e);
        }
    }

    private static MethodHandle compile() {
        Register row = Register.RDI, rowBytes = Register.RSI, rows = Register.RDX, lines = Register.RCX;
        Register line = Register.R8, left = Register.R9;
        Assembler code = new Assembler();
        int outer = code.here();
        code.move(line, row);
        code.move(left, lines);
        int inner = code.here();
        code.prefetch(line, 0);
        code.add(line, LINE);
        code.countDown(left, inner);
        code.add(row, rowBytes);
        code.countDown(rows, outer);
        code.end();
        var l = ValueLayout.JAVA_LONG;
        return MachineCode.function(code.code(), FunctionDescriptor.ofVoid(l, l, l, l));
    }
}
