package dev.crema.tensor.machine;

import dev.crema.tensor.machine.Assembler.Register;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What softmax and activations do with a row of numbers, a vector at a time.
 *
 * <p>Compiled from vectors of Java the exponential takes twice the instructions that AVX-512 needs: one for the whole number
 * below another, one that multiplies by a power of two, and one that rounds to bf16.
 *
 * @param from the type of what is read
 * @param to the type of what is written, if anything
 */
public record RowFunction(Kind kind, Format from, Format to) {
    /** Numbers that are computed at a time. */
    public static final int LANES = Vectors.LANES;

    /** What is made of a number. */
    public enum Kind {
        /** {@code factor exp(scale (x - shift))}. */
        EXPONENTIAL,
        /** {@code factor x}. */
        MULTIPLE,
        /** {@code x s}, {@code s = 1 / (1 + exp(-2 u))}, {@code u = sqrt(2 / π) (x + 0.044715 x³)}: GELU by tanh. */
        GELU,
        /** Its derivative by the gradient: {@code g s (1 + 2 (1 - s) x u')}. */
        GELU_GRADIENT,
        /** Both: the former is written, the latter takes the gradient's place. */
        GELU_AND_GRADIENT
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
    private static final int SUM = 3, X = 4, POWER = 5, REST = 6, EXPONENT = 7, GRADIENT = 8, ONE = 9;
    private static final float GELU_A = 1.5957691216f, GELU_B = 0.044715f; // 2 sqrt(2 / π), and the cube's part

    /** A function's machine code. */
    public record Code(MemorySegment function) {
        private static final MethodHandle CALLER = MachineCode.caller(FunctionDescriptor.of(
                ValueLayout.JAVA_FLOAT,
                ValueLayout.JAVA_LONG,
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
            return run(x, x, y, vectors, shift, scale, factor);
        }

        /**
         * Computes a row of a kind that has no parameters.
         *
         * @param g address of the first number's gradient, of the type of the numbers, if the kind has one
         */
        public void run(long x, long g, long y, long vectors) {
            run(x, g, y, vectors, 0, 1, 1);
        }

        private float run(long x, long g, long y, long vectors, float shift, float scale, float factor) {
            try {
                return (float) CALLER.invokeExact(function, x, y, vectors, g, shift, scale, factor);
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
        Register x = Register.RDI, y = Register.RSI, vectors = Register.RDX, g = Register.RCX;
        Assembler code = Assembler.create();
        code.spread(SHIFT, SHIFT);
        code.spread(SCALE, SCALE);
        code.multiplyBy(PowerOfTwo.LOG2E, SCALE, SCALE);
        code.spread(FACTOR, FACTOR);
        code.clear(SUM);
        code.clear(ONE);
        code.addConstant(1, ONE, ONE);
        int loop = code.here();
        read(code, X, x);
        int value = switch (kind) {
            case EXPONENTIAL -> {
                code.subtract(X, X, SHIFT);
                code.multiply(X, X, SCALE);
                PowerOfTwo.write(code, POWER, X, REST);
                yield POWER;
            }
            case MULTIPLE -> X;
            case GELU -> {
                addOneToExponential(code);
                code.divide(POWER, ONE, POWER);
                code.multiply(X, X, POWER);
                yield X;
            }
            case GELU_GRADIENT -> {
                addOneToExponential(code);
                read(code, GRADIENT, g);
                differentiate(code);
                yield GRADIENT;
            }
            case GELU_AND_GRADIENT -> {
                addOneToExponential(code);
                read(code, GRADIENT, g);
                differentiate(code);
                write(code, from, GRADIENT, g);
                code.multiply(X, X, POWER);
                yield X;
            }
        };
        code.add(SUM, SUM, value);
        code.multiply(value, value, FACTOR);
        write(code, to, value, y);
        code.add(x, LANES * from.bytes());
        code.add(y, LANES * to.bytes());
        code.add(g, LANES * from.bytes());
        code.countDown(vectors, loop);
        // Lanes are added up in the same order whatever the row.
        for (int distance = LANES / 2; distance > 0; distance /= 2) {
            code.exchange(X, SUM, distance);
            code.add(distance > 1 ? SUM : 0, SUM, X);
        }
        code.end();
        return code.code();
    }

    private void read(Assembler code, int vector, Register address) {
        if (from == Format.BF16) code.loadHalf(vector, address, 0, Assembler.ALL);
        else code.load(vector, address, 0);
    }

    private static void write(Assembler code, Format format, int vector, Register address) {
        switch (format) {
            case NOTHING -> {}
            case BF16 -> {
                code.roundToBf16(vector, vector);
                code.storeHalf(address, 0, vector, Assembler.ALL);
            }
            case FP32 -> code.store(address, 0, vector, Assembler.ALL);
        }
    }

    /** Computes {@code 1 + exp(-2 u)}, which is {@code 1 / s}. */
    private static void addOneToExponential(Assembler code) {
        polynomial(code, EXPONENT, GELU_B, -GELU_A * PowerOfTwo.LOG2E);
        PowerOfTwo.write(code, POWER, EXPONENT, REST);
        code.add(POWER, POWER, ONE);
    }

    /** Multiplies the gradient by the derivative, given {@code 1 / s}, which becomes {@code s}. */
    private static void differentiate(Assembler code) {
        int s = POWER, slope = EXPONENT, rest = REST;
        code.divide(s, ONE, POWER);
        polynomial(code, slope, 3 * GELU_B, GELU_A); // 2 x u'
        code.subtract(rest, ONE, s);
        code.multiply(rest, rest, slope);
        code.add(rest, rest, ONE);
        code.multiply(rest, rest, s);
        code.multiply(GRADIENT, GRADIENT, rest);
    }

    /** Computes {@code a x (1 + b x²)}. */
    private static void polynomial(Assembler code, int to, float b, float a) {
        code.multiplyBy(b, to, X);
        code.horner(to, X, 1);
        code.multiply(to, to, X);
        code.multiplyBy(a, to, to);
    }
}
