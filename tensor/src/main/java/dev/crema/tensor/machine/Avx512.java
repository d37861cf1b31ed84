package dev.crema.tensor.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Instructions on vectors of 512 bits.
 *
 * <p>One has a prefix of four bytes, EVEX, which holds the upper bits of the registers' numbers, most of them inverted, and
 * says which table the operation code is of.
 */
final class Avx512 extends Assembler {
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

    private static final int WIDE = 2, HALF = 1; // 512 and 256 bits
    private static final int EACH_LANE = 0x10; // gets the same 32 bits of memory
    private static final int ROUND_DOWN = 1;
    private static final int SHIFT_LEFT = 6; // stands where a register would

    @Override
    void load(int vector, Register base, int distance) {
        memory(Table.OF_FLOATS, 0x10, WIDE, ALL, vector, 0, base, distance);
    }

    @Override
    void load(Part part, int vector, Register base, int distance) {
        whole(part);
        load(vector, base, distance);
    }

    /** Pairs are multiplied as they are. */
    private static void whole(Part part) {
        if (part != Part.WHOLE) throw new IllegalArgumentException("pairs of bf16 are not taken apart");
    }

    @Override
    void store(Register base, int distance, int vector, int mask) {
        memory(Table.OF_FLOATS, 0x11, WIDE, mask, vector, 0, base, distance);
    }

    @Override
    void loadHalf(int vector, Register base, int distance, int mask) {
        memory(Table.OF_66, 0x33, WIDE, mask, vector, 0, base, distance);
        shiftToUpper(vector);
    }

    @Override
    void storeHalf(Register base, int distance, int vector, int mask) {
        memory(Table.OF_HALVES, 0x7F, HALF, mask, vector, 0, base, distance);
    }

    @Override
    void broadcast(Part part, int vector, Register base, int distance) {
        whole(part);
        memory(Table.OF_66, 0x58, WIDE, ALL, vector, 0, base, distance);
    }

    @Override
    void addFrom(int sum, Register base, int distance, int mask) {
        memory(Table.OF_FLOATS, 0x58, WIDE, mask, sum, sum, base, distance);
    }

    @Override
    void spread(int to, int from) {
        registers(Table.OF_66, 0x18, to, 0, from);
    }

    @Override
    void exchange(int to, int from, int distance) {
        switch (distance) {
            case 8, 4 -> registers(Table.WITH_BYTE, 0x23, to, from, from); // whole quarters
            case 2, 1 -> registers(Table.WITH_BYTE, 0x04, to, 0, from); // inside each quarter
            default -> throw new IllegalArgumentException("no lanes are exchanged at a distance of " + distance);
        }
        put(distance == 8 || distance == 2 ? 0x4E : 0xB1);
    }

    @Override
    List<Part> parts(boolean pairs) {
        return List.of(Part.WHOLE);
    }

    @Override
    void multiplyAdd(boolean pairs, int sum, int a, int b) {
        if (pairs) registers(Table.OF_F3, 0x52, sum, a, b);
        else registers(Table.OF_66, 0xB8, sum, a, b);
    }

    @Override
    void floats(int operation, int to, int a, int b) {
        registers(Table.OF_FLOATS, operation, to, a, b);
    }

    @Override
    void floats(int operation, int to, int a, float constant) {
        constant(Table.OF_FLOATS, operation, to, a, constant);
    }

    @Override
    void clear(int vector) {
        registers(Table.OF_INTS, 0xEF, vector, vector, vector);
    }

    @Override
    void widen(int to, int from) {
        registers(Table.OF_66, 0x33, to, 0, from);
    }

    @Override
    void pair(int upper, int lower) {
        shiftToUpper(upper);
        registers(Table.OF_INTS, 0xEB, upper, upper, lower);
    }

    /** Moves the lower half of each lane to where the upper one was. */
    private void shiftToUpper(int vector) {
        registers(Table.OF_INTS, 0x72, SHIFT_LEFT, vector, vector);
        put(16);
    }

    @Override
    void roundToBf16(int to, int from) {
        registers(Table.OF_F3, 0x72, to, 0, from);
    }

    @Override
    void joinLower(int to, int a, int b) {
        registers(Table.OF_DOUBLES, 0x14, to, a, b);
    }

    @Override
    void joinUpper(int to, int a, int b) {
        registers(Table.OF_DOUBLES, 0x15, to, a, b);
    }

    /** Takes two quarters of {@code a} and then two of {@code b}. */
    void quarters(int to, int a, int b, int first, int second, int third, int fourth) {
        registers(Table.WITH_BYTE, 0x23, to, a, b);
        put(first | second << 2 | third << 4 | fourth << 6);
    }

    /** Pairs the lower half of each quarter of a vector of bf16 with that of one in memory. */
    void lowerPairs(int to, int a, Register base, int distance) {
        memory(Table.OF_INTS, 0x61, WIDE, ALL, to, a, base, distance);
    }

    /** Pairs the upper half of each quarter of a vector of bf16 with that of one in memory. */
    void upperPairs(int to, int a, Register base, int distance) {
        memory(Table.OF_INTS, 0x69, WIDE, ALL, to, a, base, distance);
    }

    @Override
    void horner(int p, int x, float constant) {
        constant(Table.OF_66, 0xA8, p, x, constant);
    }

    @Override
    void fraction(int to, int from) {
        registers(Table.WITH_BYTE, 0x56, to, 0, from);
        put(ROUND_DOWN);
    }

    @Override
    void scale(int to, int a, int b) {
        registers(Table.OF_66, 0x2C, to, a, b);
    }

    @Override
    void mask(int mask, int lanes) {
        put(0xB8);
        putInt((1 << lanes) - 1);
        put(0xC5, 0xFB, 0x92, 0xC0 | mask << 3);
    }

    private void memory(
            Table table, int operation, int width, int mask, int vector, int other, Register base, int distance) {
        prefix(table, width << 5 | mask, vector, other, false, upper(base) == 1);
        put(operation);
        address(vector & 7, base, distance);
    }

    private void registers(Table table, int operation, int to, int a, int b) {
        prefix(table, WIDE << 5, to, a, (b & 16) != 0, (b & 8) != 0);
        put(operation, 0xC0 | (to & 7) << 3 | b & 7);
    }

    private void constant(Table table, int operation, int to, int a, float constant) {
        prefix(table, WIDE << 5 | EACH_LANE, to, a, false, false);
        put(operation);
        byte[] bytes = ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(constant)
                .array();
        constant(to & 7, bytes);
    }

    private void prefix(Table table, int form, int to, int a, boolean upperIndex, boolean upperBase) {
        int first = table.map
                | ((to & 16) == 0 ? 0x10 : 0)
                | (upperBase ? 0 : 0x20)
                | (upperIndex ? 0 : 0x40)
                | ((to & 8) == 0 ? 0x80 : 0);
        int second = table.wide << 7 | (~a & 15) << 3 | 0x04 | table.prefix;
        int third = form | ((a & 16) == 0 ? 0x08 : 0);
        put(0x62, first, second, third);
    }
}
