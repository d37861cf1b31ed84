package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies short rows that lie far apart, as those of a head do: what no pattern of the processor's foresees is asked for ahead.
 *
 * @param bytes of a row, whole vectors
 */
public record RowCopy(int bytes) {
    private static final ConcurrentHashMap<RowCopy, Code> CODE = new ConcurrentHashMap<>();
    private static final int VECTOR = Vectors.BYTES, LINE = 64, AHEAD = 12;

    public RowCopy {
        if (bytes < VECTOR || bytes % VECTOR != 0) throw new IllegalArgumentException("rows of " + bytes + " bytes");
    }

    /** The machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(6);

        /**
         * Copies rows.
         *
         * @param rows at least 1
         */
        public void run(long from, long fromRowBytes, long to, long toRowBytes, long rows) {
            try {
                CALLER.invokeExact(function, from, to, rows, fromRowBytes, toRowBytes, from + AHEAD * fromRowBytes);
            } catch (Throwable e) {
                throw new IllegalStateException("the code of a copy failed", e);
            }
        }
    }

    /** Returns the machine code, made on first use. */
    public Code code() {
        return CODE.computeIfAbsent(this, RowCopy::compile);
    }

    private Code compile() {
        return new Code(MachineCode.function(assembled()));
    }

    private byte[] assembled() {
        Register from = Register.RDI, to = Register.RSI, rows = Register.RDX;
        Register fromRowBytes = Register.RCX, toRowBytes = Register.R8, ahead = Register.R9;
        Assembler code = Assembler.create();
        int loop = code.here();
        for (int at = 0; at < bytes; at += VECTOR) {
            code.load(0, from, at);
            if (at % LINE == 0) code.prefetch(ahead, at);
            code.store(to, at, 0, Assembler.ALL);
        }
        code.add(from, fromRowBytes);
        code.add(to, toRowBytes);
        code.add(ahead, fromRowBytes);
        code.countDown(rows, loop);
        code.end();
        return code.code();
    }
}
