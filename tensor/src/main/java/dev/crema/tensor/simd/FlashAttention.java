package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.RowFunction;
import jdk.incubator.vector.FloatVector;

/**
 * Attention of whole rows without a matrix of all their scores (Dao et al., "FlashAttention", 2022; Dao, "FlashAttention-2",
 * 2023).
 *
 * <p>Each thread takes a head of keys and values and goes through the queries that look at it, a few at a time. Their scores
 * with a block of keys are computed, turned into weights and multiplied with the values before they leave the cache; what
 * was mixed is scaled down whenever a larger score comes. Of the weights {@code p = exp(s - l)} only {@code l} is kept, the
 * logarithm of each query's sum: the gradient computes them once more, and with {@code d = Σ g o}, the gradient of what was
 * mixed by what was mixed,
 *
 * <pre>{@code
 * dv = pᵀ g      ds = p (g vᵀ - d)      dq = ds k      dk = dsᵀ q
 * }</pre>
 *
 * <p>So memory grows with the tokens and not with their square, and blocks of keys that no query of a block may see, behind
 * it or in another document, are never touched. Heads are read from the joint projection where they lie, turned by the angle
 * of their token if they are to be, and written back so.
 */
public final class FlashAttention {
    /** Keys of a block, whose scores stay in the first cache. */
    static final int KEYS = 256;

    private final Problem problem;

    /**
     * What attends to what.
     *
     * @param projection {@code [B T, (H + 2 K) d]}: queries, keys and values of each token
     * @param turn of queries and keys
     * @param heads H
     * @param shared K
     * @param size d, a multiple of 32
     * @param first for each token, the first token of its row that it sees; it sees those from there to itself
     * @param scale of the products of queries and keys
     */
    public record Problem(
            Rows projection,
            HeadRows.Turn turn,
            int batch,
            int tokens,
            int heads,
            int shared,
            int size,
            int[] first,
            float scale) {
        public Problem {
            if (size % Panels.COLUMNS != 0) throw new IllegalArgumentException("heads of " + size + " numbers");
            if (first.length != batch * tokens) throw new IllegalArgumentException(first.length + " first tokens");
        }

        boolean wide() {
            return projection.wide();
        }

        /** Bytes of a number. */
        int bytes() {
            return wide() ? 4 : 2;
        }

        /** Numbers that make 32 bits. */
        int pair() {
            return wide() ? 1 : 2;
        }

        /** Query heads to a head of keys. */
        int group() {
            return heads / shared;
        }

        /** Returns the first key that any of some queries sees, rounded down to a panel. */
        int low(int row, int from, int count) {
            int low = from;
            for (int i = 0; i < count; i++) low = Math.min(low, first(row, from + i));
            return low / Panels.COLUMNS * Panels.COLUMNS;
        }

        int first(int row, int token) {
            return first[row * tokens + token];
        }
    }

    public FlashAttention(Problem problem) {
        this.problem = problem;
    }

    /** Tells whether heads of {@code size} numbers, in fp32 ({@code wide}) or bf16, can be computed here. */
    public static boolean fits(int size, boolean wide) {
        return size % Panels.COLUMNS == 0
                && N == RowFunction.LANES
                && CpuFeatures.current().tiles(wide);
    }

    /** Returns how much memory {@link #forward} computes in. */
    public long forwardBytes() {
        return parts(forwardUnits()) * new FlashForward(problem, 0).end();
    }

    /**
     * Computes what is mixed.
     *
     * @param out {@code [B T, H d]}
     * @param logarithms {@code [B, H, T]} in fp32, for the gradient
     * @param scratch address of {@link #forwardBytes}
     */
    public void forward(Rows out, long logarithms, long scratch) {
        int units = forwardUnits(), splits = splits(units), parts = parts(units);
        FlashForward[] workers = new FlashForward[parts];
        Crew.runParts((long) heads() * splits, parts, (part, task) -> {
            if (workers[part] == null) {
                long bytes = new FlashForward(problem, 0).end();
                workers[part] = new FlashForward(problem, scratch + part * bytes);
            }
            int head = (int) (task / splits), split = (int) (task % splits);
            workers[part].run(head, units * split / splits, units * (split + 1) / splits, out, logarithms);
        });
    }

    /** Returns how much memory {@link #backward} computes in. */
    public long backwardBytes() {
        int units = backwardUnits();
        FlashBackward one = new FlashBackward(problem, 0);
        return parts(units) * one.end() + partialBytes(units, one);
    }

    private long partialBytes(int units, FlashBackward one) {
        int splits = splits(units);
        return splits == 1 ? 0 : (long) heads() * splits * one.sumBytes();
    }

    /**
     * Computes the gradient of the projection.
     *
     * @param out what {@link #forward} computed
     * @param logarithms the same
     * @param gradient of it
     * @param result like the projection
     * @param scratch address of {@link #backwardBytes}
     */
    public void backward(Rows out, long logarithms, Rows gradient, Rows result, long scratch) {
        int units = backwardUnits(), splits = splits(units), parts = parts(units);
        FlashBackward one = new FlashBackward(problem, 0);
        long partials = scratch + parts * one.end();
        FlashBackward[] workers = new FlashBackward[parts];
        Crew.runParts((long) heads() * splits, parts, (part, task) -> {
            if (workers[part] == null) workers[part] = new FlashBackward(problem, scratch + part * one.end());
            FlashBackward worker = workers[part];
            int head = (int) (task / splits), split = (int) (task % splits);
            long sums = splits == 1 ? worker.sums() : partials + task * one.sumBytes();
            int from = units * split / splits, to = units * (split + 1) / splits;
            worker.run(head, from, to, out, logarithms, gradient, result, sums);
            if (splits == 1) worker.write(head, sums, result);
        });
        if (splits == 1) return;
        Crew.runParts(heads(), Math.min(parts, heads()), (part, head) -> {
            long sums = partials + head * splits * one.sumBytes();
            for (int split = 1; split < splits; split++) {
                add(sums, sums + split * one.sumBytes(), one.sumBytes());
            }
            workers[part].write((int) head, sums, result);
        });
    }

    private static void add(long to, long from, long bytes) {
        for (long at = 0; at < bytes; at += 4L * N) {
            FloatVector sum = Lanes.load(true, to + at).add(Lanes.load(true, from + at));
            Lanes.store(true, to + at, sum);
        }
    }

    /** Returns the heads of keys of all rows, of which each is a task. */
    private int heads() {
        return problem.batch() * problem.shared();
    }

    private int forwardUnits() {
        return problem.group() * Math.ceilDiv(problem.tokens(), FlashForward.QUERIES);
    }

    private int backwardUnits() {
        return problem.group() * Math.ceilDiv(problem.tokens(), FlashBackward.QUERIES);
    }

    /** Returns into how many tasks the queries of a head of keys are split, so that all threads have some. */
    private int splits(int units) {
        return Math.clamp(Math.ceilDiv(4L * Crew.threads(), heads()), 1, units);
    }

    private int parts(int units) {
        return Crew.parts((long) heads() * splits(units), 1);
    }
}
