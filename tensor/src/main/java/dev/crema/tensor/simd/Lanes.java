package dev.crema.tensor.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loads and stores of float vectors over native memory, in fp32 or in bf16.
 *
 * <p>bf16 is the upper half of fp32: loading shifts it up, storing rounds the lower half to nearest, ties to even.
 * Addresses are absolute; who calls has checked them.
 *
 * <p>Methods on vectors are short, no more than 35 bytes of code, which are always compiled into their callers. A longer one
 * is only if it has been called often by then; else its vectors are boxed at each call, in some runs and not in others.
 */
final class Lanes {
    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    static final VectorSpecies<Short> S =
            VectorSpecies.of(short.class, jdk.incubator.vector.VectorShape.forBitSize(F.vectorBitSize() / 2));
    static final int N = F.length();
    private static final VectorShuffle<Float> HALF = VectorShuffle.iota(F, N / 2, 1, true);
    private static final VectorShuffle<Float> QUARTER = VectorShuffle.iota(F, N / 4, 1, true);
    private static final VectorShuffle<Float> EIGHTH = VectorShuffle.iota(F, N / 8, 1, true);
    private static final VectorShuffle<Float> SIXTEENTH = VectorShuffle.iota(F, N / 16, 1, true);
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private Lanes() {}

    static FloatVector load(boolean wide, long address) {
        return wide ? FloatVector.fromMemorySegment(F, MEMORY, address, ORDER) : loadBf16(address);
    }

    static FloatVector loadBf16(long address) {
        return widened(ShortVector.fromMemorySegment(S, MEMORY, address, ORDER));
    }

    private static FloatVector widened(ShortVector half) {
        IntVector bits = (IntVector) half.convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    static void store(boolean wide, long address, FloatVector value) {
        if (wide) value.intoMemorySegment(MEMORY, address, ORDER);
        else storeBf16(address, value);
    }

    static void storeBf16(long address, FloatVector value) {
        narrowed(rounded(value.reinterpretAsInts())).intoMemorySegment(MEMORY, address, ORDER);
    }

    private static IntVector rounded(IntVector bits) {
        IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        return bits.add(odd).add(0x7FFF).lanewise(VectorOperators.LSHR, 16);
    }

    private static ShortVector narrowed(IntVector bits) {
        return (ShortVector) bits.convertShape(VectorOperators.I2S, S, 0);
    }

    /** Writes numbers from the heap side by side, scaled. */
    static void write(boolean wide, long address, float[] values, int from, int to, float scale) {
        int bound = from + F.loopBound(to - from);
        if (wide) {
            for (int i = from; i < bound; i += N) {
                store(
                        true,
                        address + 4L * (i - from),
                        FloatVector.fromArray(F, values, i).mul(scale));
            }
        } else {
            for (int i = from; i < bound; i += N) {
                storeBf16(
                        address + 2L * (i - from),
                        FloatVector.fromArray(F, values, i).mul(scale));
            }
        }
        for (int i = bound; i < to; i++) storeScalar(wide, address + (i - from) * (wide ? 4L : 2L), values[i] * scale);
    }

    /**
     * Adds up the lanes, always in the same order. The library's own reduction leaves the order open: interpreted and
     * compiled code may round differently, and a resumed run would not be the run it resumes.
     */
    static float sum(FloatVector v) {
        return ofEighths(eighths(folded(folded(v, HALF), QUARTER)));
    }

    private static FloatVector eighths(FloatVector v) {
        return N > 4 ? folded(v, EIGHTH) : v;
    }

    private static float ofEighths(FloatVector v) {
        return (N > 8 ? folded(v, SIXTEENTH) : v).lane(0);
    }

    private static FloatVector folded(FloatVector v, VectorShuffle<Float> shuffle) {
        return v.add(v.rearrange(shuffle));
    }

    static float loadScalar(boolean wide, long address) {
        return wide ? MEMORY.get(FLOAT, address) : Float.intBitsToFloat(MEMORY.get(SHORT, address) << 16);
    }

    static void storeScalar(boolean wide, long address, float value) {
        if (wide) {
            MEMORY.set(FLOAT, address, value);
        } else {
            int bits = Float.floatToRawIntBits(value);
            MEMORY.set(SHORT, address, (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16));
        }
    }
}
