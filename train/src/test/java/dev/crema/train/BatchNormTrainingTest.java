package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.model.Visibility;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A model with batch norms trains, goes on bit for bit with its running statistics, and is saved with them. */
class BatchNormTrainingTest {
    private static final long STEPS = 12;
    private static final String MEAN = "blocks.1.feedForwardNorm.running_mean";

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void goesOnBitForBitAndLoadsAgain(DType dtype) throws IOException {
        TrainingPlan plan = Toy.plan(STEPS, 6, 4, 0);
        try (Toy toy = Toy.in(folder);
                Decoder straight = Toy.batchNormed(dtype)) {
            Path whole = folder.resolve("whole"), run = folder.resolve("stopped");
            Toy.train(straight, plan, toy.nextToken(), whole);
            Course course = Course.of(whole, straight);
            assertThat(course.losses()[11]).isLessThan(course.losses()[0]);
            assertThat(straight.weights().get(MEAN).dtype()).isEqualTo(DType.FP32);
            assertThat(straight.weights().get(MEAN).norm().item()).isPositive();
            try (Decoder model = Toy.batchNormed(dtype)) {
                StopSignal stop = StopSignal.none();
                Toy.train(model, plan, toy.nextToken(), run, stop, metrics -> {
                    if (metrics.step() == 7) stop.ask();
                });
            }
            try (Decoder model = Toy.batchNormed(dtype)) {
                Toy.train(model, plan, toy.nextToken(), run);
                Course.of(run, model).isExactly(course);
            }
            ModelFolder.save(folder.resolve("model"), Family.LLAMA, straight);
            ModelFolder saved = ModelFolder.open(folder.resolve("model"));
            assertThat(saved.config()).isEqualTo(straight.config());
            try (Decoder again = saved.load(dtype, Device.CPU)) {
                assertThat(Toy.weights(again)).containsExactly(Toy.weights(straight));
                assertThat(logits(again)).containsExactly(logits(straight));
            }
        }
    }

    @Test
    void blocksThatRunAgainMoveTheStatisticsOnce() throws IOException {
        TrainingPlan plan = Toy.plan(1);
        try (Toy toy = Toy.in(folder);
                Decoder kept = Toy.batchNormed(DType.FP32);
                Decoder again = Toy.batchNormed(DType.FP32)) {
            Toy.train(
                    kept, plan, TokenPrediction.next(toy.training(8), List.of(), PassPlan.ONE), folder.resolve("kept"));
            Toy.train(
                    again,
                    plan,
                    TokenPrediction.next(
                            toy.training(8), List.of(), new PassPlan(1, Activations.RECOMPUTE, Dropout.NONE)),
                    folder.resolve("again"));
            for (String statistic : List.of(MEAN, MEAN.replace("mean", "var"), "norm.running_mean")) {
                assertThat(again.weights().get(statistic).toFloats())
                        .containsExactly(kept.weights().get(statistic).toFloats(), Offset.offset(1e-5f));
            }
        }
    }

    private static float[] logits(Decoder model) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor ids = Tensors.of(new int[] {65, 66, 67, 68}, 1, 4);
            return model.logits(model.hiddenStates(ids, model.positions(1, 4), new Visibility.Causal()))
                    .toFloats();
        }
    }
}
