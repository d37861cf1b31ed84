package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.N;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Moves heads between the layout of projections, where the heads of a token lie side by side, and that of batched matrix
 * products, where the tokens of a head lie one below the other; on the way it can rotate and scale them.
 */
public final class HeadRows {
    private static final long GRAIN = 16;

    private final int batch;
    private final int tokens;
    private final int size;
    private final boolean wide;

    /** How heads turn by the position of their token: cosines and sines {@code [B, T, size / 2]} fp32, or not at all. */
    public sealed interface Turn {
        record None() implements Turn {}

        /** @param sign 1, or -1 for the opposite angle */
        record By(Rows cos, Rows sin, float sign) implements Turn {}
    }

    public HeadRows(int batch, int tokens, int size, boolean wide) {
        this.batch = batch;
        this.tokens = tokens;
        this.size = size;
        this.wide = wide;
    }

    /**
     * Gathers heads {@code [B, T, (heads) size]} of wider rows into {@code [B, heads, T, size]}.
     *
     * @param side the projections' rows, {@code [B T, columns]}
     * @param first the column where the first head begins
     */
    public void gather(Rows side, int first, int heads, MemorySegment target, Turn turn, float scale) {
        Crew.run((long) batch * tokens, GRAIN, (from, to) -> {
            for (long token = from; token < to; token++) {
                for (int h = 0; h < heads; h++) {
                    move(side.at(token, first + h * size), headAddress(target, token, h, heads), token, turn, scale);
                }
            }
        });
    }

    /** Scatters {@code [B, heads, T, size]} back into some columns of the projections' rows. */
    public void scatter(MemorySegment source, Rows side, int first, int heads, Turn turn, float scale) {
        Crew.run((long) batch * tokens, GRAIN, (from, to) -> {
            for (long token = from; token < to; token++) {
                for (int h = 0; h < heads; h++) {
                    move(headAddress(source, token, h, heads), side.at(token, first + h * size), token, turn, scale);
                }
            }
        });
    }

    private long headAddress(MemorySegment segment, long token, int head, int heads) {
        long b = token / tokens, t = token % tokens;
        return segment.address() + ((b * heads + head) * tokens + t) * size * (wide ? 4 : 2);
    }

    private void move(long from, long to, long token, Turn turn, float scale) {
        int bytes = wide ? 4 : 2;
        if (turn instanceof Turn.By(Rows cos, Rows sin, float sign)) {
            turned(from, to, token, cos, sin, sign, scale);
            return;
        }
        int bound = F.loopBound(size);
        for (int i = 0; i < bound; i += N) {
            Lanes.store(
                    wide,
                    to + (long) i * bytes,
                    Lanes.load(wide, from + (long) i * bytes).mul(scale));
        }
        for (int i = bound; i < size; i++) {
            Lanes.storeScalar(wide, to + (long) i * bytes, Lanes.loadScalar(wide, from + (long) i * bytes) * scale);
        }
    }

    private void turned(long from, long to, long token, Rows cos, Rows sin, float sign, float scale) {
        int half = size / 2, bound = F.loopBound(half), bytes = wide ? 4 : 2;
        long offset = (long) half * bytes;
        for (int i = 0; i < bound; i += N) {
            long at = (long) i * bytes;
            FloatVector c = cos.load(token, i).mul(scale),
                    s = sin.load(token, i).mul(sign * scale);
            FloatVector a = Lanes.load(wide, from + at), b = Lanes.load(wide, from + offset + at);
            Lanes.store(wide, to + at, a.mul(c).sub(b.mul(s)));
            Lanes.store(wide, to + offset + at, b.mul(c).add(a.mul(s)));
        }
        for (int i = bound; i < half; i++) {
            long at = (long) i * bytes;
            float c = cos.get(token, i) * scale, s = sin.get(token, i) * sign * scale;
            float a = Lanes.loadScalar(wide, from + at), b = Lanes.loadScalar(wide, from + offset + at);
            Lanes.storeScalar(wide, to + at, a * c - b * s);
            Lanes.storeScalar(wide, to + offset + at, b * c + a * s);
        }
    }
}
