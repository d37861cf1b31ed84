package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CharacterVocabularyTest {
    private static final String TEXT = "To be,\n\n  or not\tto be: é 中文 🙂 \"quoted\\\"\n ";

    @TempDir
    Path folder;

    private static byte[] resource(String name) throws IOException {
        try (InputStream in =
                CharacterVocabularyTest.class.getResourceAsStream("/golden/character-vocabulary/" + name)) {
            return Objects.requireNonNull(in).readAllBytes();
        }
    }

    private CharacterVocabulary vocabulary(String text) {
        return CharacterVocabulary.of(
                Source.of(TestData.write(folder, "corpus.txt", text).toString()));
    }

    @Test
    void textComesBackLetterForLetter() {
        CharacterVocabulary vocabulary = vocabulary(TEXT);
        vocabulary.write(folder.resolve("tokenizer"));
        try (Tokenizer tokenizer = Tokenizer.load(folder.resolve("tokenizer"))) {
            int[] ids = tokenizer.encode(TEXT);
            assertThat(ids).hasSize((int) TEXT.codePoints().count());
            assertThat(tokenizer.decode(ids)).isEqualTo(TEXT);
            assertThat(tokenizer.vocabularySize()).isEqualTo(vocabulary.size());
            assertThat(tokenizer.encode("Z")).containsExactly(vocabulary.size() - 1);
        }
    }

    @Test
    void transformersReadsTheFileAsWeDo() throws IOException {
        JsonMapper json = new JsonMapper();
        vocabulary(TEXT).write(folder);
        assertThat(json.readTree(Files.readAllBytes(folder.resolve("tokenizer.json"))))
                .isEqualTo(json.readTree(resource("tokenizer.json")));
        JsonNode golden = json.readTree(resource("cases.json"));
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (JsonNode each : golden.path("cases")) {
                int[] ids = IntStream.range(0, each.get("ids").size())
                        .map(i -> each.get("ids").get(i).intValue())
                        .toArray();
                assertThat(tokenizer.encode(each.get("text").textValue())).isEqualTo(ids);
                assertThat(tokenizer.decode(ids)).isEqualTo(each.get("decoded").textValue());
            }
        }
    }

    @Test
    void anEmptyVocabularyIsRefused() {
        assertThatThrownBy(() -> new CharacterVocabulary(List.of())).isInstanceOf(InputException.class);
    }

    @Test
    @Tag("shared")
    void shakespeareHasItsSixtyFiveCharacters() {
        Path text = Path.of(System.getProperty("crema.shared"), "data", "tinyshakespeare", "input.txt");
        CharacterVocabulary vocabulary = CharacterVocabulary.of(Source.of(text.toString()));
        assertThat(vocabulary.characters()).hasSize(65).startsWith((int) '\n', (int) ' ', (int) '!');
        vocabulary.write(folder);
        try (Tokenizer tokenizer = Tokenizer.load(folder);
                TokenCache cache = TokenCaches.of(
                        Source.of(text.toString()), ExampleTokenizer.of(tokenizer), folder.resolve("cache"))) {
            assertThat(cache.tokens()).isEqualTo(1_115_394);
            assertThat(cache.count()).isEqualTo(1);
            Documents.Sides sides = Documents.splitTrailing(cache, 0.1);
            assertThat(sides.train().predictions()).isEqualTo(1_003_854 - 1);
        }
    }
}
