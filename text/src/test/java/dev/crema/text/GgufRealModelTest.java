package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds the tokenizer and the template of a published GGUF file to those of the same model's folder.
 *
 * <p>The folder was made from the file by transformers, which passes over {@code tokenizer.ggml.pre} and cuts words as
 * GPT-2 does. The model was trained with single digits, as the key says and llama.cpp reads it; the two part where
 * several spaces stand before a digit. So the folder gets the published {@code pre_tokenizer} before it is compared.
 */
@Tag("real-model")
@Tag("shared")
class GgufRealModelTest {
    @TempDir
    Path temporary;

    @Test
    void givesTheIdsOfTheFolderOnMixedTexts() throws IOException {
        List<String> texts = texts();
        assertThat(texts).hasSize(500).doesNotHaveDuplicates();
        try (Tokenizer gguf = Tokenizer.load(file());
                Tokenizer folder = Tokenizer.load(published())) {
            assertThat(gguf.vocabularySize()).isEqualTo(folder.vocabularySize());
            assertThat(gguf.specials().roles()).isEqualTo(folder.specials().roles());
            long tokens = 0;
            for (String text : texts) {
                int[] ids = gguf.encodeWithSpecials(text);
                assertThat(ids).as(text).isEqualTo(folder.encodeWithSpecials(text));
                assertThat(gguf.decode(ids)).isEqualTo(folder.decode(ids));
                tokens += ids.length;
            }
            assertThat(tokens).isGreaterThan(20_000);
        }
    }

    @Test
    void rendersAsTheFolderDoes() throws IOException {
        ChatTemplate gguf = ChatTemplate.load(file()), folder = ChatTemplate.load(SharedData.realModel());
        List<Message> messages =
                List.of(Message.system("Be brief."), Message.user("你好\n 🙂"), Message.assistant("Hi."));
        assertThat(gguf.render(messages, true))
                .isEqualTo(folder.render(messages, true))
                .isNotBlank();
        assertThat(gguf.render(messages.subList(1, 2), true)).isEqualTo(folder.render(messages.subList(1, 2), true));
    }

    private Path published() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        Path source = SharedData.realModel();
        ObjectNode tokenizer = (ObjectNode) mapper.readTree(Files.readString(source.resolve("tokenizer.json")));
        tokenizer.set("pre_tokenizer", mapper.readTree("""
                        {"type": "Sequence", "pretokenizers": [
                          {"type": "Digits", "individual_digits": true},
                          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]}"""));
        Files.writeString(temporary.resolve("tokenizer.json"), tokenizer.toString());
        Files.copy(source.resolve("tokenizer_config.json"), temporary.resolve("tokenizer_config.json"));
        return temporary;
    }

    private static Path file() throws IOException {
        try (var files =
                Files.list(Objects.requireNonNull(SharedData.realModel().getParent()))) {
            return files.filter(file -> file.toString().endsWith(".gguf"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static List<String> texts() throws IOException {
        List<String> texts = new ArrayList<>();
        add(texts, 150, SharedData.path("wikitext2/test.txt"));
        add(texts, 100, SharedData.path("zh-manpages/manpages_zh_CN.roff.txt"));
        add(texts, 50, SharedData.path("llamafactory/alpaca_zh_demo.json"));
        add(texts, 60, SharedData.path("cs336/test_tokenizer.py"));
        add(texts, 20, SharedData.path("cs336/german.txt"));
        String[] pieces = {
            " ",
            "  ",
            "\t",
            "\n",
            "\r\n",
            "\u00a0",
            "\u3000",
            "🙂",
            "👩‍👩‍👧",
            "🇫🇷",
            "é",
            "e\u0301",
            "ﬁ",
            "中文",
            "漢",
            "ยี",
            "א",
            "1",
            "42",
            "3.14",
            "½",
            "don't",
            "I'LL",
            "_x",
            "==",
            "->",
            "</s>",
            "<|im_start|>",
            "<|im_end|>",
            "<file_sep>",
            "word",
            "Ünï"
        };
        SplittableRandom random = new SplittableRandom(11);
        while (texts.size() < 500) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 5 + random.nextInt(20); i++) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            texts.add(text.toString());
        }
        return texts;
    }

    /** Adds lines of a file, spread over all of it, each once. */
    private static void add(List<String> texts, int count, Path file) throws IOException {
        List<String> lines = Files.readAllLines(file).stream()
                .filter(line -> line.length() > 1)
                .distinct()
                .toList();
        int step = Math.max(1, lines.size() / count);
        for (int i = 0; i < Math.min(count, lines.size()); i++) {
            if (!texts.contains(lines.get(i * step))) {
                texts.add(lines.get(i * step));
            }
        }
    }
}
