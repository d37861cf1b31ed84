package dev.crema.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.crema.text.words.WordPatterns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds the hand-written scanners to the regular expressions they stand for. */
class WordScannerTest {
    private static final String[] PIECES = {
        "a", "b", "Z", "the", "'", "'s", "'S", "'ſ", "'re", "'LL", "'ve", "'d", "'m", "'t", " ", "  ", "\n", "\r",
                "\r\n", "\t",
        "\u00a0", "\u3000", "\u2028", "\u0085", "\u180e", "\u200b", "1", "23", "٣", "½", "Ⅷ", ".", ",", "!?", "，", "。",
                "你好", "é", "e\u0301", "ß",
        "😀", "👍🏽", "𝒜", "𝟙", "<", "|", ">", "_", "-", "\u0000", "\u001f", "ʼ", "ª", "\ufffd", "\udbff\udfff"
    };

    @Test
    void cutsAsGpt2sPattern() {
        compare(PreTokenization.GPT2, WordPatterns.GPT2);
    }

    @Test
    void cutsAsQwen2sPattern() {
        compare(PreTokenization.QWEN2, WordPatterns.QWEN2);
    }

    /** What the Rust library's own pre-tokenizers cut: {@code bench/reference/tokenizer_goldens.py}. */
    @Test
    void cutsAsHuggingFace() throws IOException {
        Path goldens = Path.of("src/test/resources/tokenizers");
        JsonNode texts =
                new ObjectMapper().readTree(goldens.resolve("strings.json").toFile());
        JsonNode lengths =
                new ObjectMapper().readTree(goldens.resolve("words.golden.json").toFile());
        for (PreTokenization pre : PreTokenization.values()) {
            JsonNode rows = lengths.get(pre.name().toLowerCase(Locale.ROOT));
            assertThat(rows).hasSize(texts.size());
            for (int i = 0; i < rows.size(); i++) {
                List<Integer> expected = new ArrayList<>();
                rows.get(i).forEach(length -> expected.add(length.intValue()));
                String text = texts.get(i).textValue();
                assertThat(words(pre, text))
                        .as(text)
                        .extracting(word -> word.getBytes(StandardCharsets.UTF_8).length)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void singleDigitsSplitBeforeThePattern() {
        var digits = Pattern.compile("\\p{N}|\\P{N}+");
        Pattern gpt2 = Pattern.compile(WordPatterns.GPT2, Pattern.UNICODE_CHARACTER_CLASS);
        var random = new Random(11);
        for (int round = 0; round < 20_000; round++) {
            String text = text(random);
            List<String> expected = new ArrayList<>();
            digits.matcher(text)
                    .results()
                    .forEach(part -> gpt2.matcher(part.group()).results().forEach(word -> expected.add(word.group())));
            assertThat(words(PreTokenization.GPT2_SINGLE_DIGITS, text)).as(text).isEqualTo(expected);
        }
    }

    @Test
    void knowsWellFormedUtf8() {
        var random = new Random(3);
        for (int round = 0; round < 200_000; round++) {
            var bytes = new byte[random.nextInt(1, 7)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (random.nextInt(4) == 0 ? random.nextInt(128) : random.nextInt(0x80, 0x100));
            }
            String text = new String(bytes, StandardCharsets.UTF_8);
            boolean wellFormed = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes);
            assertThat(CharClass.malformed(bytes, 0, bytes.length) < 0).isEqualTo(wellFormed);
        }
    }

    @Test
    void anyTextCutByASplitterScansAsWhole() {
        var random = new Random(17);
        var splitter = new SpecialSplitter(List.of("<|a b|>", "<|", "the|"));
        int cuts = 0;
        for (PreTokenization pre : PreTokenization.values()) {
            for (int round = 0; round < 20_000; round++) {
                byte[] text = (text(random) + text(random)).getBytes(StandardCharsets.UTF_8);
                int cut = splitter.cut(text, 0, text.length);
                cuts += cut > 0 ? 1 : 0;
                List<String> whole = words(splitter, pre, text, 0, text.length);
                List<String> parts = new ArrayList<>(words(splitter, pre, text, 0, cut));
                parts.addAll(words(splitter, pre, text, cut, text.length));
                assertThat(parts).isEqualTo(whole);
            }
        }
        assertThat(cuts).isGreaterThan(10_000);
    }

    private static void compare(PreTokenization pre, String regex) {
        Pattern pattern = Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE);
        var random = new Random(7);
        for (int round = 0; round < 50_000; round++) {
            String text = text(random);
            List<String> expected =
                    pattern.matcher(text).results().map(r -> r.group()).toList();
            assertThat(words(pre, text)).as(text).isEqualTo(expected);
        }
    }

    private static String text(Random random) {
        var text = new StringBuilder();
        int pieces = random.nextInt(1, 14);
        for (int i = 0; i < pieces; i++) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    private static List<String> words(PreTokenization pre, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return words(new SpecialSplitter(List.of()), pre, bytes, 0, bytes.length);
    }

    private static List<String> words(SpecialSplitter splitter, PreTokenization pre, byte[] bytes, int from, int to) {
        var words = new ArrayList<String>();
        splitter.scan(
                bytes,
                from,
                to,
                pre,
                (start, end) -> words.add(new String(bytes, start, end - start, StandardCharsets.UTF_8)));
        return words;
    }
}
