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
 * Decoding with latent attention beside multi-head attention, in turns, at a context of 8,192 tokens, in the shape of a
 * published model: latent vectors of 512, a rotary part of 64 and heads of 128. The feed-forward part is as wide as that
 * model's first, which is about what a token meets of experts in the others.
 */
public final class LatentBenchmark {
    private static final int VOCABULARY = 1024, HEAD = 128, LATENT = 512, TURNED = 64;
    private static final int CONTEXT = 8192, CHUNK = 512, WARM_UP = 80, REPETITIONS = 5;

    private LatentBenchmark() {}

    /** A model's widths; its layers are alike, so that few are enough to measure. */
    public enum Shape {
        /** One layer of DeepSeek-V2, whose 128 heads make latent attention a matter of arithmetic. */
        DEEPSEEK_V2(1, 5120, 128, new LatentSpec.QueryRank.Low(1536), 12288),
        /** Four layers of DeepSeek-V2-Lite. */
        DEEPSEEK_V2_LITE(4, 2048, 16, new LatentSpec.QueryRank.Full(), 10944);

        private final int layers;
        private final int width;
        private final int heads;
        private final LatentSpec.QueryRank queryRank;
        private final int inner;

        Shape(int layers, int width, int heads, LatentSpec.QueryRank queryRank, int inner) {
            this.layers = layers;
            this.width = width;
            this.heads = heads;
            this.queryRank = queryRank;
            this.inner = inner;
        }

        private ArchConfig latent() {
            double scale = 1 / Math.sqrt(HEAD + TURNED);
            return with(new LatentSpec(heads, queryRank, LATENT, HEAD, TURNED, HEAD, false, false, scale));
        }

        private ArchConfig multiHead() {
            return with(new AttentionSpec.GroupedQuery(heads, heads, HEAD, false, false));
        }

        private ArchConfig with(AttentionSpec attention) {
            return new ArchConfig(
                    VOCABULARY,
                    width,
                    layers,
                    2 * CONTEXT,
                    attention,
                    new FeedForwardSpec.Gated(inner, Activation.SILU, false),
                    new NormSpec.RmsNorm(1e-6),
                    new PositionSpec.Rotary(10_000, new RotaryScaling.None()),
                    true);
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * What was measured.
     *
     * @param shape whose widths, as {@link Shape}
     * @param latentBytesPerToken bytes of the cache a token and layer
     * @param multiHeadBytesPerToken the same of multi-head attention
     * @param share the former by the latter
     * @param latentSeconds a decoding step at the full context, median of five repetitions
     * @param multiHeadSeconds likewise
     * @param speedup of the two
     */
    public record Result(
            String shape,
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
    public static Result run(Shape shape, DType dtype, int rows, int steps) {
        ArchConfig latent = shape.latent(), multiHead = shape.multiHead();
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
                    shape.toString(),
                    dtype.toString().toLowerCase(Locale.ROOT),
                    CONTEXT,
                    rows,
                    bytes / shape.layers,
                    multiHeadBytes / shape.layers,
                    (double) bytes / multiHeadBytes,
                    first,
                    second,
                    second / first);
        }
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
