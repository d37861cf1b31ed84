package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.MEMORY;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.ColumnWeights;
import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.RowFunction;
import dev.crema.tensor.machine.RowFunction.Format;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.machine.Tile.Right;
import java.util.function.IntFunction;
import jdk.incubator.vector.FloatVector;

/**
 * {@link LatentDecode} over some of the tokens, on one thread.
 *
 * <p>Latents are taken block by block, and both products of a block follow each other while it lies in the second cache, so
 * that each latent comes from memory once (Dao et al., "FlashAttention", 2022). Scores are computed transposed,
 * {@code c qᵀ}, so that latents are read as they lie in the cache; the heads then lie side by side for the softmax. In the
 * second product the latents are the right side, again as they lie. Weights are not divided by their sum, which is known at
 * the end.
 */
final class LatentPart {
    /** Tokens of a block: an even number of tiles of scores. */
    private static final int BLOCK = 20 * Tile.MOST_ROWS;

    private static final int LANES = ColumnWeights.LANES, VECTOR_BYTES = 4 * LANES;
    private static final long NOTHING = 0; // added to a tile's sums
    private static final RowFunction.Code MULTIPLE =
            new RowFunction(RowFunction.Kind.MULTIPLE, Format.FP32, Format.FP32).code();

    private final Problem problem;
    private final Tiles scoring;
    private final Tiles mixing;
    private final Tiles adding; // to what was mixed before
    private final ColumnWeights.Code weighing;
    private final Panels queries;
    private final long scores;
    private final Panels weights; // of a panel of heads: their columns
    private final long last; // a token that has no other in its pair, and zeros
    private final long states; // of ColumnWeights
    private final long mixed; // [H, R] in fp32

    /**
     * What is computed.
     *
     * @param queries {@code [H, R + r]}
     * @param latents {@code [S, R + r]}
     * @param rank R, whole panels of columns
     */
    record Problem(Rows queries, Rows latents, float scale, int rank) {
        Problem {
            if (rank % Panels.COLUMNS != 0) throw new IllegalArgumentException("latents of " + rank + " numbers");
        }

        boolean pairs() {
            return !queries.wide();
        }

        int tokens() {
            return Math.toIntExact(latents.count());
        }

        int heads() {
            return Math.toIntExact(queries.count());
        }

        int rowBytes() {
            return Math.toIntExact(latents.at(1, 0) - latents.at(0, 0));
        }

        int tokensOfStep() {
            return pairs() ? 2 : 1;
        }

        int steps() {
            return queries.columns() / tokensOfStep();
        }

        int panels() {
            return Math.ceilDiv(heads(), Panels.COLUMNS);
        }

        /** Returns how much memory a part computes in. */
        long bytes() {
            return new LatentPart(this, 0).end();
        }
    }

    /** Tiles that differ in the number of their rows, each looked up when it is first asked for. */
    private record Tiles(Tile.Code[] known, IntFunction<Tile> made) {
        Tiles(IntFunction<Tile> made) {
            this(new Tile.Code[Tile.MOST_ROWS + 1], made);
        }

        Tile.Code of(int rows) {
            if (known[rows] == null) known[rows] = made.apply(rows).code();
            return known[rows];
        }
    }

    LatentPart(Problem problem, long scratch) {
        int heads = problem.heads(), steps = problem.steps(), blockSteps = BLOCK / problem.tokensOfStep();
        this.problem = problem;
        int columns = heads > LANES ? Panels.COLUMNS : LANES;
        this.scoring = new Tiles(rows ->
                new Tile(rows, columns, problem.rowBytes(), 4, problem.pairs(), new Right.Panel(), Result.FP32));
        this.mixing = new Tiles(rows -> mixing(rows, Result.FP32));
        this.adding = new Tiles(rows -> mixing(rows, Result.FP32_ADDED));
        this.weighing = new ColumnWeights(problem.pairs()).code();
        this.queries = new Panels(scratch, heads, steps);
        this.scores = scratch + Panels.bytes(heads, steps);
        this.weights = new Panels(scores + (long) BLOCK * Panels.STEP, Panels.COLUMNS, blockSteps);
        this.last = weights.address() + Panels.bytes(Panels.COLUMNS, blockSteps);
        this.states = aligned(last + 2L * problem.rowBytes());
        this.mixed = states + 2L * problem.panels() * ColumnWeights.STATE_BYTES;
    }

    private Tile mixing(int rows, Result result) {
        Right latents = new Right.Rows(problem.rowBytes());
        return new Tile(rows, Panels.COLUMNS, 4, Panels.STEP, problem.pairs(), latents, result);
    }

    private static long aligned(long address) {
        return (address + VECTOR_BYTES - 1) / VECTOR_BYTES * VECTOR_BYTES;
    }

    private long end() {
        return aligned(mixed + 4L * problem.heads() * problem.rank());
    }

    /** Computes the tokens of a range that is not empty. */
    void run(int from, int to) {
        PanelPacking.columns(queries, problem.queries().at(0, 0), 4L * problem.steps(), new float[problem.heads()]);
        for (int head = 0; head < 2 * LANES * problem.panels(); head++) {
            Lanes.storeScalar(true, state(head, 0), Float.NEGATIVE_INFINITY);
            Lanes.storeScalar(true, state(head, ColumnWeights.SUMS), 0);
        }
        for (int token = from; token < to; token += BLOCK) {
            int count = Math.min(BLOCK, to - token);
            if (count % problem.tokensOfStep() != 0) keepLast(token + count - 1);
            for (int panel = 0; panel < queries.count(); panel++) {
                score(panel, token, count);
                weigh(panel, count, token > from);
                mix(panel, token, count, token > from);
            }
        }
    }

    private void keepLast(int token) {
        int bytes = problem.rowBytes();
        MEMORY.asSlice(last, bytes).copyFrom(MEMORY.asSlice(problem.latents().at(token, 0), bytes));
        MEMORY.asSlice(last + bytes, bytes).fill((byte) 0);
    }

    /** Computes a block's scores of a panel of heads, a token's a step of {@link Panels} from the next's. */
    private void score(int panel, int from, int count) {
        for (int token = 0; token < count; token += Tile.MOST_ROWS) {
            Tile.Code tile = scoring.of(Math.min(Tile.MOST_ROWS, count - token));
            long rows = problem.latents().at(from + token, 0), at = scores + (long) token * Panels.STEP;
            tile.run(rows, queries.panel(panel), problem.steps(), at, Panels.STEP, queries.panel(panel), NOTHING);
        }
        if (count % problem.tokensOfStep() == 0) return;
        for (int i = 0; i < Panels.COLUMNS; i++) {
            Lanes.storeScalar(true, scores + (long) count * Panels.STEP + 4L * i, Float.NEGATIVE_INFINITY);
        }
    }

    /** Makes weights of scores, and multiplies what was mixed before as it needs to be. */
    private void weigh(int panel, int count, boolean before) {
        int steps = Math.ceilDiv(count, problem.tokensOfStep()), first = panel * Panels.COLUMNS;
        for (int column = 0; column < queries.width(panel); column += LANES) {
            long state = state(first + column, 0);
            weighing.run(scores + 4L * column, steps, weights.step(0, 0) + 4L * column, state, problem.scale());
        }
        if (!before) return;
        for (int head = first; head < first + queries.width(panel); head++) {
            float factor = Lanes.loadScalar(true, state(head, ColumnWeights.FACTORS));
            if (factor != 1) MULTIPLE.run(mixed(head), mixed(head), problem.rank() / RowFunction.LANES, 0, 1, factor);
        }
    }

    private void mix(int panel, int from, int count, boolean before) {
        int width = queries.width(panel), tiles = Math.ceilDiv(width, Tile.MOST_ROWS);
        int steps = count / problem.tokensOfStep();
        long latents = problem.latents().at(from, 0), line = (long) Panels.COLUMNS * 4 / problem.tokensOfStep();
        for (int i = 0; i < problem.rank() / Panels.COLUMNS; i++) {
            for (int tile = 0; tile < tiles; tile++) {
                int head = width * tile / tiles, rows = width * (tile + 1) / tiles - head;
                long left = weights.step(0, 0) + 4L * head,
                        to = mixed(panel * Panels.COLUMNS + head) + 4L * Panels.COLUMNS * i;
                long right = latents + i * line;
                if (steps > 0) run(before ? adding : mixing, rows, left, right, steps, to, right + line);
                if (steps * problem.tokensOfStep() == count) continue;
                left += (long) steps * Panels.STEP;
                run(before || steps > 0 ? adding : mixing, rows, left, last + i * line, 1, to, last);
            }
        }
    }

    private void run(Tiles tiles, int rows, long left, long right, int steps, long to, long fetched) {
        tiles.of(rows).run(left, right, steps, to, 4L * problem.rank(), fetched, to);
    }

    private long state(int head, int what) {
        return states + (long) head / LANES * ColumnWeights.STATE_BYTES + what + head % LANES * 4L;
    }

    private long mixed(int head) {
        return mixed + 4L * head * problem.rank();
    }

    /** Returns a head's largest score. */
    float largest(int head) {
        return Lanes.loadScalar(true, state(head, 0));
    }

    /** Returns the sum of a head's weights. */
    float sum(int head) {
        return Lanes.loadScalar(true, state(head, ColumnWeights.SUMS));
    }

    /** Adds what a head's weights mix, multiplied by {@code weight}, to {@code sums}. */
    void addMixed(int head, float weight, float[] sums) {
        for (int i = 0; i < sums.length; i += N) {
            FloatVector.fromArray(F, sums, i)
                    .add(Lanes.load(true, mixed(head) + 4L * i).mul(weight))
                    .intoArray(sums, i);
        }
    }
}
