package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.F;
import static dev.crema.tensor.simd.Lanes.MEMORY;
import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.simd.PanelProduct.Left;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of one token's heads to latents that all of them share ("DeepSeek-V2", 2024, section 2.1, in the absorbed form):
 * {@code softmax(scale q cᵀ) c'}, where c' are the first R numbers of each latent.
 *
 * <p>Each thread takes a row of the batch as long as there is one for each; the threads share what rows are left.
 *
 * <p>Scores are computed transposed, {@code c qᵀ}, so that the latents are read as they lie in the cache, and the heads of a
 * token lie side by side for the softmax. Its weights are written as the left panels of the second product, whose right side
 * is the latents again, with tokens in pairs; so far back as a few panels reach, and then further. Weights are divided by
 * their sum at the end, where there are fewer numbers.
 */
public final class LatentDecode {
    /** Tokens whose latents are mixed at a time. */
    private static final int CHUNK = 2048;

    private static final long GRAIN = 32;
    private static final long LINE = 64;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private final Rows queries;
    private final Rows latents;
    private final Rows out;
    private final float scale;
    private final boolean pairs;
    private final int heads;
    private final int width; // of a row of scores

    /**
     * @param queries {@code [H, R + r]}
     * @param latents {@code [S, R + r]}, all of them seen
     * @param out {@code [H, R]}
     */
    public LatentDecode(Rows queries, Rows latents, float scale, Rows out) {
        this.queries = queries;
        this.latents = latents;
        this.out = out;
        this.scale = scale;
        this.pairs = !queries.wide();
        this.heads = Math.toIntExact(queries.count());
        this.width = Math.ceilDiv(heads, Panels.COLUMNS) * Panels.COLUMNS;
    }

    private int tokens() {
        return Math.toIntExact(latents.count());
    }

    /** Returns how many steps a sum over so many takes. */
    private int steps(int count) {
        return pairs ? Math.ceilDiv(count, 2) : count;
    }

    /**
     * Computes rows of a batch.
     *
     * @param memory gives the address of so many bytes, at a multiple of 64
     */
    public static void run(List<LatentDecode> rows, LongUnaryOperator memory) {
        int each = Crew.threads(), apart = rows.size() / each * each;
        long bytes = rows.stream().mapToLong(LatentDecode::scratchBytes).max().orElse(0);
        long scratch = memory.applyAsLong(bytes * (apart > 0 ? each : 1));
        Crew.runParts(apart, each, (part, row) -> rows.get((int) row).run(scratch + part * bytes));
        for (LatentDecode row : rows.subList(apart, rows.size())) row.run(scratch);
    }

    private int chunk() {
        return steps(Math.min(CHUNK, tokens()));
    }

    private long scoreBytes() {
        return 4L * tokens() * width;
    }

    private long scratchBytes() {
        int size = out.columns();
        return Panels.bytes(heads, steps(queries.columns()))
                + scoreBytes()
                + Panels.bytes(heads, chunk())
                + Panels.bytes(size, chunk())
                + 4L * heads * size
                + 5 * LINE;
    }

    private void run(long scratch) {
        int tokens = tokens(), size = queries.columns();
        Panels asked = new Panels(scratch, heads, steps(size));
        long scoresAt = aligned(scratch + Panels.bytes(heads, steps(size))), weights = aligned(scoresAt + scoreBytes());
        long values = aligned(weights + Panels.bytes(heads, chunk()));
        long mixed = aligned(values + Panels.bytes(out.columns(), chunk()));
        PanelPacking.columns(asked, queries.at(0, 0), 4L * steps(size), new float[heads]);
        Rows scores = new Rows(scoresAt, true, tokens, width, width);
        Left rows = new Left.Rows(latents.at(0, 0), tokens, 4 * steps(size));
        new PanelProduct(asked, pairs).run(rows, Result.FP32, scores.at(0, 0), 4L * width);
        float[] largest = largest(scores), sums = new float[width], zeros = new float[out.columns()];
        for (int from = 0; from < tokens; from += CHUNK) {
            int count = Math.min(CHUNK, tokens - from);
            Panels left = new Panels(weights, heads, steps(count));
            Panels right = new Panels(values, out.columns(), steps(count));
            weigh(scores, from, count, largest, left, sums);
            PanelPacking.rows(right, pairs, latents.at(from, 0), latents.at(1, 0) - latents.at(0, 0), count, zeros);
            Result result = from == 0 ? Result.FP32 : Result.FP32_ADDED;
            new PanelProduct(right, pairs).run(new Left.Columns(left), result, mixed, 4L * out.columns());
        }
        Rows sum = new Rows(mixed, true, heads, out.columns(), out.columns());
        float[] row = new float[out.columns()];
        for (int head = 0; head < heads; head++) {
            sum.read(head, row, 0);
            Lanes.write(out.wide(), out.at(head, 0), row, 0, row.length, 1 / sums[head]);
        }
    }

    private static long aligned(long address) {
        return (address + LINE - 1) / LINE * LINE;
    }

    /** Returns each head's largest score. */
    private float[] largest(Rows scores) {
        int parts = Crew.parts(scores.count(), GRAIN);
        float[][] most = new float[parts][width];
        for (float[] each : most) Arrays.fill(each, Float.NEGATIVE_INFINITY);
        Crew.runParts(scores.count(), parts, (part, token) -> raise(most[part], scores.at(token, 0)));
        for (float[] each : most) for (int h = 0; h < width; h++) most[0][h] = Math.max(most[0][h], each[h]);
        return most[0];
    }

    private void raise(float[] most, long scores) {
        for (int h = 0; h < width; h += N) {
            FloatVector.fromArray(F, most, h)
                    .max(Lanes.load(true, scores + 4L * h))
                    .intoArray(most, h);
        }
    }

    /** Writes the weights of some tokens, not yet divided by their sums, to panels, and adds them to the sums. */
    private void weigh(Rows scores, int from, int count, float[] largest, Panels to, float[] sums) {
        int parts = Crew.parts(to.steps(), GRAIN), tokensOfStep = pairs ? 2 : 1;
        float[][] added = new float[parts][width];
        float[][][] buffers = new float[parts][2][width];
        for (int panel = 0; panel < to.count(); panel++) {
            MEMORY.asSlice(to.panel(panel), Panels.STEP).fill((byte) 0);
        }
        Crew.runParts(to.steps(), parts, (part, step) -> {
            int token = from + (int) step * tokensOfStep;
            float[] one = buffers[part][0], other = buffers[part][1];
            weights(scores.at(token, 0), largest, one);
            if (!pairs) {
                write(one, to, (int) step);
                add(one, added[part]);
                return;
            }
            if (token + 1 < from + count) weights(scores.at(token + 1, 0), largest, other);
            else Arrays.fill(other, 0);
            writePairs(one, other, to, (int) step, added[part]);
        });
        for (float[] each : added) for (int h = 0; h < width; h++) sums[h] += each[h];
    }

    // In steps over small arrays: the exponential and the rounding together are more than one compilation takes in.
    private void weights(long scores, float[] largest, float[] to) {
        for (int h = 0; h < width; h += N) {
            Exp.of(Lanes.load(true, scores + 4L * h)
                            .sub(FloatVector.fromArray(F, largest, h))
                            .mul(scale))
                    .intoArray(to, h);
        }
    }

    private void write(float[] weights, Panels to, int step) {
        for (int h = 0; h < width; h += N) {
            FloatVector.fromArray(F, weights, h).intoMemorySegment(MEMORY, place(to, step, h), ORDER);
        }
    }

    private void add(float[] weights, float[] sums) {
        for (int h = 0; h < width; h += N) {
            FloatVector.fromArray(F, weights, h)
                    .add(FloatVector.fromArray(F, sums, h))
                    .intoArray(sums, h);
        }
    }

    /** Writes two tokens' weights side by side in bf16, and adds them, as they are then, to the sums. */
    private void writePairs(float[] one, float[] other, Panels to, int step, float[] sums) {
        for (int h = 0; h < width; h += N) {
            IntVector a = rounded(FloatVector.fromArray(F, one, h)), b = rounded(FloatVector.fromArray(F, other, h));
            a.lanewise(VectorOperators.LSHR, 16).or(b).intoMemorySegment(MEMORY, place(to, step, h), ORDER);
            FloatVector sum = a.reinterpretAsFloats().add(b.reinterpretAsFloats());
            sum.add(FloatVector.fromArray(F, sums, h)).intoArray(sums, h);
        }
    }

    private static long place(Panels to, int step, int head) {
        return to.step(head / Panels.COLUMNS, step) + head % Panels.COLUMNS * 4L;
    }

    /** Rounds to bf16, and leaves it in the upper halves. */
    private static IntVector rounded(FloatVector value) {
        IntVector bits = value.reinterpretAsInts();
        IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        return bits.add(odd).add(0x7FFF).and(0xFFFF0000);
    }
}
