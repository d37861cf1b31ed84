package dev.crema.text.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.words.WordPatterns;

/**
 * Cuts text into words, the pieces that merges never cross.
 *
 * <p>Each pattern is known twice: as the {@code pre_tokenizer} of a {@code tokenizer.json}, and as a scanner over UTF-8
 * bytes that cuts as its regular expression does, several times faster.
 */
public enum PreTokenization {
    /** GPT-2's pattern: words with the space before them, numbers, punctuation, contractions. */
    GPT2,
    /** The same, with every digit a word of its own: arithmetic is learnt sooner. */
    GPT2_SINGLE_DIGITS,
    /** Qwen2's pattern: single digits, line ends with the punctuation before them, any one mark with the word after. */
    QWEN2;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Receives the bounds of each word. */
    @FunctionalInterface
    interface Words {
        void word(int from, int to);
    }

    /** Cut well-formed UTF-8 into words, taking {@code from} and {@code to} as the ends of the text. */
    void scan(byte[] text, int from, int to, Words words) {
        switch (this) {
            case GPT2 -> WordScanner.gpt2(text, from, to, words);
            case GPT2_SINGLE_DIGITS -> WordScanner.gpt2SingleDigits(text, from, to, words);
            case QWEN2 -> WordScanner.qwen2(text, from, to, words);
        }
    }

    /** Give the {@code pre_tokenizer} of {@code tokenizer.json}. */
    JsonNode json() {
        return switch (this) {
            case GPT2 -> byteLevel(true);
            case GPT2_SINGLE_DIGITS ->
                sequence(JSON.createObjectNode().put("type", "Digits").put("individual_digits", true), byteLevel(true));
            case QWEN2 -> {
                ObjectNode split = JSON.createObjectNode().put("type", "Split");
                split.putObject("pattern").put("Regex", WordPatterns.QWEN2);
                yield sequence(split.put("behavior", "Isolated").put("invert", false), byteLevel(false));
            }
        };
    }

    static ObjectNode byteLevel(boolean useRegex) {
        return JSON.createObjectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", false)
                .put("use_regex", useRegex);
    }

    private static ObjectNode sequence(JsonNode first, JsonNode second) {
        ObjectNode sequence = JSON.createObjectNode().put("type", "Sequence");
        sequence.putArray("pretokenizers").add(first).add(second);
        return sequence;
    }
}
