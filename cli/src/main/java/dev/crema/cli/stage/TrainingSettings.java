package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.tensor.DType;
import dev.crema.tensor.LibTorch;
import dev.crema.train.Optimizer.Settings.AdamWSettings;
import dev.crema.train.Optimizer.Settings.MuonSettings;
import dev.crema.train.Schedule;
import dev.crema.train.TrainingPlan;

/**
 * How a stage trains.
 *
 * @param steps optimizer steps
 * @param warmup steps in which the rate rises
 * @param schedule how it falls after that
 * @param minRatio the part of the rate that is left at the end
 * @param dropout the part of the residual stream's additions that is set to zero while the model learns
 * @param muon whether the matrices of the blocks take Muon, at {@code muonRate}
 * @param clip largest norm of the gradients
 * @param evaluateEvery steps between measurements; 0 measures at the end
 * @param checkpointEvery steps between checkpoints; 0 writes the last only
 * @param patience measurements without a better one before the stage stops; 0 never stops early
 */
record TrainingSettings(
        @Default("1000") long steps,
        @Default("3e-4") double learningRate,
        @Default("0") long warmup,
        @Default("cosine") Decay schedule,
        @Default("0.1") double minRatio,
        @Default("0.9") double beta1,
        @Default("0.95") double beta2,
        @Default("1e-8") double epsilon,
        @Default("0.1") double weightDecay,
        @Default("0") double dropout,
        @Default("false") boolean muon,
        @Default("0.02") double muonRate,
        @Default("1.0") double clip,
        @Default("0") long evaluateEvery,
        @Default("0") long checkpointEvery,
        @Default("2") int keep,
        @Default("0") int patience,
        @Default("auto") Precision precision) {
    TrainingSettings {
        Check.atLeast("steps", steps, 0);
        Check.positive("learningRate", learningRate);
        Check.atLeast("warmup", warmup, 0);
        Check.between("minRatio", minRatio, 0, 1);
        Check.between("beta1", beta1, 0, 1);
        Check.between("beta2", beta2, 0, 1);
        Check.that(dropout >= 0 && dropout < 1, "dropout", dropout, "a part from 0 up to, not including, 1");
        Check.positive("clip", clip);
        Check.atLeast("keep", keep, 1);
    }

    /** How the learning rate falls. */
    enum Decay {
        CONSTANT,
        LINEAR,
        COSINE,
        WARMUP_STABLE_DECAY
    }

    /** The type that the model computes in; masters are in fp32 in any case. */
    enum Precision {
        /** bf16 where the processor multiplies it fast, else fp32. */
        AUTO,
        BF16,
        FP32;

        DType dtype() {
            return switch (this) {
                case AUTO -> LibTorch.fastBf16() ? DType.BF16 : DType.FP32;
                case BF16 -> DType.BF16;
                case FP32 -> DType.FP32;
            };
        }
    }

    /** Returns the plan of a run whose best checkpoint is decided by a metric. */
    TrainingPlan plan(String metric, boolean higherIsBetter) {
        AdamWSettings adamW = new AdamWSettings(learningRate, beta1, beta2, epsilon, weightDecay);
        return new TrainingPlan(
                steps,
                shape(),
                muon ? new MuonSettings(muonRate, 0.95, weightDecay, adamW) : adamW,
                clip,
                evaluateEvery,
                checkpointEvery,
                keep,
                patience,
                metric,
                higherIsBetter);
    }

    private Schedule shape() {
        long total = Math.max(steps, warmup + 1);
        return switch (schedule) {
            case CONSTANT -> new Schedule.Constant(warmup);
            case LINEAR -> new Schedule.Linear(warmup, total, minRatio);
            case COSINE -> new Schedule.Cosine(warmup, total, minRatio);
            case WARMUP_STABLE_DECAY ->
                Schedule.WarmupStableDecay.ofFraction(warmup, total, 0.2, minRatio, Schedule.Decay.LINEAR);
        };
    }
}
