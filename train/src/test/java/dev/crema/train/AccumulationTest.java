package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.crema.data.Batch;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.tensor.DType;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A step may be cut into backward passes, and its activations computed twice: the gradients are those of one pass. */
class AccumulationTest {
    @TempDir
    Path folder;

    private record Step(double loss, long tokens, Map<String, float[]> gradients) {}

    private Step step(int passes, int rows, boolean recompute, Dropout dropout, DType dtype) throws IOException {
        try (Toy toy = Toy.in(folder);
                Decoder model = Toy.model(dtype);
                MasterWeights masters = MasterWeights.of(model.weights())) {
            TokenPrediction<Decoder, Batch> method = TokenPrediction.next(
                    toy.training(rows), List.of(), new PassPlan(passes, Activations.recompute(recompute), dropout));
            masters.clearGradients();
            var report = method.accumulate(model, masters::collect, 0);
            Map<String, float[]> gradients = new LinkedHashMap<>();
            for (var master : masters.all())
                gradients.put(master.name(), master.gradient().toFloats());
            return new Step(report.loss(), report.tokens(), gradients);
        }
    }

    @Test
    void fourPassesGiveTheGradientsOfOneFourTimesAsLarge() throws IOException {
        Step whole = step(1, 8, false, Dropout.NONE, DType.FP32), cut = step(4, 2, false, Dropout.NONE, DType.FP32);
        assertThat(cut.tokens()).isEqualTo(whole.tokens());
        assertThat(cut.loss()).isEqualTo(whole.loss(), within(1e-6));
        whole.gradients().forEach((name, gradient) -> {
            float[] sum = Objects.requireNonNull(cut.gradients().get(name));
            double largest = 0;
            for (int i = 0; i < sum.length; i++) {
                assertThat((double) sum[i]).as("%s[%d]", name, i).isEqualTo(gradient[i], within(1e-5));
                largest = Math.max(largest, Math.abs(sum[i]));
            }
            assertThat(largest).as("largest gradient of %s", name).isGreaterThan(1e-4);
        });
    }

    @Test
    void recomputedActivationsGiveTheSameGradientsBitForBit() throws IOException {
        for (DType dtype : List.of(DType.FP32, DType.BF16)) {
            for (Dropout dropout : List.of(Dropout.NONE, new Dropout(0.2, 5))) {
                Step kept = step(2, 4, false, dropout, dtype), again = step(2, 4, true, dropout, dtype);
                assertThat(again.loss()).isEqualTo(kept.loss());
                kept.gradients()
                        .forEach(
                                (name, gradient) -> assertThat(again.gradients().get(name))
                                        .as("%s in %s with %s", name, dtype, dropout)
                                        .containsExactly(gradient));
            }
        }
    }
}
