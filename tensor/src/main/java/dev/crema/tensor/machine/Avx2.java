package dev.crema.tensor.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Instructions on vectors of 256 bits.
 *
 * <p>One has a prefix of two or three bytes, VEX, which holds the upper bits of the registers' numbers, inverted. What
 * {@link Avx512} has an instruction for takes several here, and the last register: products of bf16 are those of fp32, of the
 * lower and of the upper halves of pairs; rounding is whole numbers' arithmetic; a power of two is put together from its
 * exponent. Constants stand behind the code as often as there are lanes.
 */
final class Avx2 extends Assembler {
    /** The table of operation codes, and the prefix that an instruction is known by. */
    private enum Table {
        OF_FLOATS(1, 0),
        OF_INTS(1, 1),
        OF_66(2, 1),
        WITH_BYTE(3, 1);

        private final int map;
        private final int prefix;

        Table(int map, int prefix) {
            this.map = map;
            this.prefix = prefix;
        }
    }

    private static final int LANES = 8, HALF_BYTES = 2;
    private static final int OWN = 15; // no one else's
    private static final int WIDE = 4, HALF = 0; // 256 and 128 bits
    private static final int ROUND_DOWN = 1;
    private static final int SHIFT_RIGHT = 2, SHIFT_LEFT = 6; // stand where a register would
    private static final int UPPER_HALF = 0xFFFF0000; // kept in the last register while pairs are taken apart
    private static final int EXPONENT_BITS = 23, BIAS = 127;

    private final int[] masks = new int[8]; // how many lanes each lets through

    @Override
    void load(int vector, Register base, int distance) {
        memory(Table.OF_FLOATS, 0x10, WIDE, vector, 0, base, distance);
    }

    @Override
    List<Part> parts(boolean pairs) {
        if (!pairs) return List.of(Part.WHOLE);
        constant(Table.OF_FLOATS, 0x10, OWN, 0, UPPER_HALF);
        return List.of(Part.LOWER, Part.UPPER);
    }

    @Override
    void load(Part part, int vector, Register base, int distance) {
        switch (part) {
            case WHOLE -> load(vector, base, distance);
            case LOWER -> {
                load(vector, base, distance);
                shift(SHIFT_LEFT, vector, vector, 16);
            }
            case UPPER -> memory(Table.OF_INTS, 0xDB, WIDE, vector, OWN, base, distance);
        }
    }

    @Override
    void broadcast(Part part, int vector, Register base, int distance) {
        memory(Table.OF_66, 0x18, WIDE, vector, 0, base, distance);
        switch (part) {
            case WHOLE -> {}
            case LOWER -> shift(SHIFT_LEFT, vector, vector, 16);
            case UPPER -> registers(Table.OF_INTS, 0xDB, vector, vector, OWN);
        }
    }

    @Override
    void store(Register base, int distance, int vector, int mask) {
        if (mask == ALL) {
            memory(Table.OF_FLOATS, 0x11, WIDE, vector, 0, base, distance);
        } else {
            loadMask(mask);
            memory(Table.OF_66, 0x2E, WIDE, vector, OWN, base, distance);
        }
    }

    @Override
    void addFrom(int sum, Register base, int distance, int mask) {
        if (mask == ALL) {
            memory(Table.OF_FLOATS, 0x58, WIDE, sum, sum, base, distance);
        } else {
            loadMask(mask);
            memory(Table.OF_66, 0x2C, WIDE, OWN, OWN, base, distance);
            add(sum, sum, OWN);
        }
    }

    private void loadMask(int mask) {
        constant(Table.OF_FLOATS, 0x10, OWN, 0, lane -> lane < masks[mask] ? -1 : 0);
    }

    @Override
    void mask(int mask, int lanes) {
        masks[mask] = lanes;
    }

    @Override
    void loadHalf(int vector, Register base, int distance, int mask) {
        if (mask == ALL) {
            memory(Table.OF_66, 0x33, WIDE, vector, 0, base, distance);
        } else {
            clear(vector);
            for (int lane = 0; lane < masks[mask]; lane++) {
                memory(Table.OF_INTS, 0xC4, HALF, vector, vector, base, distance + lane * HALF_BYTES);
                put(lane);
            }
            widen(vector, vector);
        }
        shift(SHIFT_LEFT, vector, vector, 16);
    }

    @Override
    void storeHalf(Register base, int distance, int vector, int mask) {
        if (mask == ALL) {
            memory(Table.OF_FLOATS, 0x11, HALF, vector, 0, base, distance);
        } else {
            for (int lane = 0; lane < masks[mask]; lane++) {
                memory(Table.WITH_BYTE, 0x15, HALF, vector, 0, base, distance + lane * HALF_BYTES);
                put(lane);
            }
        }
    }

    @Override
    void spread(int to, int from) {
        registers(Table.OF_66, 0x18, to, 0, from);
    }

    @Override
    void exchange(int to, int from, int distance) {
        switch (distance) {
            case 4 -> halves(to, from, from, 1, 0);
            case 2 -> permute(to, from, 0x4E);
            case 1 -> permute(to, from, 0xB1);
            default -> throw new IllegalArgumentException("no lanes are exchanged at a distance of " + distance);
        }
    }

    private void permute(int to, int from, int order) {
        registers(Table.WITH_BYTE, 0x04, to, 0, from);
        put(order);
    }

    /** Takes a half of {@code a} and then one of {@code b}. */
    void halves(int to, int a, int b, int first, int second) {
        registers(Table.WITH_BYTE, 0x06, to, a, b);
        put(first | 2 + second << 4);
    }

    @Override
    void multiplyAdd(boolean pairs, int sum, int a, int b) {
        registers(Table.OF_66, 0xB8, sum, a, b);
    }

    @Override
    void floats(int operation, int to, int a, int b) {
        registers(Table.OF_FLOATS, operation, to, a, b);
    }

    @Override
    void floats(int operation, int to, int a, float constant) {
        constant(Table.OF_FLOATS, operation, to, a, Float.floatToRawIntBits(constant));
    }

    @Override
    void clear(int vector) {
        registers(Table.OF_FLOATS, 0x57, vector, vector, vector);
    }

    @Override
    void widen(int to, int from) {
        registers(Table.OF_66, 0x33, to, 0, from);
    }

    @Override
    void pair(int upper, int lower) {
        shift(SHIFT_LEFT, upper, upper, 16);
        registers(Table.OF_INTS, 0xEB, upper, upper, lower);
    }

    /** To nearest, ties to even: what is added carries into the upper half if the lower is more than half of its range. */
    @Override
    void roundToBf16(int to, int from) {
        shift(SHIFT_RIGHT, OWN, from, 16);
        constant(Table.OF_INTS, 0xDB, OWN, OWN, 1);
        constant(Table.OF_INTS, 0xFE, OWN, OWN, 0x7FFF);
        registers(Table.OF_INTS, 0xFE, to, from, OWN);
        shift(SHIFT_RIGHT, to, to, 16);
        registers(Table.OF_66, 0x2B, to, to, to); // each half's numbers, twice
        quarters(to, to);
    }

    /** Brings the first and the third quarter together. */
    private void quarters(int to, int from) {
        prefix(Table.WITH_BYTE, WIDE, true, to, 0, from >> 3);
        put(0x00, 0xC0 | (to & 7) << 3 | from & 7, 0xD8);
    }

    @Override
    void joinLower(int to, int a, int b) {
        registers(Table.OF_INTS, 0x14, to, a, b);
    }

    @Override
    void joinUpper(int to, int a, int b) {
        registers(Table.OF_INTS, 0x15, to, a, b);
    }

    @Override
    void horner(int p, int x, float constant) {
        constant(Table.OF_66, 0xA8, p, x, Float.floatToRawIntBits(constant));
    }

    /** An exponent is bounded by those of numbers; the bound stands first, since of what is no number the second is taken. */
    @Override
    void fraction(int to, int from) {
        constant(Table.OF_FLOATS, 0x10, OWN, 0, Float.floatToRawIntBits(-BIAS));
        registers(Table.OF_FLOATS, 0x5F, from, OWN, from);
        constant(Table.OF_FLOATS, 0x10, OWN, 0, Float.floatToRawIntBits(BIAS + 1));
        registers(Table.OF_FLOATS, 0x5D, from, OWN, from);
        roundDown(OWN, from);
        subtract(to, from, OWN);
    }

    /** Of an exponent that {@link #fraction} has bounded. */
    @Override
    void scale(int to, int a, int b) {
        roundDown(OWN, b);
        registers(Table.OF_INTS, 0x5B, OWN, 0, OWN); // to whole numbers
        constant(Table.OF_INTS, 0xFE, OWN, OWN, BIAS);
        shift(SHIFT_LEFT, OWN, OWN, EXPONENT_BITS);
        multiply(to, a, OWN);
    }

    private void roundDown(int to, int from) {
        registers(Table.WITH_BYTE, 0x08, to, 0, from);
        put(ROUND_DOWN);
    }

    private void shift(int direction, int to, int from, int bits) {
        registers(Table.OF_INTS, 0x72, direction, to, from);
        put(bits);
    }

    private void memory(Table table, int operation, int width, int vector, int other, Register base, int distance) {
        prefix(table, width, false, vector, other, upper(base));
        put(operation);
        address(vector & 7, base, distance);
    }

    private void registers(Table table, int operation, int to, int a, int b) {
        prefix(table, WIDE, false, to, a, b >> 3);
        put(operation, 0xC0 | (to & 7) << 3 | b & 7);
    }

    private void constant(Table table, int operation, int to, int a, int bits) {
        constant(table, operation, to, a, lane -> bits);
    }

    private void constant(Table table, int operation, int to, int a, IntUnaryOperator bits) {
        prefix(table, WIDE, false, to, a, 0);
        put(operation);
        ByteBuffer constant = ByteBuffer.allocate(4 * LANES).order(ByteOrder.LITTLE_ENDIAN);
        for (int lane = 0; lane < LANES; lane++) constant.putInt(bits.applyAsInt(lane));
        constant(to & 7, constant.array());
    }

    /** Writes the short prefix where it says enough. */
    private void prefix(Table table, int width, boolean doubles, int to, int a, int upperBase) {
        int upper = to < 8 ? 0x80 : 0, rest = (~a & 15) << 3 | width | table.prefix;
        if (table.map == 1 && upperBase == 0 && !doubles) {
            put(0xC5, upper | rest);
        } else {
            put(0xC4, upper | 0x40 | (upperBase == 0 ? 0x20 : 0) | table.map, (doubles ? 0x80 : 0) | rest);
        }
    }
}
