package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
    private static final Path GPT2 = Path.of("src/test/resources/tokenizers/gpt2");

    @TempDir
    private Path folder;

    @Test
    void offsetsCountUtf16Units() {
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            String text = "a😀b 你好<|im_end|>😀";
            TokenizedText tokens = tokenizer.tokenize(text);
            var covered = new StringBuilder();
            int end = 0;
            for (int i = 0; i < tokens.size(); i++) {
                String piece = text.substring(tokens.starts()[i], tokens.ends()[i]);
                assertThat(tokenizer.token(tokens.ids()[i]).equals("<|im_end|>"))
                        .isEqualTo(piece.equals("<|im_end|>"));
                if (tokens.starts()[i] == end) {
                    covered.append(piece);
                    end = tokens.ends()[i];
                }
            }
            assertThat(covered).hasToString(text);
        }
    }

    @Test
    void readsLoneSurrogatesAsReplacementCharacters() {
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            assertThat(tokenizer.encode("a\ud83d b\ude00")).isEqualTo(tokenizer.encode("a\ufffd b\ufffd"));
            assertThat(tokenizer.tokenize("\ud83d").ends()).containsOnly(1);
        }
    }

    @Test
    void postProcessorSurroundsText() throws IOException {
        copyFiles();
        replace("tokenizer.json", "\"post_processor\":null", """
                "post_processor":{"type":"TemplateProcessing",
                "single":[{"SpecialToken":{"id":"<|im_start|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
                "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
                "special_tokens":{"<|im_start|>":{"id":"<|im_start|>","ids":[1],"tokens":["<|im_start|>"]}}}""");
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.encodeWithSpecials("a")).containsExactly(1, tokenizer.id("a"));
            assertThat(tokenizer.encode("a")).containsExactly(tokenizer.id("a"));
            assertThat(tokenizer.encode("")).isEmpty();
        }
    }

    @Test
    void truncationAndPaddingOfTheFileAreSetAside() throws IOException {
        copyFiles();
        replace("tokenizer.json", "\"truncation\":null", """
                "truncation":{"direction":"Right","max_length":2,"strategy":"LongestFirst","stride":0}""");
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.encode("1 2 3 4")).hasSizeGreaterThan(2);
        }
    }

    @Test
    void addsTokensThatOnlyTheConfigurationNames() throws IOException {
        copyFiles();
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"eos_token": {"content": "<|im_end|>"}, "pad_token": "[PAD]",
                 "added_tokens_decoder": {"600": {"content": "<think>", "special": false}}}""");
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [2, 0]}");
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.encode("<think>")).containsExactly(600);
            assertThat(tokenizer.decodeText(new int[] {600, 601})).isEqualTo("<think>");
            assertThat(tokenizer.vocabularySize()).isEqualTo(602);
            assertThat(tokenizer.specials().pad()).contains(new SpecialTokens.SpecialToken("[PAD]", 601));
            assertThat(tokenizer.specials().bos()).isEmpty();
            assertThat(tokenizer.specials().stopIds()).containsExactly(0, 2);
        }
    }

    @Test
    void namesTheNearestTokens() {
        try (Tokenizer tokenizer = Tokenizer.load(GPT2)) {
            assertThat(tokenizer.has("<|im_end|>")).isTrue();
            assertThat(tokenizer.has("<|im_ende|>")).isFalse();
            assertThatThrownBy(() -> tokenizer.id("<|im_ende|>"))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("'<|im_end|>'");
            assertThatThrownBy(() -> tokenizer.token(600))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("0 to 599");
        }
    }

    @Test
    void badFilesGiveOneClearLine() throws IOException {
        assertThatThrownBy(() -> Tokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("give a Hugging Face model folder");
        Files.writeString(folder.resolve("vocab.json"), "");
        assertThatThrownBy(() -> Tokenizer.load(folder)).hasMessageContaining("older form");

        String good = Files.readString(GPT2.resolve("tokenizer.json"));
        Map<String, String> reasons = Map.of(
                "",
                "must be an object",
                "[1]",
                "must be an object",
                good.substring(0, good.length() / 2),
                "not valid JSON",
                "{}",
                "no model.vocab",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}",
                "whole number",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [[\"a\", \"b\"]]}}",
                "out of vocabulary",
                "{\"added_tokens\": 3, \"model\": {\"vocab\": {}}}",
                "must be a list",
                "{\"model\": {\"type\": \"Unheard\", \"vocab\": {}}}",
                "malformed");
        for (Map.Entry<String, String> reason : reasons.entrySet()) {
            Files.writeString(folder.resolve("tokenizer.json"), reason.getKey());
            assertThatThrownBy(() -> Tokenizer.load(folder))
                    .as(reason.getKey())
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(reason.getValue());
        }
    }

    @Test
    void textThatTheVocabularyCannotSpellIsRefused() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "<unk>"}}""");
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            assertThat(tokenizer.encode("a")).containsExactly(0);
            assertThatThrownBy(() -> tokenizer.encode("b"))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("cannot read this text");
        }
    }

    @Test
    void fingerprintFollowsTheContent() throws IOException {
        copyFiles();
        try (Tokenizer here = Tokenizer.load(folder);
                Tokenizer there = Tokenizer.load(GPT2.resolve("tokenizer.json"))) {
            assertThat(here.fingerprint()).isEqualTo(there.fingerprint()).hasSize(64);
        }
        replace("tokenizer.json", "<|im_start|>", "<|im_begin|>");
        try (Tokenizer changed = Tokenizer.load(folder.resolve("tokenizer.json"));
                Tokenizer there = Tokenizer.load(GPT2)) {
            assertThat(changed.fingerprint()).isNotEqualTo(there.fingerprint());
        }
    }

    @Test
    void threadsShareOneTokenizerAndClosingIsSafe() {
        Tokenizer tokenizer = Tokenizer.load(GPT2);
        List<String> texts =
                IntStream.range(0, 500).mapToObj(i -> "text " + i + " 😀").toList();
        assertThat(texts.parallelStream()
                        .map(t -> tokenizer.decode(tokenizer.encode(t)))
                        .toList())
                .isEqualTo(texts);
        assertThat(tokenizer.encodeAll(texts)).hasSize(500);
        assertThat(tokenizer.encodeAll(List.of())).isEmpty();
        assertThatThrownBy(() -> tokenizer.decode(new int[] {-1})).isInstanceOf(IllegalArgumentException.class);
        assertThat(tokenizer.decode(new int[] {70_000})).isEmpty();
        tokenizer.close();
        tokenizer.close();
        assertThatThrownBy(() -> tokenizer.encode("a")).isInstanceOf(IllegalStateException.class);
    }

    private void copyFiles() throws IOException {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(GPT2.resolve(name), folder.resolve(name));
        }
    }

    private void replace(String name, String old, String fresh) throws IOException {
        Path file = folder.resolve(name);
        String text = Files.readString(file).replace(" : ", ":");
        assertThat(text).contains(old);
        Files.writeString(file, text.replace(old, fresh));
    }
}
