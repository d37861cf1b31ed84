package dev.crema.cli.bench;

import dev.crema.data.Batch;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.Weights;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.train.MasterWeights;
import dev.crema.train.Method.StepReport;
import dev.crema.train.Optimizer;
import dev.crema.train.Optimizer.Settings.AdamWSettings;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.util.Arrays;
import java.util.List;

/**
 * One training step of the reference shape: a GPT of 13.8M parameters (6 layers of 384, 6 heads, vocabulary 8192), 16 rows
 * of 256 tokens, AdamW, gradients clipped to 1. The same as {@code bench/reference/train_step.py}.
 */
public final class TrainBenchmark {
    private static final int VOCABULARY = 8192, LAYERS = 6, WIDTH = 384, HEADS = 6, ROWS = 16, COLUMNS = 256;
    private static final int WARM_UP = 10, REPETITIONS = 5;

    private TrainBenchmark() {}

    /**
     * What was measured.
     *
     * @param tokensPerS median of five repetitions
     * @param gemmPeak GFLOP/s of a large matrix product in the same process
     * @param fractionOfPeak the part of it that the step's own products reach
     * @param firstLoss loss of the first step, near the logarithm of the vocabulary
     * @param lastLoss loss of the last step, on the same batches
     */
    public record Result(
            String dtype,
            double tokensPerS,
            double stepSeconds,
            double gflopPerS,
            double gemmPeak,
            double fractionOfPeak,
            double peakMemoryMb,
            double firstLoss,
            double lastLoss) {}

    /** Measures {@code steps} steps in each of five repetitions. */
    public static Result run(DType dtype, int steps) {
        ArchConfig config = new ArchConfig(
                VOCABULARY,
                WIDTH,
                LAYERS,
                COLUMNS,
                new GroupedQuery(HEADS, HEADS, WIDTH / HEADS, true, true),
                new FeedForwardSpec.Plain(4 * WIDTH, Activation.GELU_TANH, true),
                new NormSpec.LayerNorm(1e-5),
                new PositionSpec.Learned(),
                true);
        double before = GemmPeak.measure(dtype);
        try (Decoder model = Decoder.of(config, Weights.random(config, dtype, Device.CPU, 0.02, 1));
                MasterWeights masters = MasterWeights.of(model.weights());
                Optimizer optimizer = Optimizer.of(new AdamWSettings(3e-4, 0.9, 0.95, 1e-8, 0.1), masters)) {
            TokenPrediction<Decoder, Batch> method =
                    TokenPrediction.next(new RandomBatches(ROWS, COLUMNS, VOCABULARY), List.of(), PassPlan.ONE);
            double first = 0, last = 0;
            double[] seconds = new double[REPETITIONS];
            for (int i = -WARM_UP; i < REPETITIONS * steps; i++) {
                long begin = System.nanoTime();
                StepReport report = method.accumulate(model, masters::collect, i);
                masters.clip(1);
                optimizer.step(1);
                masters.clearGradients();
                if (i == -WARM_UP) first = report.loss();
                last = report.loss();
                if (i >= 0) seconds[i / steps] += (System.nanoTime() - begin) / 1e9 / steps;
            }
            Arrays.sort(seconds);
            double step = seconds[REPETITIONS / 2];
            double peak = Math.max(before, GemmPeak.measure(dtype));
            double rate = flopsOfStep() / step / 1e9;
            return new Result(
                    dtype.toString().toLowerCase(java.util.Locale.ROOT),
                    ROWS * COLUMNS / step,
                    step,
                    rate,
                    peak,
                    rate / peak,
                    ProcessMemory.peakMegabytes(),
                    first,
                    last);
        }
    }

    /** Six for each weight of a matrix product and token, and the two products of attention, counted in full. */
    private static double flopsOfStep() {
        double matrices = LAYERS * 12.0 * WIDTH * WIDTH + (double) VOCABULARY * WIDTH;
        return ROWS * COLUMNS * 6 * (matrices + LAYERS * 2.0 * COLUMNS * WIDTH);
    }
}
