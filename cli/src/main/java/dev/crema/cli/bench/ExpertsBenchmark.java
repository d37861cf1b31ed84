package dev.crema.cli.bench;

import dev.crema.data.Batch;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.ParameterSpec;
import dev.crema.model.RotaryScaling;
import dev.crema.model.RoutingSpec;
import dev.crema.model.Weights;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.train.MasterWeights;
import dev.crema.train.Optimizer;
import dev.crema.train.Optimizer.Settings.AdamWSettings;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A training step of a model with 64 experts, 6 of them active, beside one of a dense model as wide as those six, in turns:
 * 4 layers of 384, 6 heads, experts of 256, vocabulary 8192, 16 rows of 256 tokens, AdamW, gradients clipped to 1.
 */
public final class ExpertsBenchmark {
    private static final int VOCABULARY = 8192, LAYERS = 4, WIDTH = 384, HEADS = 6, ROWS = 16, COLUMNS = 256;
    private static final int EXPERTS = 64, ACTIVE = 6, EXPERT_WIDTH = 256;
    private static final int WARM_UP = 6, REPETITIONS = 5;

    private ExpertsBenchmark() {}

    /**
     * What was measured.
     *
     * @param expertsSeconds a step of the model with experts, median of five repetitions
     * @param denseSeconds a step of the dense model, likewise
     * @param ratio of the two
     * @param parameters of the model with experts
     * @param activeParameters of those, what a token goes through
     * @param denseParameters of the dense model
     */
    public record Result(
            String dtype,
            double expertsSeconds,
            double denseSeconds,
            double ratio,
            long parameters,
            long activeParameters,
            long denseParameters,
            double expertsTokensPerS,
            double peakMemoryMb) {}

    /** Measures {@code steps} steps of each model in each of five repetitions. */
    public static Result run(DType dtype, int steps) {
        ArchConfig experts = shape(new FeedForwardSpec.Experts(
                EXPERT_WIDTH, RoutingSpec.topK(EXPERTS, ACTIVE, true), new FeedForwardSpec.SharedExpert.None()));
        ArchConfig dense = shape(new FeedForwardSpec.Gated(ACTIVE * EXPERT_WIDTH, Activation.SILU, false));
        try (Training sparse = new Training(experts, dtype);
                Training full = new Training(dense, dtype)) {
            double[] sparseSeconds = new double[REPETITIONS], fullSeconds = new double[REPETITIONS];
            sparse.steps(WARM_UP);
            full.steps(WARM_UP);
            for (int i = 0; i < REPETITIONS; i++) {
                sparseSeconds[i] = sparse.steps(steps);
                fullSeconds[i] = full.steps(steps);
            }
            double a = median(sparseSeconds), b = median(fullSeconds);
            return new Result(
                    dtype.toString().toLowerCase(Locale.ROOT),
                    a,
                    b,
                    a / b,
                    ParameterSpec.count(experts),
                    ParameterSpec.active(experts),
                    ParameterSpec.count(dense),
                    ROWS * COLUMNS / a,
                    ProcessMemory.peakMegabytes());
        }
    }

    private static ArchConfig shape(FeedForwardSpec feedForward) {
        return new ArchConfig(
                VOCABULARY,
                WIDTH,
                LAYERS,
                COLUMNS,
                new GroupedQuery(HEADS, HEADS, WIDTH / HEADS, false, false),
                feedForward,
                new NormSpec.RmsNorm(1e-6),
                new PositionSpec.Rotary(10_000, new RotaryScaling.None()),
                true);
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    /** A model in training. */
    private static final class Training implements AutoCloseable {
        private final Decoder model;
        private final MasterWeights masters;
        private final Optimizer optimizer;
        private final TokenPrediction<Decoder, Batch> method =
                TokenPrediction.next(new RandomBatches(ROWS, COLUMNS, VOCABULARY), List.of(), PassPlan.ONE);

        @SuppressWarnings("MustBeClosedChecker") // close() closes all
        Training(ArchConfig config, DType dtype) {
            model = Decoder.of(config, Weights.random(config, dtype, Device.CPU, 0.02, 1));
            masters = MasterWeights.of(model.weights());
            optimizer = Optimizer.of(new AdamWSettings(3e-4, 0.9, 0.95, 1e-8, 0.1), masters);
        }

        /** Takes steps and returns the seconds of one. */
        double steps(int count) {
            long begin = System.nanoTime();
            for (int i = 0; i < count; i++) {
                method.accumulate(model, masters::collect, i);
                masters.clip(1);
                optimizer.step(1);
                masters.clearGradients();
            }
            return (System.nanoTime() - begin) / 1e9 / count;
        }

        @Override
        public void close() {
            optimizer.close();
            masters.close();
            model.close();
        }
    }
}
