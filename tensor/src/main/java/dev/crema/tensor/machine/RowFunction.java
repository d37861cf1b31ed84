package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What softmax does with a row of numbers, sixteen at a time.
 *
 * <p>Compiled from vectors of Java the exponential takes twice the instructions: the processor has one for the whole number
 * below another, one that multiplies by a power of two, and one that rounds to bf16.
 *
 * @param from the type of what is read
 * @param to the type of what is written, if anything
 */
public record RowFunction(Kind kind, Format from, Format to) {
    /** Numbers that are computed at a time. */
    public static final int LANES = 16;

    /** What is made of a number. */
    public enum Kind {
        /** {@code factor exp(scale (x - shift))}. */
        EXPONENTIAL,
        /** {@code factor x}. */
        MULTIPLE
    }

    /** A type of numbers, or none. */
    public enum Format {
        NOTHING,
        BF16,
        FP32;

        int bytes() {
            return switch (this) {
                case NOTHING -> 0;
                case BF16 -> 2;
                case FP32 -> 4;
            };
        }
    }

    private static final ConcurrentHashMap<RowFunction, Code> CODE = new ConcurrentHashMap<>();
    private static final int SHIFT = 0, SCALE = 1, FACTOR = 2; // where a function's numbers are
    private static final int ROW_SHIFT = 16, ROW_SCALE = 17, ROW_FACTOR = 18, SUM = 19, X = 20, POWER = 21, REST = 22;

    /** A function's machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(FunctionDescriptor.of(
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_FLOAT));

        /**
         * Computes a row.
         *
         * @param x address of the first number
         * @param y address of what becomes of it, which may be the same if the types are
         * @param vectors how many times {@link #LANES} numbers, at least 1
         * @return the sum of what is computed, before it is multiplied by {@code factor} and rounded
         */
        public float run(long x, long y, long vectors, float shift, float scale, float factor) {
            try {
                return (float) CALLER.invokeExact(function, x, y, vectors, shift, scale, factor);
            } catch (Throwable e) {
                throw new IllegalStateException("a row's code failed", e);
            }
        }
    }

    /** Returns the machine code, made on first use. */
    public Code code() {
        return CODE.computeIfAbsent(this, RowFunction::compile);
    }

    private Code compile() {
        return new Code(MachineCode.function(bytes()));
    }

    private byte[] bytes() {
        Register x = Register.RDI, y = Register.RSI, vectors = Register.RDX;
        Assembler code = new Assembler();
        code.spread(ROW_SHIFT, SHIFT);
        code.spread(ROW_SCALE, SCALE);
        code.multiplyBy(PowerOfTwo.LOG2E, ROW_SCALE, ROW_SCALE);
        code.spread(ROW_FACTOR, FACTOR);
        code.clear(SUM);
        int loop = code.here();
        if (from == Format.BF16) code.loadHalf(X, x, 0, Assembler.ALL);
        else code.load(X, x, 0);
        int value = switch (kind) {
            case EXPONENTIAL -> {
                code.subtract(X, X, ROW_SHIFT);
                code.multiply(X, X, ROW_SCALE);
                PowerOfTwo.write(code, POWER, X, REST);
                yield POWER;
            }
            case MULTIPLE -> X;
        };
        code.add(SUM, SUM, value);
        code.multiply(value, value, ROW_FACTOR);
        switch (to) {
            case NOTHING -> {}
            case BF16 -> {
                code.roundToBf16(value, value);
                code.storeHalf(y, 0, value, Assembler.ALL);
            }
            case FP32 -> code.store(y, 0, value, Assembler.ALL);
        }
        code.add(x, LANES * from.bytes());
        code.add(y, LANES * to.bytes());
        code.countDown(vectors, loop);
        // Lanes are added up in the same order whatever the row.
        for (int distance = LANES / 2; distance > 0; distance /= 2) {
            code.exchange(X, SUM, distance);
            code.add(distance > 1 ? SUM : 0, SUM, X);
        }
        code.end();
        return code.code();
    }
}
