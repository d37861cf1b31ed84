package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.crema.data.Batch;
import dev.crema.data.BatchSource;
import dev.crema.data.Cursor;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.tensor.DType;
import dev.crema.train.method.Auxiliary;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Layers that predict further ahead learn beside the model; that their numbers are right is tested with the model. */
@ExtendWith(OneThread.class)
class MultiTokenTest {
    private static final Auxiliary AHEAD = new Auxiliary(0, 0, 0.5);

    @TempDir
    Path folder;

    private record Step(Method.StepReport report, Map<String, float[]> gradients) {
        double ahead() {
            return Objects.requireNonNull(report.metrics().get("multi_token_loss"));
        }
    }

    private static Step step(BatchSource batches, int passes, boolean recompute, DType dtype) {
        try (Decoder model = Toy.lookingAhead(dtype);
                MasterWeights masters = MasterWeights.of(model.weights())) {
            var method = TokenPrediction.next(
                    batches, List.of(), new PassPlan(passes, Activations.recompute(recompute), Dropout.NONE), AHEAD);
            var report = method.accumulate(model, masters::collect, 0);
            Map<String, float[]> gradients = new LinkedHashMap<>();
            for (var master : masters.all())
                gradients.put(master.name(), master.gradient().toFloats());
            return new Step(report, gradients);
        }
    }

    @Test
    void howAStepIsCutIntoPassesDoesNotMatter() throws IOException {
        try (Toy toy = Toy.in(folder)) {
            Step whole = step(toy.training(8), 1, false, DType.FP32), cut = step(toy.training(2), 4, false, DType.FP32);
            agree(cut, whole);
            assertThat(whole.gradients()).containsKeys("blocks.2.projection.weight", "blocks.3.attention.input.weight");
            assertThat(whole.ahead()).isNotEqualTo(whole.report().loss());
        }
    }

    @Test
    void recomputedActivationsGiveTheSameGradientsBitForBit() throws IOException {
        try (Toy toy = Toy.in(folder)) {
            Step kept = step(toy.training(4), 2, false, DType.BF16), again = step(toy.training(4), 2, true, DType.BF16);
            assertThat(again.ahead()).isEqualTo(kept.ahead());
            kept.gradients()
                    .forEach((name, gradient) ->
                            assertThat(again.gradients().get(name)).as(name).containsExactly(gradient));
        }
    }

    /** A document predicts nothing of the next in its row, nor of the padding behind it. */
    @Test
    void documentsInOneRowAreAsInRowsOfTheirOwn() {
        int[][] documents = {{65, 66, 67, 68, 69, 70}, {80, 81, 82, 83}, {90, 91}};
        Step packed = step(rows(14, List.<int[][]>of(documents)), 1, false, DType.FP32);
        Step apart = step(
                rows(6, List.of(new int[][] {documents[0]}, new int[][] {documents[1]}, new int[][] {documents[2]})),
                1,
                false,
                DType.FP32);
        agree(packed, apart);
        assertThat(packed.report().loss()).isEqualTo(apart.report().loss(), within(1e-5));
    }

    @Test
    void layersAheadLearnAndWithoutWeightStayAsTheyAre() throws IOException {
        try (Toy toy = Toy.in(folder);
                Decoder fresh = Toy.lookingAhead(DType.FP32)) {
            String name = "blocks.3.projection.weight";
            float[] before = fresh.weights().get(name).toFloats();
            try (Decoder model = Toy.lookingAhead(DType.FP32)) {
                var method = TokenPrediction.next(toy.training(8), List.of(), PassPlan.ONE, AHEAD);
                Toy.train(model, Toy.plan(60), method, folder.resolve("ahead"));
                double[] losses = Toy.logged(folder.resolve("ahead"), "multi_token_loss");
                assertThat(losses[59]).isLessThan(losses[0] - 1);
                assertThat(model.weights().get(name).toFloats()).isNotEqualTo(before);
            }
            try (Decoder model = Toy.lookingAhead(DType.FP32)) {
                Toy.train(model, Toy.plan(3), toy.nextToken(), folder.resolve("alone"));
                assertThat(model.weights().get(name).toFloats()).containsExactly(before);
                assertThat(Toy.logged(folder.resolve("alone"), "multi_token_loss"))
                        .containsOnly(Double.NaN);
            }
        }
    }

    private static void agree(Step actual, Step expected) {
        assertThat(actual.ahead()).isEqualTo(expected.ahead(), within(1e-5));
        expected.gradients().forEach((name, gradient) -> {
            float[] other = Objects.requireNonNull(actual.gradients().get(name));
            for (int i = 0; i < other.length; i++) {
                assertThat((double) other[i]).as("%s[%d]", name, i).isEqualTo(gradient[i], within(1e-5));
            }
        });
    }

    /** Packs the documents of each list into a row. */
    private static BatchSource rows(int columns, List<int[][]> lists) {
        int size = lists.size() * columns;
        int[] ids = new int[size], targets = new int[size], positions = new int[size], of = new int[size];
        Arrays.fill(targets, Batch.NO_LOSS);
        Arrays.fill(of, Batch.PADDING);
        for (int row = 0; row < lists.size(); row++) {
            int at = row * columns;
            for (int d = 0; d < lists.get(row).length; d++) {
                int[] document = lists.get(row)[d];
                for (int i = 0; i < document.length; i++, at++) {
                    ids[at] = document[i];
                    targets[at] = i + 1 < document.length ? document[i + 1] : Batch.NO_LOSS;
                    positions[at] = i;
                    of[at] = d;
                }
            }
        }
        long tokens = IntStream.of(of).filter(document -> document >= 0).count();
        Batch batch = new Batch(lists.size(), columns, ids, targets, positions, of, tokens);
        return new One(batch);
    }

    private record One(Batch batch) implements BatchSource {
        @Override
        public Batch next() {
            return batch;
        }

        @Override
        public Cursor cursor() {
            return new Cursor("one", 0, 0, 0, List.of());
        }

        @Override
        public void seek(Cursor cursor) {}
    }
}
