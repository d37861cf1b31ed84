package dev.crema.tensor.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes x86-64 instructions: the few that a product needs ("Intel 64 and IA-32 Architectures Software Developer's
 * Manual", volume 2). Those on vectors differ with how wide these are.
 *
 * <p>Addresses are a register and a distance of 32 bits. Constants stand behind the code, and are read from a distance to the
 * instruction that follows.
 */
abstract sealed class Assembler permits Avx2, Avx512 {
    /** General registers, in the order in which a C function takes its arguments. */
    enum Register {
        RDI(7),
        RSI(6),
        RDX(2),
        RCX(1),
        R8(8),
        R9(9),
        /** Holds no argument, but the result; {@link #mask} overwrites it. */
        RAX(0);

        private final int number;

        Register(int number) {
            this.number = number;
        }
    }

    /** What is taken of 32 bits. */
    enum Part {
        /** All: a number in fp32, or a pair in bf16. */
        WHOLE,
        /** The first of a pair, as fp32. */
        LOWER,
        /** The second of a pair, as fp32. */
        UPPER
    }

    /** The mask that lets every lane through. */
    static final int ALL = 0;

    private static final int MOST_BYTES = 16 << 10;

    private final ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final List<Use> uses = new ArrayList<>();

    /** A constant, and where its distance belongs. */
    private record Use(int at, byte[] constant) {}

    /** Returns one for the vectors that are computed with here. */
    static Assembler create() {
        return switch (Vectors.CURRENT) {
            case AVX2 -> new Avx2();
            case AVX512 -> new Avx512();
        };
    }

    /** Reads a vector of fp32. */
    abstract void load(int vector, Register base, int distance);

    /** Reads a part of each lane. */
    abstract void load(Part part, int vector, Register base, int distance);

    /** Writes the lanes of fp32 that a mask lets through. */
    abstract void store(Register base, int distance, int vector, int mask);

    /** Reads the lanes of bf16 that a mask lets through, as fp32. */
    abstract void loadHalf(int vector, Register base, int distance, int mask);

    /** Writes the lanes of a lower half that a mask lets through. */
    abstract void storeHalf(Register base, int distance, int vector, int mask);

    /** Reads a part of 32 bits into each lane. */
    abstract void broadcast(Part part, int vector, Register base, int distance);

    /** Adds what is in memory, in fp32, to the lanes that a mask lets through. */
    abstract void addFrom(int sum, Register base, int distance, int mask);

    /** Copies the first lane of a vector, where a function's numbers are, to all. */
    abstract void spread(int to, int from);

    /** Exchanges the lanes of a vector with those at a distance of a power of two. */
    abstract void exchange(int to, int from, int distance);

    /**
     * Returns of what parts a product of 32 bits is the sum. Until all are multiplied, nothing may follow but what reads
     * parts or whole vectors, and {@link #multiplyAdd}.
     */
    abstract List<Part> parts(boolean pairs);

    /** Adds to each lane of {@code sum}, in fp32, the product of those of {@code a} and {@code b}: numbers, or pairs of bf16. */
    abstract void multiplyAdd(boolean pairs, int sum, int a, int b);

    final void subtract(int to, int a, int b) {
        floats(0x5C, to, a, b);
    }

    /** Adds to each lane of {@code a} that of {@code b}, in fp32. */
    final void add(int to, int a, int b) {
        floats(0x58, to, a, b);
    }

    /** Takes the larger of each lane of {@code a} and {@code b}. */
    final void largest(int to, int a, int b) {
        floats(0x5F, to, a, b);
    }

    final void multiply(int to, int a, int b) {
        floats(0x59, to, a, b);
    }

    final void divide(int to, int a, int b) {
        floats(0x5E, to, a, b);
    }

    /** Sets every lane to zero. */
    abstract void clear(int vector);

    /** Gives each of the numbers of a lower half a lane, of which it takes the lower bits. */
    abstract void widen(int to, int from);

    /** Puts the lower bits of {@code lower} below those of {@code upper}, in the latter. */
    abstract void pair(int upper, int lower);

    /** Rounds a vector of fp32 to bf16, into its lower half. */
    abstract void roundToBf16(int to, int from);

    /** Takes by turns, of the lower half of each 128 bits, a number of {@code a} and one of {@code b}. */
    final void mixLower(int to, int a, int b) {
        floats(0x14, to, a, b);
    }

    /** The same of the upper half. */
    final void mixUpper(int to, int a, int b) {
        floats(0x15, to, a, b);
    }

    /** Takes the lower half of each 128 bits of {@code a} and then that of {@code b}. */
    abstract void joinLower(int to, int a, int b);

    /** The same of the upper half. */
    abstract void joinUpper(int to, int a, int b);

    /** Multiplies each lane of {@code a} by a constant. */
    final void multiplyBy(float constant, int to, int a) {
        floats(0x59, to, a, constant);
    }

    /** Adds a constant to each lane of {@code a}. */
    final void addConstant(float constant, int to, int a) {
        floats(0x58, to, a, constant);
    }

    /** Takes a step of Horner's scheme: {@code p = p x + constant}. */
    abstract void horner(int p, int x, float constant);

    /** Takes from each lane the whole number that is not above it; the lane is brought to where {@link #scale} works. */
    abstract void fraction(int to, int from);

    /** Multiplies each lane of {@code a} by two to the power of the whole number that is not above that of {@code b}. */
    abstract void scale(int to, int a, int b);

    /** Lets the first lanes through; overwrites the register of a function's result. */
    abstract void mask(int mask, int lanes);

    /** Writes an instruction on vectors of fp32, whose operation code is the same however wide they are. */
    abstract void floats(int operation, int to, int a, int b);

    /** The same with a constant in each lane. */
    abstract void floats(int operation, int to, int a, float constant);

    /** Asks for a line of the second cache. */
    final void prefetch(Register base, int distance) {
        if (base.number > 7) put(0x41);
        put(0x0F, 0x18);
        address(2, base, distance);
    }

    /** Reads the first of a function's arguments that found no register. */
    final void argument(Register to) {
        put(0x48 | upper(to) << 2, 0x8B, 0x44 | (to.number & 7) << 3, 0x24, 8);
    }

    final void add(Register to, int number) {
        put(0x48 | upper(to), 0x81, 0xC0 | to.number & 7);
        bytes.putInt(number);
    }

    final void add(Register to, Register from) {
        put(0x48 | upper(from) << 2 | upper(to), 0x01, 0xC0 | (from.number & 7) << 3 | to.number & 7);
    }

    /** Returns where the next instruction stands. */
    final int here() {
        return bytes.position();
    }

    /** Takes one off, and goes back to a place unless nothing is left. */
    final void countDown(Register counter, int place) {
        put(0x48 | upper(counter), 0xFF, 0xC8 | counter.number & 7, 0x0F, 0x85);
        bytes.putInt(place - (here() + 4));
    }

    /** Returns to the caller, the vectors' upper halves cleared as compiled code expects them. */
    final void end() {
        put(0xC5, 0xF8, 0x77, 0xC3);
    }

    final byte[] code() {
        for (Use use : uses) {
            bytes.putInt(use.at, here() - (use.at + 4)).put(use.constant);
        }
        uses.clear();
        byte[] code = new byte[bytes.position()];
        bytes.get(0, code);
        return code;
    }

    final void put(int... values) {
        for (int value : values) bytes.put((byte) value);
    }

    final void putInt(int value) {
        bytes.putInt(value);
    }

    /** Writes an operand in memory, and a field of three bits beside it. */
    final void address(int field, Register base, int distance) {
        put(0x80 | field << 3 | base.number & 7);
        bytes.putInt(distance);
    }

    /** Writes an operand that stands behind the code, and a field of three bits beside it. */
    final void constant(int field, byte[] constant) {
        put(0x05 | field << 3);
        uses.add(new Use(here(), constant));
        bytes.putInt(0);
    }

    /** Returns the bit of a register's number that stands in a prefix. */
    static int upper(Register register) {
        return register.number >> 3;
    }
}
