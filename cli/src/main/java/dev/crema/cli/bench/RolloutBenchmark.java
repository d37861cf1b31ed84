package dev.crema.cli.bench;

import dev.crema.infer.Completion;
import dev.crema.infer.GenerationOptions;
import dev.crema.infer.Generator;
import dev.crema.infer.Sampling;
import dev.crema.infer.TokenListener;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.ParameterSpec;
import dev.crema.model.RotaryScaling;
import dev.crema.model.Weights;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Batched generation on the shape of SmolLM2-135M with random weights: prompts of 64 tokens, 128 new tokens, sampled at
 * temperature 1. The same as {@code bench/reference/generate_throughput.py}.
 *
 * <p>Reinforcement learning draws several samples of each prompt; then fewer prompts are read for the same batch.
 */
public final class RolloutBenchmark {
    private static final int PROMPT = 64, REPETITIONS = 5;
    private static final ArchConfig SHAPE = new ArchConfig(
            49_152,
            576,
            30,
            2048,
            new GroupedQuery(9, 3, 64, false, false),
            new FeedForwardSpec.Gated(1536, Activation.SILU, false),
            new NormSpec.RmsNorm(1e-5),
            new PositionSpec.Rotary(100_000, new RotaryScaling.None()),
            true);

    private RolloutBenchmark() {}

    /**
     * What was measured; rates are medians.
     *
     * @param tokensPerS new tokens over the whole time, prefill included
     * @param fractionOfPeak the part of the matrix product's peak that decoding reaches
     */
    public record Result(
            String dtype,
            int batch,
            int samples,
            int newTokens,
            double tokensPerS,
            double prefillTokensPerS,
            double decodeTokensPerS,
            double gemmPeak,
            double fractionOfPeak,
            double peakMemoryMb) {}

    /** Measures {@code batch} sequences of {@code newTokens} tokens, so many samples of each prompt. */
    public static Result run(DType dtype, int batch, int samples, int newTokens) {
        double before = GemmPeak.measure(dtype);
        try (Decoder model = Decoder.of(SHAPE, Weights.random(SHAPE, dtype, Device.CPU, 0.02, 1))) {
            SplittableRandom random = new SplittableRandom(1);
            List<int[]> prompts = new ArrayList<>();
            for (int i = 0; i < batch / samples; i++) {
                prompts.add(random.ints(PROMPT, 0, SHAPE.vocabularySize()).toArray());
            }
            Generator generator = new Generator(model);
            double[] all = new double[REPETITIONS], prefill = new double[REPETITIONS], decode = new double[REPETITIONS];
            generator.generate(prompts, samples, options(Math.min(8, newTokens), 0), TokenListener.NONE);
            for (int i = 0; i < REPETITIONS; i++) {
                Generator.Result result =
                        generator.generate(prompts, samples, options(newTokens, i), TokenListener.NONE);
                check(result, batch, newTokens);
                all[i] = result.newTokens() / (result.prefillSeconds() + result.decodeSeconds());
                prefill[i] = result.prefillTokensPerSecond();
                decode[i] = result.decodeTokensPerSecond();
            }
            double rate = median(decode);
            double peak = Math.max(before, GemmPeak.measure(dtype));
            double flops = 2.0 * ParameterSpec.count(SHAPE); // the head is the embedding: each weight is used once
            return new Result(
                    dtype.toString().toLowerCase(Locale.ROOT),
                    batch,
                    samples,
                    newTokens,
                    median(all),
                    median(prefill),
                    rate,
                    peak,
                    rate * flops / 1e9 / peak,
                    ProcessMemory.peakMegabytes());
        }
    }

    private static GenerationOptions options(int newTokens, long seed) {
        return new GenerationOptions(newTokens, Sampling.at(1), Set.of(), seed);
    }

    private static void check(Generator.Result result, int batch, int newTokens) {
        for (Completion completion : result.completions()) {
            if (completion.ids().length != newTokens) throw new IllegalStateException("a sequence ended early");
        }
        if (result.completions().size() != batch) throw new IllegalStateException("a sequence is missing");
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
