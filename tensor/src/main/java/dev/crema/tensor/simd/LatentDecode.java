package dev.crema.tensor.simd;

import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;

/**
 * Attention of one token's heads to latents that all of them share ("DeepSeek-V2", 2024, section 2.1, in the absorbed form):
 * {@code softmax(scale q cᵀ) c'}, where c' are the first R numbers of each latent. {@link LatentPart} computes it.
 *
 * <p>Each thread takes a row of the batch as long as there is one for each. The threads share what rows are left, by their
 * tokens; the parts are weighed by their largest scores and added up.
 */
public final class LatentDecode {
    private final LatentPart.Problem problem;
    private final Rows out;

    /**
     * @param queries {@code [H, R + r]}
     * @param latents {@code [S, R + r]}, all of them seen
     * @param out {@code [H, R]}, R whole panels of columns
     */
    public LatentDecode(Rows queries, Rows latents, float scale, Rows out) {
        this.problem = new LatentPart.Problem(queries, latents, scale, out.columns());
        this.out = out;
    }

    /**
     * Computes rows of a batch.
     *
     * @param memory gives the address of so many bytes, at a multiple of 64
     */
    public static void run(List<LatentDecode> rows, LongUnaryOperator memory) {
        int threads = Crew.threads(), apart = rows.size() / threads * threads;
        long bytes = rows.stream().mapToLong(row -> row.problem.bytes()).max().orElse(0);
        long scratch = memory.applyAsLong(bytes * threads);
        Crew.runParts(apart, threads, (part, row) -> {
            LatentDecode whole = rows.get((int) row);
            whole.run(whole.part(scratch + part * bytes));
        });
        for (LatentDecode row : rows.subList(apart, rows.size())) {
            List<LatentPart> parts = IntStream.range(0, Math.min(threads, row.problem.tokens()))
                    .mapToObj(part -> row.part(scratch + part * bytes))
                    .toList();
            row.run(parts);
        }
    }

    private LatentPart part(long scratch) {
        return new LatentPart(problem, scratch);
    }

    private void run(LatentPart whole) {
        whole.run(0, problem.tokens());
        write(List.of(whole));
    }

    /** Cuts the tokens among parts, of which there are no more than tokens. */
    private void run(List<LatentPart> parts) {
        long tokens = problem.tokens();
        int count = parts.size();
        Crew.runParts(count, count, (part, index) -> {
            int from = (int) (tokens * index / count), to = (int) (tokens * (index + 1) / count);
            parts.get((int) index).run(from, to);
        });
        write(parts);
    }

    private void write(List<LatentPart> parts) {
        float[] sums = new float[out.columns()];
        for (int head = 0; head < out.count(); head++) {
            float most = Float.NEGATIVE_INFINITY, sum = 0;
            for (LatentPart part : parts) most = Math.max(most, part.largest(head));
            for (int i = 0; i < sums.length; i++) sums[i] = 0;
            for (LatentPart part : parts) {
                float weight = (float) Math.exp(problem.scale() * (part.largest(head) - most));
                sum += weight * part.sum(head);
                part.addMixed(head, weight, sums);
            }
            Lanes.write(out.wide(), out.at(head, 0), sums, 0, sums.length, 1 / sum);
        }
    }
}
