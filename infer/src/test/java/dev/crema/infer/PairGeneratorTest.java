package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.infer.Completion.FinishReason;
import dev.crema.model.Encoded;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderInput;
import dev.crema.model.Model;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PairGeneratorTest {
    private static final List<int[]> PROMPTS = List.of(
            new int[] {3, 14, 15, 9, 2, 6}, new int[] {5}, new int[] {48, 9, 7, 9, 3, 2, 3, 8, 4}, new int[] {27, 18});

    static Stream<Sampling> samplings() {
        return Stream.of(Sampling.greedy(), Sampling.at(1), new Sampling(1.2, 20, 0.95, 0.01, 1.3));
    }

    @ParameterizedTest
    @MethodSource("samplings")
    void aSequenceIsTheSameInABatchAndByItself(Sampling sampling) {
        try (EncoderDecoder model = TinyModel.encoderDecoder()) {
            // Some sequences meet a stop token early, so the batch is packed on the way.
            GenerationOptions options = new GenerationOptions(25, sampling, Set.of(0, 1, 2, 3, 4), 42);
            int samples = 3;
            List<Completion> batch = BatchWriter.of(model)
                    .generate(PROMPTS, samples, options, TokenListener.NONE)
                    .completions();
            assertThat(batch).hasSize(PROMPTS.size() * samples);
            for (int i = 0; i < batch.size(); i++) {
                Sequence alone = new Sequence(i, i / samples, new int[0], Integer.MAX_VALUE, options);
                recompute(model, PROMPTS.get(i / samples), alone);
                assertThat(batch.get(i).prompt()).isEqualTo(i / samples);
                assertThat(batch.get(i).ids())
                        .as("sequence %d", i)
                        .isEqualTo(alone.completion().ids());
                assertThat(batch.get(i).logProbabilities())
                        .containsExactly(alone.completion().logProbabilities(), offset(1e-3f));
            }
            assertThat(batch.stream().map(Completion::finishReason)).contains(FinishReason.STOP);
        }
    }

    /** Writes a sequence without a cache: every token runs the whole of what is before it. */
    private static void recompute(EncoderDecoder model, int[] prompt, Sequence sequence) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Encoded encoded = model.encode(EncoderInput.of(List.of(prompt), Device.CPU));
            int[] all = {model.config().startId()};
            while (sequence.take(lastLogits(model, all, encoded), TokenListener.NONE)) {
                all = Arrays.copyOf(all, all.length + 1);
                all[all.length - 1] = sequence.lastToken();
            }
        }
    }

    private static float[] lastLogits(EncoderDecoder model, int[] ids, Encoded encoded) {
        try (Scope scope = Scope.open()) {
            Tensor hidden = model.decode(Tensors.of(ids, 1, ids.length), encoded);
            return model.logits(hidden.narrow(1, ids.length - 1, 1)).toFloats();
        }
    }

    @Test
    void writesWhatTransformersWrites() throws IOException {
        Path folder = Path.of("src/test/resources/golden/t5");
        JsonNode golden = JsonMapper.builder()
                .build()
                .readTree(folder.resolve("greedy.json").toFile());
        List<int[]> prompts = lists(golden.path("prompts"));
        GenerationOptions options = new GenerationOptions(
                golden.path("max_new_tokens").asInt(),
                Sampling.greedy(),
                Set.of(golden.path("end").asInt()),
                0);
        try (Model model = ModelFolder.open(folder).load(Model.class, DType.FP32, Device.CPU)) {
            List<int[]> written =
                    BatchWriter.of(model).generate(prompts, 1, options, TokenListener.NONE).completions().stream()
                            .map(Completion::ids)
                            .toList();
            assertThat(written)
                    .usingElementComparator(Arrays::compare)
                    .containsExactlyElementsOf(lists(golden.path("written")));
        }
    }

    private static List<int[]> lists(JsonNode node) {
        List<int[]> lists = new ArrayList<>();
        for (JsonNode list : node) {
            int[] ids = new int[list.size()];
            Arrays.setAll(ids, i -> list.get(i).asInt());
            lists.add(ids);
        }
        return lists;
    }

    @Test
    void refusesAPromptOutsideTheVocabulary() {
        try (EncoderDecoder model = TinyModel.encoderDecoder()) {
            GenerationOptions options = new GenerationOptions(2, Sampling.greedy(), Set.of(), 1);
            List<int[]> prompts = List.of(new int[] {3}, new int[] {1000});
            assertThatThrownBy(() -> BatchWriter.of(model).generate(prompts, 1, options, TokenListener.NONE))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("1000");
        }
    }
}
