package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.data.Batch;
import dev.crema.data.BatchSource;
import dev.crema.data.Cursor;
import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.model.checkpoint.Safetensors;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ten steps against PyTorch and transformers: {@code bench/reference/adamw.py}. */
class AdamWParityTest {
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void tenStepsGiveTheSameLossesNormsAndWeights(String name) throws IOException {
        Path folder = Path.of("src/test/resources/golden/adamw", name);
        JsonNode expected = JsonMapper.builder().build().readTree(Files.readAllBytes(folder.resolve("expected.json")));
        ModelFolder source = ModelFolder.open(folder);
        try (Decoder model = source.load(DType.FP32, Device.CPU);
                MasterWeights masters = MasterWeights.of(model.weights());
                Optimizer optimizer = Optimizer.of(settings(expected), masters)) {
            var schedule = new Schedule.Cosine(
                    expected.path("warmUp").intValue(), expected.path("steps").intValue(), 0);
            TokenPrediction<Decoder, Batch> method = TokenPrediction.next(
                    Alternating.read(folder.resolve("batches.safetensors")), List.of(), PassPlan.ONE);
            for (int step = 0; step < expected.path("steps").intValue(); step++) {
                masters.clearGradients();
                double loss = method.accumulate(model, masters::collect, step).loss();
                double norm = masters.clip(expected.path("clip").doubleValue());
                assertThat(schedule.at(step) * expected.path("peak").doubleValue())
                        .as("rate of step %d", step)
                        .isEqualTo(expected.path("lr").path(step).doubleValue(), within(1e-12));
                assertThat(loss)
                        .as("loss of step %d", step)
                        .isEqualTo(expected.path("loss").path(step).doubleValue(), within(1e-4));
                assertThat(norm)
                        .as("norm of step %d", step)
                        .isEqualTo(expected.path("gradNorm").path(step).doubleValue(), within(1e-3));
                optimizer.step(schedule.at(step));
                masters.publish();
            }
            try (Scope scope = Scope.open()) {
                compare(
                        ModelFolder.theirs(source.family(), source.config(), masters.byName()),
                        expected.path("weights"));
            }
        }
    }

    private static Optimizer.Settings settings(JsonNode expected) {
        return new Optimizer.Settings.AdamWSettings(
                expected.path("peak").doubleValue(),
                expected.path("betas").path(0).doubleValue(),
                expected.path("betas").path(1).doubleValue(),
                expected.path("eps").doubleValue(),
                expected.path("weightDecay").doubleValue());
    }

    private static void compare(Map<String, Tensor> weights, JsonNode expected) {
        assertThat(expected.size()).isEqualTo(weights.size());
        for (Map.Entry<String, JsonNode> entry : expected.properties()) {
            String name = entry.getKey();
            JsonNode checks = entry.getValue();
            float[] values = Objects.requireNonNull(weights.get(name), name).toFloats();
            double sum = 0, squares = 0;
            for (float value : values) {
                sum += value;
                squares += (double) value * value;
            }
            assertThat(sum).as("sum of %s", name).isEqualTo(checks.path("sum").doubleValue(), within(1e-3));
            assertThat(Math.sqrt(squares))
                    .as("norm of %s", name)
                    .isEqualTo(checks.path("norm").doubleValue(), within(1e-4));
            for (int i = 0; i < 4; i++) {
                assertThat((double) values[i])
                        .as("%s[%d]", name, i)
                        .isEqualTo(checks.path("first").path(i).doubleValue(), within(1e-5));
            }
            assertThat((double) values[values.length - 1])
                    .as("last of %s", name)
                    .isEqualTo(checks.path("last").doubleValue(), within(1e-5));
        }
    }

    /** Gives the two batches of the golden file in turn. */
    private static final class Alternating implements BatchSource {
        private final List<Batch> batches;
        private int taken;

        private Alternating(List<Batch> batches) {
            this.batches = batches;
        }

        static Alternating read(Path file) {
            try (Safetensors golden = Safetensors.open(file);
                    Scope scope = Scope.open()) {
                Tensor ids = golden.entry("input_ids").tensor(),
                        labels = golden.entry("labels").tensor(); // [2, B, T]
                return new Alternating(List.of(batch(ids, labels, 0), batch(ids, labels, 1)));
            }
        }

        /** transformers shifts labels by one itself; a batch has the target beside the token. */
        private static Batch batch(Tensor ids, Tensor labels, int index) {
            int rows = (int) ids.size(1), columns = (int) ids.size(2);
            int[] tokens = ints(ids.select(0, index)), shifted = ints(labels.select(0, index));
            int[] targets = new int[tokens.length], positions = new int[tokens.length];
            for (int i = 0; i < tokens.length; i++) {
                positions[i] = i % columns;
                targets[i] = positions[i] == columns - 1 ? Batch.NO_LOSS : shifted[i + 1];
            }
            return new Batch(rows, columns, tokens, targets, positions, new int[tokens.length], tokens.length);
        }

        private static int[] ints(Tensor tensor) {
            return Arrays.stream(tensor.toLongs()).mapToInt(Math::toIntExact).toArray();
        }

        @Override
        public Batch next() {
            return batches.get(taken++ % batches.size());
        }

        @Override
        public Cursor cursor() {
            return new Cursor("golden", 0, taken, 0, List.of());
        }

        @Override
        public void seek(Cursor cursor) {
            taken = Math.toIntExact(cursor.position());
        }
    }
}
