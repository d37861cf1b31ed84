package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.gguf.GgufValue;
import dev.crema.text.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small SentencePiece vocabulary in GGUF, where the order of the merges can be followed by hand. */
class SentencePiecesTest {
    private final List<String> tokens = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();
    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();

    @TempDir
    Path folder;

    @BeforeEach
    void vocabulary() {
        token("<unk>", 2, 0);
        token("<s>", 3, 0);
        token("</s>", 3, 0);
        for (int b = 0; b < 256; b++) {
            token(String.format("<0x%02X>", b), 6, 0);
        }
        token("ab", 1, -1);
        token("bc", 1, -2);
        token("abc", 1, -3);
        token("\u2581a", 1, -4);
        token("xy", 1, -5); // of letters that are no tokens
        for (String letter : List.of("\u2581", "a", "b", "c")) {
            token(letter, 1, -9);
        }
        metadata.put("tokenizer.ggml.model", new GgufValue.Text("llama"));
    }

    private void token(String token, int type, float score) {
        tokens.add(token);
        types.add(type);
        scores.add(score);
    }

    @Test
    void mergesByScoreAndNotByPlace() throws IOException {
        try (Tokenizer tokenizer = load()) {
            assertThat(spelled(tokenizer, "abc")).containsExactly("\u2581", "abc");
            assertThat(spelled(tokenizer, "bcab")).containsExactly("\u2581", "bc", "ab");
            assertThat(spelled(tokenizer, "ac a")).containsExactly("\u2581a", "c", "\u2581a");
        }
    }

    @Test
    void mergesLettersThatAreNoTokens() throws IOException {
        try (Tokenizer tokenizer = load()) {
            assertThat(spelled(tokenizer, "xyx")).containsExactly("\u2581", "xy", "<0x78>");
            assertThat(spelled(tokenizer, "é")).containsExactly("\u2581", "<0xC3>", "<0xA9>");
        }
    }

    @Test
    void cutsOutTokensThatStandForThemselves() throws IOException {
        try (Tokenizer tokenizer = load()) {
            assertThat(spelled(tokenizer, "a</s>a")).containsExactly("\u2581a", "</s>", "\u2581a");
            assertThat(tokenizer.encodeWithSpecials("a")).containsExactly(1, tokenizer.id("\u2581a"));
            assertThat(tokenizer.specials().stopIds()).containsExactly(2);
        }
    }

    @Test
    void saysWhereTokensStand() throws IOException {
        try (Tokenizer tokenizer = load()) {
            TokenizedText text = tokenizer.tokenize("a</s>é🙂");
            assertThat(text.starts()).containsExactly(0, 1, 5, 5, 5, 6, 6, 6, 6);
            assertThat(text.ends()).containsExactly(1, 5, 5, 6, 6, 8, 8, 8, 8);
        }
    }

    @Test
    void writesWhatItRead() throws IOException {
        try (Tokenizer tokenizer = load()) {
            for (String text : List.of("abc", " a b", "é\n🙂 ab", "xy</s> c")) {
                assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text.replace("</s> c", "</s>  c"));
            }
            assertThat(tokenizer.decodeText(new int[] {1, 2})).isEmpty();
        }
    }

    @Test
    void putsNoSpaceBeforeATextIfTheFileSaysSo() throws IOException {
        metadata.put("tokenizer.ggml.add_space_prefix", new GgufValue.Flag(false));
        metadata.put("tokenizer.ggml.add_bos_token", new GgufValue.Flag(false));
        try (Tokenizer tokenizer = load()) {
            assertThat(spelled(tokenizer, "abc a")).containsExactly("abc", "\u2581a");
            assertThat(tokenizer.encodeWithSpecials("abc")).containsExactly(tokenizer.id("abc"));
            assertThat(tokenizer.decode(tokenizer.encode(" a"))).isEqualTo(" a");
        }
    }

    @Test
    void agreesWithTheTokenizerJsonItSaves() throws IOException {
        Path file = write();
        ModelTexts.of(file).save(folder.resolve("saved"));
        try (Tokenizer gguf = Tokenizer.load(file);
                Tokenizer json = Tokenizer.load(folder.resolve("saved"))) {
            for (String text : List.of("", "abc", "bcab abca", "a é\n 🙂</s>ab", "  a  ")) {
                assertThat(json.encodeWithSpecials(text)).isEqualTo(gguf.encodeWithSpecials(text));
                assertThat(json.decode(json.encode(text))).isEqualTo(gguf.decode(gguf.encode(text)));
            }
        }
    }

    @Test
    void comesBackFromATokenizerJson() throws IOException {
        ModelTexts.of(write()).save(folder.resolve("saved"));
        metadata.clear();
        metadata.putAll(GgufTokenizer.metadata(folder.resolve("saved"), tokens.size()));
        Path again = folder.resolve("again.gguf");
        GgufWriter.write(again, metadata, List.of(), (tensor, sink) -> {});
        try (Tokenizer tokenizer = Tokenizer.load(again)) {
            assertThat(spelled(tokenizer, "bcab a")).containsExactly("\u2581", "bc", "ab", "\u2581a");
            assertThat(tokenizer.encodeWithSpecials("a")).containsExactly(1, tokenizer.id("\u2581a"));
            assertThat(tokenizer.specials().stopIds()).containsExactly(2);
        }
    }

    @Test
    void namesATokenThatIsThereTwice() {
        token("ab", 1, 0);
        assertThatThrownBy(this::load).isInstanceOf(InputException.class).hasMessageContaining("'ab' is there twice");
    }

    private Tokenizer load() throws IOException {
        return Tokenizer.load(write());
    }

    private Path write() throws IOException {
        float[] values = new float[scores.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = scores.get(i);
        }
        metadata.put("tokenizer.ggml.tokens", GgufValue.Array.ofTexts(tokens));
        metadata.put("tokenizer.ggml.scores", GgufValue.Array.ofFloats(values));
        metadata.put(
                "tokenizer.ggml.token_type",
                GgufValue.Array.ofInts(
                        types.stream().mapToInt(Integer::intValue).toArray()));
        Path file = folder.resolve("vocabulary.gguf");
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        GgufWriter.write(file, metadata, List.of(), (tensor, sink) -> {});
        return file;
    }

    private static List<String> spelled(Tokenizer tokenizer, String text) {
        List<String> spelled = new ArrayList<>();
        for (int id : tokenizer.encode(text)) {
            spelled.add(tokenizer.token(id));
        }
        return spelled;
    }
}
