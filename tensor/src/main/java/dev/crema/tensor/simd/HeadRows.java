package dev.crema.tensor.simd;

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
    private final int from;
    private final int count;
    private final int size;
    private final boolean wide;

    /**
     * How heads turn by the position of their token: cosines and sines {@code [B, T, r / 2]} fp32, which turn the first
     * {@code r} dimensions of a head, or not at all.
     */
    public sealed interface Turn {
        record None() implements Turn {}

        /** @param sign 1, or -1 for the opposite angle */
        record By(Rows cos, Rows sin, float sign) implements Turn {
            /** Returns the opposite. */
            By back() {
                return new By(cos, sin, -sign);
            }
        }
    }

    /** Moves all tokens of {@code batch} rows of {@code tokens}; heads have {@code size} dimensions. */
    public HeadRows(int batch, int tokens, int size, boolean wide) {
        this(batch, tokens, 0, tokens, size, wide);
    }

    private HeadRows(int batch, int tokens, int from, int count, int size, boolean wide) {
        this.batch = batch;
        this.tokens = tokens;
        this.from = from;
        this.count = count;
        this.size = size;
        this.wide = wide;
    }

    /** Returns the same for the tokens {@code [from, from + count)} of each row alone. */
    public HeadRows part(int from, int count) {
        return new HeadRows(batch, tokens, from, count, size, wide);
    }

    /**
     * Gathers heads {@code [B, T, (heads) size]} of wider rows into {@code [B, heads, count, size]}.
     *
     * @param side the projections' rows, {@code [B T, columns]}
     * @param first the column where the first head begins
     */
    public void gather(Rows side, int first, int heads, MemorySegment target, Turn turn, float scale) {
        // A kernel for each case: together they are more than one compilation takes in.
        switch (turn) {
            case Turn.None none ->
                each(heads, (token, i, h) -> {
                    copy(side.at(token, first + h * size), headAddress(target, i, h, heads), size, scale);
                });
            case Turn.By by ->
                each(heads, (token, i, h) -> {
                    turn(side.at(token, first + h * size), headAddress(target, i, h, heads), token, by, scale);
                });
        }
    }

    /** Moves a head of a token, by its number in the batch. */
    void move(long from, long to, long token, Turn.By turn) {
        turn(from, to, token, turn, 1);
    }

    /** Scatters {@code [B, heads, count, size]} back into some columns of the projections' rows. */
    public void scatter(MemorySegment source, Rows side, int first, int heads, Turn turn, float scale) {
        switch (turn) {
            case Turn.None none ->
                each(heads, (token, i, h) -> {
                    copy(headAddress(source, i, h, heads), side.at(token, first + h * size), size, scale);
                });
            case Turn.By by ->
                each(heads, (token, i, h) -> {
                    turn(headAddress(source, i, h, heads), side.at(token, first + h * size), token, by, scale);
                });
        }
    }

    /** What is done with head {@code h} of a token: its number in the batch, and among those that are moved. */
    private interface HeadKernel {
        void run(long token, long i, int h);
    }

    private void each(int heads, HeadKernel kernel) {
        Crew.run((long) batch * count, GRAIN, (part, i) -> {
            long token = token(i);
            for (int h = 0; h < heads; h++) kernel.run(token, i, h);
        });
    }

    /** Returns the number in the batch of the i-th token that is moved. */
    private long token(long i) {
        return i / count * tokens + from + i % count;
    }

    private long headAddress(MemorySegment segment, long i, int head, int heads) {
        return segment.address() + ((i / count * heads + head) * count + i % count) * size * (wide ? 4 : 2);
    }

    private void copy(long from, long to, int size, float scale) {
        int bytes = wide ? 4 : 2;
        if (size < N) {
            for (int i = 0; i < size; i++) {
                Lanes.storeScalar(wide, to + (long) i * bytes, Lanes.loadScalar(wide, from + (long) i * bytes) * scale);
            }
            return;
        }
        for (int i = 0; i < size; i = next(i, size)) {
            long at = (long) i * bytes;
            Lanes.store(wide, to + at, Lanes.load(wide, from + at).mul(scale));
        }
    }

    /** Returns where the next vector begins; the last one ends with the row and may overlap the one before. */
    private static int next(int i, int size) {
        return i + N == size ? size : Math.min(i + N, size - N);
    }

    private void turn(long from, long to, long token, Turn.By by, float scale) {
        int half = by.cos().columns(), bytes = wide ? 4 : 2;
        long offset = (long) half * bytes;
        if (2 * half < size) copy(from + 2 * offset, to + 2 * offset, size - 2 * half, scale);
        if (half < N) {
            turnScalar(from, to, token, by, scale);
            return;
        }
        for (int i = 0; i < half; i = next(i, half)) {
            long at = (long) i * bytes;
            FloatVector c = by.cos().load(token, i).mul(scale),
                    s = by.sin().load(token, i).mul(by.sign() * scale);
            FloatVector a = Lanes.load(wide, from + at), b = Lanes.load(wide, from + offset + at);
            Lanes.store(wide, to + at, a.mul(c).sub(b.mul(s)));
            Lanes.store(wide, to + offset + at, b.mul(c).add(a.mul(s)));
        }
    }

    private void turnScalar(long from, long to, long token, Turn.By by, float scale) {
        int half = by.cos().columns(), bytes = wide ? 4 : 2;
        long offset = (long) half * bytes;
        for (int i = 0; i < half; i++) {
            long at = (long) i * bytes;
            float c = by.cos().get(token, i) * scale, s = by.sin().get(token, i) * by.sign() * scale;
            float a = Lanes.loadScalar(wide, from + at), b = Lanes.loadScalar(wide, from + offset + at);
            Lanes.storeScalar(wide, to + at, a * c - b * s);
            Lanes.storeScalar(wide, to + offset + at, b * c + a * s);
        }
    }
}
