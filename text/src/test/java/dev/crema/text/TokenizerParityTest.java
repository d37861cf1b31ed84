package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the tokenizer to what transformers wrote down: {@code bench/reference/tokenizer_goldens.py}. */
class TokenizerParityTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Tokenizers of our own training, one with each way to cut text into words. */
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "gpt2_single_digits", "qwen2"})
    void ownTraining(String name) throws Exception {
        compare(name, Path.of("src/test/resources/tokenizers", name));
    }

    @Test
    @Tag("shared")
    void qwen3() throws Exception {
        compare("qwen3", SharedData.path("qwen3-tokenizer"));
    }

    @Test
    @Tag("shared")
    void minimind() throws Exception {
        compare("minimind", SharedData.path("minimind-tokenizer"));
    }

    @Test
    @Tag("real-model")
    void smolLm2() throws Exception {
        compare("smollm2", SharedData.realModel());
    }

    private static void compare(String name, Path folder) throws IOException {
        List<String> texts = new ArrayList<>();
        resource("strings.json").forEach(text -> texts.add(text.textValue()));
        JsonNode golden = resource(name + ".golden.json");
        JsonNode rows = golden.get("rows");
        assertThat(texts).hasSizeGreaterThan(200).hasSize(rows.size());

        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(golden.get("size").intValue());
            golden.get("specials").properties().forEach(special -> {
                String token = special.getValue().get(0).textValue();
                int id = special.getValue().get(1).intValue();
                assertThat(tokenizer.id(token)).isEqualTo(id);
                assertThat(tokenizer.specials().roles().values()).contains(new SpecialTokens.SpecialToken(token, id));
            });
            List<int[]> batch = tokenizer.encodeAll(texts);
            for (int i = 0; i < texts.size(); i++) {
                String text = texts.get(i);
                JsonNode row = rows.get(i);
                int[] ids = ints(row.get("ids"));
                assertThat(tokenizer.encode(text)).as(text).isEqualTo(ids);
                assertThat(batch.get(i)).as(text).isEqualTo(ids);
                assertThat(tokenizer.encodeWithSpecials(text)).as(text).isEqualTo(ints(row.get("withSpecials")));
                TokenizedText tokenized = tokenizer.tokenize(text);
                assertThat(tokenized.ids()).as(text).isEqualTo(ids);
                assertThat(tokenized.starts()).as(text).isEqualTo(ints(row.get("starts")));
                assertThat(tokenized.ends()).as(text).isEqualTo(ints(row.get("ends")));
                String decoded = row.get("decode").textValue();
                String plain = row.get("decodeText").textValue();
                assertThat(tokenizer.decode(ids)).isEqualTo(decoded);
                assertThat(tokenizer.decodeText(ids)).isEqualTo(plain);
                assertThat(stream(tokenizer.detokenizer(), ids)).isEqualTo(decoded);
                assertThat(stream(tokenizer.textDetokenizer(), ids)).isEqualTo(plain);
            }
        }
    }

    private static String stream(Detokenizer detokenizer, int[] ids) {
        var text = new StringBuilder();
        for (int id : ids) {
            text.append(detokenizer.append(id));
        }
        return text.append(detokenizer.finish()).toString();
    }

    private static int[] ints(JsonNode array) {
        return IntStream.range(0, array.size())
                .map(i -> array.get(i).intValue())
                .toArray();
    }

    private static JsonNode resource(String name) throws IOException {
        try (InputStream in = TokenizerParityTest.class.getResourceAsStream("/tokenizers/" + name)) {
            return JSON.readTree(in);
        }
    }
}
