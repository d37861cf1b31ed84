package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** The two passes over memory that Muon makes besides its matrix products: the momentum, and the step of the weight. */
public final class MuonElements {
    /** Elements that one call takes: a method that is called often is compiled soon. */
    private static final long PIECE = 4096;

    private MuonElements() {}

    /**
     * Moves the momentum {@code m} towards the scaled gradient {@code g}, and writes Nesterov's look ahead
     * {@code g + β (m - g)}.
     *
     * @param gradient fp32 or bf16
     * @param momentum fp32
     * @param ahead fp32 or bf16
     */
    public static void momentum(
            MemorySegment gradient, float scale, float beta, MemorySegment momentum, MemorySegment ahead) {
        long count = momentum.byteSize() / 4, g = gradient.address(), m = momentum.address(), out = ahead.address();
        boolean wide = wide(gradient, count), wideAhead = wide(ahead, count);
        Crew.run((count + PIECE - 1) / PIECE, 4, (part, piece) -> {
            long begin = piece * PIECE, end = Math.min(count, begin + PIECE);
            momentum(g, wide, scale, beta, m, out, wideAhead, begin, end);
        });
    }

    private static boolean wide(MemorySegment numbers, long count) {
        return numbers.byteSize() == 4 * count;
    }

    private static void momentum(
            long g, boolean wide, float scale, float beta, long m, long out, boolean wideAhead, long from, long to) {
        long i = from;
        for (; i + N <= to; i += N) {
            FloatVector gi = Lanes.load(wide, g + i * (wide ? 4 : 2)).mul(scale);
            FloatVector mi = Lanes.load(true, m + i * 4);
            mi = mi.add(gi.sub(mi).mul(1 - beta));
            Lanes.store(true, m + i * 4, mi);
            Lanes.store(
                    wideAhead, out + i * (wideAhead ? 4 : 2), gi.add(mi.sub(gi).mul(beta)));
        }
        for (; i < to; i++) {
            float gi = Lanes.loadScalar(wide, g + i * (wide ? 4 : 2)) * scale;
            float mi = Lanes.loadScalar(true, m + i * 4);
            mi += (gi - mi) * (1 - beta);
            Lanes.storeScalar(true, m + i * 4, mi);
            Lanes.storeScalar(wideAhead, out + i * (wideAhead ? 4 : 2), gi + (mi - gi) * beta);
        }
    }

    /**
     * Writes {@code decay w - rate u} to the master, and rounds it into the model's copy.
     *
     * @param master fp32
     * @param update fp32 or bf16
     * @param copy bf16; the master itself if there is none
     */
    public static void step(MemorySegment master, MemorySegment update, float decay, float rate, MemorySegment copy) {
        long count = master.byteSize() / 4, w = master.address(), u = update.address(), c = copy.address();
        boolean wide = wide(update, count);
        Crew.run((count + PIECE - 1) / PIECE, 4, (part, piece) -> {
            long begin = piece * PIECE, end = Math.min(count, begin + PIECE);
            step(w, u, wide, decay, rate, c, begin, end);
        });
    }

    private static void step(long w, long u, boolean wide, float decay, float rate, long copy, long from, long to) {
        boolean separate = copy != w;
        long i = from;
        for (; i + N <= to; i += N) {
            FloatVector wi = Lanes.load(true, w + i * 4)
                    .mul(decay)
                    .sub(Lanes.load(wide, u + i * (wide ? 4 : 2)).mul(rate));
            Lanes.store(true, w + i * 4, wi);
            if (separate) Lanes.storeBf16(copy + i * 2, wi);
        }
        for (; i < to; i++) {
            float wi =
                    Lanes.loadScalar(true, w + i * 4) * decay - Lanes.loadScalar(wide, u + i * (wide ? 4 : 2)) * rate;
            Lanes.storeScalar(true, w + i * 4, wi);
            if (separate) Lanes.storeScalar(false, copy + i * 2, wi);
        }
    }
}
