package dev.crema.cli.bench;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.KvCache;
import dev.crema.model.LatentSpec;
import dev.crema.model.RotaryScaling;
import dev.crema.model.Weights;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Decoding with latent attention beside multi-head attention, in turns, at a context of 8,192 tokens: one layer of
 * DeepSeek-V2's shape, 5120 wide with 128 heads of 128, a query rank of 1536, latent vectors of 512 and a rotary part of
 * 64. The feed-forward part is as wide as that model's first, and as the experts that a token meets in the others.
 */
public final class LatentBenchmark {
    private static final int VOCABULARY = 1024, LAYERS = 1, WIDTH = 5120, HEADS = 128, HEAD = 128, INNER = 12288;
    private static final int QUERY_LATENT = 1536, LATENT = 512, TURNED = 64;
    private static final int CONTEXT = 8192, CHUNK = 512, WARM_UP = 24, REPETITIONS = 5;

    private LatentBenchmark() {}

    /**
     * What was measured.
     *
     * @param latentBytesPerToken bytes of the cache a token and layer
     * @param multiHeadBytesPerToken the same of multi-head attention
     * @param share the former by the latter
     * @param latentSeconds a decoding step at the full context, median of five repetitions
     * @param multiHeadSeconds likewise
     * @param speedup of the two
     */
    public record Result(
            String dtype,
            int context,
            int rows,
            long latentBytesPerToken,
            long multiHeadBytesPerToken,
            double share,
            double latentSeconds,
            double multiHeadSeconds,
            double speedup) {}

    /** Measures {@code steps} decoding steps of each model in each of five repetitions. */
    public static Result run(DType dtype, int rows, int steps) {
        ArchConfig latent = shape(latent()), multiHead = shape(multiHead());
        int capacity = CONTEXT + WARM_UP + REPETITIONS * steps;
        try (Decoding a = new Decoding(latent, dtype, rows, capacity);
                Decoding b = new Decoding(multiHead, dtype, rows, capacity)) {
            double[] aSeconds = new double[REPETITIONS], bSeconds = new double[REPETITIONS];
            a.steps(WARM_UP);
            b.steps(WARM_UP);
            for (int i = 0; i < REPETITIONS; i++) {
                aSeconds[i] = a.steps(steps);
                bSeconds[i] = b.steps(steps);
            }
            Arrays.sort(aSeconds);
            Arrays.sort(bSeconds);
            double first = aSeconds[REPETITIONS / 2], second = bSeconds[REPETITIONS / 2];
            long bytes = KvCache.bytesPerToken(latent, dtype), multiHeadBytes = KvCache.bytesPerToken(multiHead, dtype);
            return new Result(
                    dtype.toString().toLowerCase(Locale.ROOT),
                    CONTEXT,
                    rows,
                    bytes / LAYERS,
                    multiHeadBytes / LAYERS,
                    (double) bytes / multiHeadBytes,
                    first,
                    second,
                    second / first);
        }
    }

    private static AttentionSpec latent() {
        var rank = new LatentSpec.QueryRank.Low(QUERY_LATENT);
        return new LatentSpec(HEADS, rank, LATENT, HEAD, TURNED, HEAD, false, false, 1 / Math.sqrt(HEAD + TURNED));
    }

    private static AttentionSpec multiHead() {
        return new AttentionSpec.GroupedQuery(HEADS, HEADS, HEAD, false, false);
    }

    private static ArchConfig shape(AttentionSpec attention) {
        return new ArchConfig(
                VOCABULARY,
                WIDTH,
                LAYERS,
                2 * CONTEXT,
                attention,
                new FeedForwardSpec.Gated(INNER, Activation.SILU, false),
                new NormSpec.RmsNorm(1e-6),
                new PositionSpec.Rotary(10_000, new RotaryScaling.None()),
                true);
    }

    /** A model with a cache that holds the context. */
    private static final class Decoding implements AutoCloseable {
        private final SplittableRandom random = new SplittableRandom(1);
        private final Decoder model;
        private final Decoder packed;
        private final KvCache cache;

        @SuppressWarnings("MustBeClosedChecker") // close() closes all
        Decoding(ArchConfig config, DType dtype, int rows, int capacity) {
            model = Decoder.of(config, Weights.random(config, dtype, Device.CPU, 0.02, 1));
            packed = model.packed(); // as batches are generated
            cache = KvCache.of(config, new int[1], capacity, dtype, Device.CPU);
            for (int from = 0; from < CONTEXT; from += CHUNK) run(CHUNK);
            cache.select(new int[rows]);
        }

        /** Takes steps and returns the seconds of one. */
        double steps(int count) {
            long begin = System.nanoTime();
            for (int i = 0; i < count; i++) run(1);
            return (System.nanoTime() - begin) / 1e9 / count;
        }

        private void run(int tokens) {
            try (Scope scope = Scope.open();
                    var off = Autograd.off()) {
                int rows = cache.rows();
                int[] ids = random.ints((long) rows * tokens, 0, VOCABULARY).toArray();
                Tensor hidden = packed.hiddenStates(Tensors.of(ids, rows, tokens), cache); // [B, T, D]
                packed.logits(hidden.narrow(1, tokens - 1, 1));
            }
        }

        @Override
        public void close() {
            cache.close();
            packed.close();
            model.close();
        }
    }
}
