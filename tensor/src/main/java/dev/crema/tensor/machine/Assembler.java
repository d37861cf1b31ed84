package dev.crema.tensor.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes x86-64 instructions: the few that a product needs, on vectors of 512 bits ("Intel 64 and IA-32 Architectures
 * Software Developer's Manual", volume 2).
 *
 * <p>A vector instruction has a prefix of four bytes, EVEX, which holds the upper bits of the registers' numbers, most of
 * them inverted, and says which table the operation code is of. Addresses are a register and a distance of 32 bits. Constants
 * stand behind the code, and are read from a distance to the instruction that follows.
 */
final class Assembler {
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

    /** The table of operation codes, and the prefix and width bit that an instruction is known by. */
    private enum Table {
        OF_FLOATS(1, 0, 0),
        OF_HALVES(1, 3, 1),
        OF_INTS(1, 1, 0),
        OF_DOUBLES(1, 1, 1),
        OF_66(2, 1, 0),
        OF_F3(2, 2, 0),
        WITH_BYTE(3, 1, 0);

        private final int map;
        private final int prefix;
        private final int wide;

        Table(int map, int prefix, int wide) {
            this.map = map;
            this.prefix = prefix;
            this.wide = wide;
        }
    }

    /** The mask that lets every lane through. */
    static final int ALL = 0;

    private static final int MOST_BYTES = 16 << 10;
    private static final int WIDE = 2, HALF = 1; // 512 and 256 bits
    private static final int EACH_LANE = 0x10; // gets the same 32 bits of memory
    private static final int ROUND_DOWN = 1;
    private static final int SHIFT_LEFT = 6; // stands where a register would

    private final ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final List<Use> uses = new ArrayList<>();

    /** A constant, and where its distance belongs. */
    private record Use(int at, float constant) {}

    /** Reads sixteen lanes of fp32. */
    void load(int vector, Register base, int distance) {
        memory(Table.OF_FLOATS, 0x10, WIDE, ALL, vector, 0, base, distance);
    }

    /** Writes the lanes of fp32 that a mask lets through. */
    void store(Register base, int distance, int vector, int mask) {
        memory(Table.OF_FLOATS, 0x11, WIDE, mask, vector, 0, base, distance);
    }

    /** Writes the sixteen lanes of a lower half that a mask lets through. */
    void storeHalf(Register base, int distance, int vector, int mask) {
        memory(Table.OF_HALVES, 0x7F, HALF, mask, vector, 0, base, distance);
    }

    /** Reads 32 bits into each lane. */
    void broadcast(int vector, Register base, int distance) {
        memory(Table.OF_66, 0x58, WIDE, ALL, vector, 0, base, distance);
    }

    /** Adds what is in memory, in fp32, to the lanes that a mask lets through. */
    void addFrom(int sum, Register base, int distance, int mask) {
        memory(Table.OF_FLOATS, 0x58, WIDE, mask, sum, sum, base, distance);
    }

    /** Copies the first lane of a vector, where a function's numbers are, to all. */
    void spread(int to, int from) {
        registers(Table.OF_66, 0x18, to, 0, from);
    }

    /** Exchanges the lanes of a vector with those at a distance of 8, 4, 2 or 1. */
    void exchange(int to, int from, int distance) {
        switch (distance) {
            case 8, 4 -> registers(Table.WITH_BYTE, 0x23, to, from, from); // whole quarters
            case 2, 1 -> registers(Table.WITH_BYTE, 0x04, to, 0, from); // inside each quarter
            default -> throw new IllegalArgumentException("no lanes are exchanged at a distance of " + distance);
        }
        bytes.put((byte) (distance == 8 || distance == 2 ? 0x4E : 0xB1));
    }

    /** Takes two quarters of {@code a} and then two of {@code b}. */
    void quarters(int to, int a, int b, int first, int second, int third, int fourth) {
        registers(Table.WITH_BYTE, 0x23, to, a, b);
        bytes.put((byte) (first | second << 2 | third << 4 | fourth << 6));
    }

    void subtract(int to, int a, int b) {
        registers(Table.OF_FLOATS, 0x5C, to, a, b);
    }

    /** Adds to each lane of {@code a} that of {@code b}, in fp32. */
    void add(int to, int a, int b) {
        registers(Table.OF_FLOATS, 0x58, to, a, b);
    }

    /** Reads the lanes of bf16 that a mask lets through, as fp32. */
    void loadHalf(int vector, Register base, int distance, int mask) {
        memory(Table.OF_66, 0x33, WIDE, mask, vector, 0, base, distance);
        shiftToUpper(vector);
    }

    /** Moves the lower half of each lane to where the upper one was. */
    private void shiftToUpper(int vector) {
        registers(Table.OF_INTS, 0x72, SHIFT_LEFT, vector, vector);
        bytes.put((byte) 16);
    }

    /** Gives each of the sixteen numbers of a lower half a lane, of which it takes the lower bits. */
    void widen(int to, int from) {
        registers(Table.OF_66, 0x33, to, 0, from);
    }

    /** Puts the lower bits of {@code lower} below those of {@code upper}, in the latter. */
    void pair(int upper, int lower) {
        shiftToUpper(upper);
        registers(Table.OF_INTS, 0xEB, upper, upper, lower);
    }

    /** Takes by turns, of the lower half of each quarter, a number of {@code a} and one of {@code b}. */
    void mixLower(int to, int a, int b) {
        registers(Table.OF_FLOATS, 0x14, to, a, b);
    }

    /** The same of the upper half. */
    void mixUpper(int to, int a, int b) {
        registers(Table.OF_FLOATS, 0x15, to, a, b);
    }

    /** Takes the lower half of each quarter of {@code a} and then that of {@code b}. */
    void joinLower(int to, int a, int b) {
        registers(Table.OF_DOUBLES, 0x14, to, a, b);
    }

    /** The same of the upper half. */
    void joinUpper(int to, int a, int b) {
        registers(Table.OF_DOUBLES, 0x15, to, a, b);
    }

    /** Pairs the lower half of each quarter of a vector of bf16 with that of one in memory. */
    void lowerPairs(int to, int a, Register base, int distance) {
        memory(Table.OF_INTS, 0x61, WIDE, ALL, to, a, base, distance);
    }

    /** Pairs the upper half of each quarter of a vector of bf16 with that of one in memory. */
    void upperPairs(int to, int a, Register base, int distance) {
        memory(Table.OF_INTS, 0x69, WIDE, ALL, to, a, base, distance);
    }

    /** Takes the larger of each lane of {@code a} and {@code b}. */
    void largest(int to, int a, int b) {
        registers(Table.OF_FLOATS, 0x5F, to, a, b);
    }

    /** Sets every lane to zero. */
    void clear(int vector) {
        registers(Table.OF_INTS, 0xEF, vector, vector, vector);
    }

    /** Adds to each lane of {@code sum} the product of those of {@code a} and {@code b}, in fp32. */
    void multiplyAdd(int sum, int a, int b) {
        registers(Table.OF_66, 0xB8, sum, a, b);
    }

    /** Adds to each lane of {@code sum}, in fp32, the products of two pairs of bf16. */
    void multiplyAddPairs(int sum, int a, int b) {
        registers(Table.OF_F3, 0x52, sum, a, b);
    }

    /** Rounds sixteen lanes of fp32 to bf16, into the lower half of a vector. */
    void roundToBf16(int to, int from) {
        registers(Table.OF_F3, 0x72, to, 0, from);
    }

    /** Multiplies each lane of {@code a} by a constant. */
    void multiplyBy(float constant, int to, int a) {
        constant(Table.OF_FLOATS, 0x59, to, a, constant);
    }

    void multiply(int to, int a, int b) {
        registers(Table.OF_FLOATS, 0x59, to, a, b);
    }

    void divide(int to, int a, int b) {
        registers(Table.OF_FLOATS, 0x5E, to, a, b);
    }

    /** Adds a constant to each lane of {@code a}. */
    void addConstant(float constant, int to, int a) {
        constant(Table.OF_FLOATS, 0x58, to, a, constant);
    }

    /** Takes a step of Horner's scheme: {@code p = p x + constant}. */
    void horner(int p, int x, float constant) {
        constant(Table.OF_66, 0xA8, p, x, constant);
    }

    /** Takes from each lane the whole number that is not above it. */
    void fraction(int to, int from) {
        registers(Table.WITH_BYTE, 0x56, to, 0, from);
        bytes.put((byte) ROUND_DOWN);
    }

    /** Multiplies each lane of {@code a} by two to the power of the whole number that is not above that of {@code b}. */
    void scale(int to, int a, int b) {
        registers(Table.OF_66, 0x2C, to, a, b);
    }

    /** Lets the lanes through whose bits are set; overwrites the register of a function's result. */
    void mask(int mask, int lanes) {
        bytes.put((byte) 0xB8).putInt(lanes);
        bytes.put((byte) 0xC5).put((byte) 0xFB).put((byte) 0x92).put((byte) (0xC0 | mask << 3));
    }

    /** Asks for a line of the second cache. */
    void prefetch(Register base, int distance) {
        if (base.number > 7) bytes.put((byte) 0x41);
        bytes.put((byte) 0x0F).put((byte) 0x18);
        address(2, base, distance);
    }

    /** Reads the first of a function's arguments that found no register. */
    void argument(Register to) {
        bytes.put((byte) (0x48 | base(to) << 2))
                .put((byte) 0x8B)
                .put((byte) (0x44 | (to.number & 7) << 3))
                .put((byte) 0x24)
                .put((byte) 8);
    }

    void add(Register to, int number) {
        bytes.put((byte) (0x48 | base(to)))
                .put((byte) 0x81)
                .put((byte) (0xC0 | to.number & 7))
                .putInt(number);
    }

    void add(Register to, Register from) {
        bytes.put((byte) (0x48 | base(from) << 2 | base(to))).put((byte) 0x01).put((byte)
                (0xC0 | (from.number & 7) << 3 | to.number & 7));
    }

    /** Returns where the next instruction stands. */
    int here() {
        return bytes.position();
    }

    /** Takes one off, and goes back to a place unless nothing is left. */
    void countDown(Register counter, int place) {
        bytes.put((byte) (0x48 | base(counter))).put((byte) 0xFF).put((byte) (0xC8 | counter.number & 7));
        bytes.put((byte) 0x0F).put((byte) 0x85).putInt(place - (here() + 4));
    }

    /** Returns to the caller, the vectors' upper halves cleared as compiled code expects them. */
    void end() {
        bytes.put((byte) 0xC5).put((byte) 0xF8).put((byte) 0x77).put((byte) 0xC3);
    }

    byte[] code() {
        for (Use use : uses) {
            bytes.putInt(use.at, here() - (use.at + 4)).putFloat(use.constant);
        }
        uses.clear();
        byte[] code = new byte[bytes.position()];
        bytes.get(0, code);
        return code;
    }

    private void memory(
            Table table, int operation, int width, int mask, int vector, int other, Register base, int distance) {
        prefix(table, width << 5 | mask, vector, other, false, base(base) == 1);
        bytes.put((byte) operation);
        address(vector & 7, base, distance);
    }

    private void registers(Table table, int operation, int to, int a, int b) {
        prefix(table, WIDE << 5, to, a, (b & 16) != 0, (b & 8) != 0);
        bytes.put((byte) operation).put((byte) (0xC0 | (to & 7) << 3 | b & 7));
    }

    private void constant(Table table, int operation, int to, int a, float constant) {
        prefix(table, WIDE << 5 | EACH_LANE, to, a, false, false);
        bytes.put((byte) operation).put((byte) (0x05 | (to & 7) << 3));
        uses.add(new Use(here(), constant));
        bytes.putInt(0);
    }

    private void prefix(Table table, int form, int to, int a, boolean upperIndex, boolean upperBase) {
        int first = table.map
                | ((to & 16) == 0 ? 0x10 : 0)
                | (upperBase ? 0 : 0x20)
                | (upperIndex ? 0 : 0x40)
                | ((to & 8) == 0 ? 0x80 : 0);
        int second = table.wide << 7 | (~a & 15) << 3 | 0x04 | table.prefix;
        int third = form | ((a & 16) == 0 ? 0x08 : 0);
        bytes.put((byte) 0x62).put((byte) first).put((byte) second).put((byte) third);
    }

    private void address(int field, Register base, int distance) {
        bytes.put((byte) (0x80 | field << 3 | base.number & 7)).putInt(distance);
    }

    private static int base(Register register) {
        return register.number >> 3;
    }
}
