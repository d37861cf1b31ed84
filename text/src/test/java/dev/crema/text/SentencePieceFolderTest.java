package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads folders that have SentencePiece's own file in place of a {@code tokenizer.json}. */
class SentencePieceFolderTest {
    private static final Path GOLDEN = Path.of("src/test/resources/sentencepiece");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void givesTheIdsOfTransformers(int number) throws IOException {
        JsonNode golden = JSON.readTree(GOLDEN.resolve("ids.json").toFile());
        JsonNode each = golden.path("cases").get(number);
        Files.copy(
                GOLDEN.resolve(each.path("model").asText()),
                folder.resolve(each.path("file").asText()));
        Files.writeString(
                folder.resolve("tokenizer_config.json"), each.path("config").toString());
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (int i = 0; i < golden.path("texts").size(); i++) {
                String text = golden.path("texts").get(i).asText();
                JsonNode ids = each.path("ids").get(i);
                int[] expected = new int[ids.size()];
                Arrays.setAll(expected, t -> ids.get(t).asInt());
                assertThat(tokenizer.encodeWithSpecials(text)).as(text).isEqualTo(expected);
            }
            assertThat(tokenizer.specials().eos()).isPresent();
        }
    }

    @Test
    void savesAsTokenizerJson() throws IOException {
        Files.copy(GOLDEN.resolve("unigram.model"), folder.resolve("spiece.model"));
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"t5\"}");
        Path saved = folder.resolve("saved");
        ModelTexts.of(folder).save(saved);
        try (Tokenizer before = Tokenizer.load(folder);
                Tokenizer after = Tokenizer.load(saved)) {
            assertThat(after.encodeWithSpecials("naïve ½ <extra_id_99>"))
                    .isEqualTo(before.encodeWithSpecials("naïve ½ <extra_id_99>"));
            assertThat(after.specials().eos()).isEqualTo(before.specials().eos());
        }
    }

    @Test
    void refusesAnotherClass() throws IOException {
        Files.copy(GOLDEN.resolve("unigram.model"), folder.resolve("spiece.model"));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"AlbertTokenizer\"}");
        assertThatThrownBy(() -> Tokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("AlbertTokenizer")
                .hasMessageContaining("tokenizer.json");
    }

    @Test
    void refusesRulesThatWouldEndTheProcess() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"normalizer": {"type": "Sequence", "normalizers": [
                  {"type": "Precompiled", "precompiled_charsmap": "/////wAA"}]}, "model": {"type": "BPE"}}
                """);
        assertThatThrownBy(() -> Tokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("rules of characters");
    }

    /** The native tokenizer walks the rules without a look: what is let through must not lead it outside. */
    @Test
    @Timeout(60)
    void readsOrRefusesDamagedFiles() throws IOException {
        byte[] sound = Files.readAllBytes(GOLDEN.resolve("unigram.model"));
        JsonNode config = JSON.createObjectNode().put("tokenizer_class", "T5Tokenizer");
        int read = 0, files = 400;
        for (int seed = 0; seed < files; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] bytes = sound.clone();
            if (random.nextInt(8) == 0) bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            // Most hit the rules of characters, which are most of the file.
            for (int i = 0; i <= random.nextInt(4) && bytes.length > 0; i++) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                String json = SentencePieceVocabulary.of("spiece.model", bytes, config, config)
                        .tokenizer()
                        .toString();
                try (TokenizerEngine engine = new NativeTokenizer(json)) {
                    engine.encode("ﬁ ½ Ａ naïve \u0301 漢字 🙂 " + Character.toString(0x300 + seed), true);
                }
                read++;
            } catch (RuntimeException refused) {
                assertThat(refused.getMessage()).isNotBlank();
            }
        }
        assertThat(read).isBetween(files / 20, files * 19 / 20);
    }
}
