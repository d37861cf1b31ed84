package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DetokenizerTest {
    private static final Path GPT2 = Path.of("src/test/resources/tokenizers/gpt2");

    /** The shape of a Llama 2 tokenizer: spaces as ▁, bytes for what the vocabulary lacks, the first space dropped. */
    private static final String SENTENCE_PIECE = """
            {"version": "1.0", "added_tokens": [],
             "normalizer": {"type": "Sequence", "normalizers": [
               {"type": "Prepend", "prepend": "▁"},
               {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
             "decoder": {"type": "Sequence", "decoders": [
               {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
               {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
             "model": {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>", "merges": [["▁", "a"]],
               "vocab": {"<unk>": 0, "▁": 1, "a": 2, "▁a": 3, "b": 4%s}}}""";

    @Test
    void holdsBackHalfACharacter() {
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            List<String> pieces = pieces(tokenizer.detokenizer(), tokenizer.encode("a🦀b"));
            assertThat(pieces).containsExactly("a", "", "", "🦀", "b", "");
        }
    }

    @Test
    void finishGivesWhatNeverBecameWhole() {
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            int[] emoji = tokenizer.encode("🦀");
            Detokenizer stream = tokenizer.detokenizer();
            assertThat(stream.append(emoji[0]) + stream.append(emoji[1])).isEmpty();
            assertThat(stream.finish()).isEqualTo("\ufffd");
            assertThat(stream.append(tokenizer.id("a"))).isEqualTo("a");
        }
    }

    @Test
    void joinsToTheWholeDecodingOfRandomTokens() {
        var random = new Random(5);
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            for (int round = 0; round < 200; round++) {
                int[] ids = random.ints(60, 0, tokenizer.vocabularySize()).toArray();
                assertThat(String.join("", pieces(tokenizer.detokenizer(), ids)))
                        .isEqualTo(tokenizer.decode(ids));
                assertThat(String.join("", pieces(tokenizer.textDetokenizer(), ids)))
                        .isEqualTo(tokenizer.decodeText(ids));
            }
        }
    }

    @Test
    void keepsSpacesAndBytesOfSentencePiece(@TempDir Path folder) throws IOException {
        var bytes = new StringBuilder();
        for (int i = 0; i < 256; i++) {
            bytes.append(", \"<0x%02X>\": %d".formatted(i, 5 + i));
        }
        Files.writeString(folder.resolve("tokenizer.json"), SENTENCE_PIECE.formatted(bytes));
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            String text = "a a你b 😀 a";
            int[] ids = tokenizer.encode(text);
            assertThat(ids).hasSizeGreaterThan(text.getBytes(StandardCharsets.UTF_8).length - 5);
            List<String> pieces = pieces(tokenizer.detokenizer(), ids);
            assertThat(String.join("", pieces)).isEqualTo(text);
            assertThat(pieces).contains("你", "😀").noneMatch(piece -> piece.contains("\ufffd"));
        }
    }

    private static List<String> pieces(Detokenizer stream, int[] ids) {
        var pieces = new ArrayList<String>();
        for (int id : ids) {
            pieces.add(stream.append(id));
        }
        pieces.add(stream.finish());
        return pieces;
    }
}
