package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.machine.Panels;
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

    /** Bytes up to which more tasks than threads may compute, each in its own memory, so that none waits for another. */
    private static final long ROOM = 256 << 20;

    private final Problem problem;
    private final FlashTiles tiles;

    /**
     * What attends to what.
     *
     * @param projection {@code [B T, (H + 2 K) d]}: queries, keys and values of each token
     * @param turn of queries and keys
     * @param heads H
     * @param shared K
     * @param size d, a multiple of a panel's columns
     * @param seen what each token sees
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
            SeenKeys seen,
            float scale) {
        public Problem {
            if (size % Panels.COLUMNS != 0) throw new IllegalArgumentException("heads of " + size + " numbers");
            if (seen.first().length != batch * tokens) throw new IllegalArgumentException("not the tokens of all rows");
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

        /** Returns which keys some queries of a row see. */
        SeenKeys.Stretch seen(int row, int from, int count) {
            return seen.of(row * tokens, from, count);
        }
    }

    public FlashAttention(Problem problem) {
        this.problem = problem;
        this.tiles = new FlashTiles(problem);
    }

    /** Tells whether heads of {@code size} numbers, in fp32 ({@code wide}) or bf16, can be computed here. */
    public static boolean fits(int size, boolean wide) {
        return size % Panels.COLUMNS == 0 && CpuFeatures.current().tiles(wide);
    }

    /** Returns how much memory {@link #forward} computes in. */
    public long forwardBytes() {
        FlashForward one = forward(0);
        return split(FlashForward.QUERIES, one.end(), 0).parts() * one.end();
    }

    private FlashForward forward(long scratch) {
        return new FlashForward(problem, tiles, scratch);
    }

    /**
     * Computes what is mixed.
     *
     * @param out {@code [B T, H d]}
     * @param logarithms {@code [B, H, T]} in fp32, for the gradient
     * @param scratch address of {@link #forwardBytes}
     */
    public void forward(Rows out, long logarithms, long scratch) {
        long bytes = forward(0).end();
        Split split = split(FlashForward.QUERIES, bytes, 0);
        FlashForward[] workers = new FlashForward[split.parts()];
        Crew.runParts(split.tasks(), split.parts(), (part, task) -> {
            if (workers[part] == null) workers[part] = forward(scratch + part * bytes);
            workers[part].run(split.head(task), split.from(task), split.to(task), out, logarithms);
        });
    }

    /** Returns how much memory {@link #backward} computes in. */
    public long backwardBytes() {
        FlashBackward one = backward(0);
        Split split = split(FlashBackward.QUERIES, one.end(), one.sumBytes());
        return split.parts() * one.end() + (split.each() == 1 ? 0 : split.tasks() * one.sumBytes());
    }

    private FlashBackward backward(long scratch) {
        return new FlashBackward(problem, tiles, scratch);
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
        FlashBackward one = backward(0);
        long bytes = one.end(), sumBytes = one.sumBytes();
        Split split = split(FlashBackward.QUERIES, bytes, sumBytes);
        boolean whole = split.each() == 1;
        long partials = scratch + split.parts() * bytes;
        FlashBackward[] workers = new FlashBackward[split.parts()];
        Crew.runParts(split.tasks(), split.parts(), (part, task) -> {
            if (workers[part] == null) workers[part] = backward(scratch + part * bytes);
            FlashBackward worker = workers[part];
            int head = split.head(task);
            long sums = whole ? worker.sums() : partials + task * sumBytes;
            worker.run(head, split.from(task), split.to(task), out, logarithms, gradient, result, sums);
            if (whole) worker.write(head, sums, result);
        });
        if (whole) return;
        Crew.runParts(heads(), Math.min(split.parts(), heads()), (part, head) -> {
            long sums = partials + head * split.each() * sumBytes;
            for (int i = 1; i < split.each(); i++) add(sums, sums + i * sumBytes, sumBytes);
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

    /**
     * How the queries that look at each head of keys are split into tasks, and these among parts.
     *
     * @param each tasks of a head
     * @param units blocks of queries of all heads that share one of keys, a head's after the other's
     * @param parts that may compute at the same time
     */
    private record Split(int heads, int each, int units, int parts) {
        long tasks() {
            return (long) heads * each;
        }

        int head(long task) {
            return (int) (task / each);
        }

        int from(long task) {
            return (int) ((long) units * (task % each) / each);
        }

        int to(long task) {
            return (int) ((long) units * (task % each + 1) / each);
        }
    }

    /**
     * @param queries of a block
     * @param bytes in which a part computes
     * @param sumBytes that a task keeps if a head has several
     */
    private Split split(int queries, long bytes, long sumBytes) {
        int units = problem.group() * Math.ceilDiv(problem.tokens(), queries), threads = Crew.threads();
        int parts = Math.clamp(ROOM / bytes, threads, 4 * threads);
        int wanted = Math.ceilDiv((bytes + sumBytes) * 4 * threads > ROOM ? threads : 4 * threads, heads());
        int each = Math.clamp(wanted, 1, units);
        return new Split(heads(), each, units, Math.min(parts, heads() * each));
    }
}
