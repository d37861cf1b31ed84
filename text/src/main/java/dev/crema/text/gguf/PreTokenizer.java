package dev.crema.text.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import dev.crema.text.words.WordPatterns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How a text is cut into words before merges run inside them: GGUF has a name for it, {@code tokenizer.ggml.pre}, where
 * {@code tokenizer.json} has the regular expressions.
 *
 * <p>Each expression cuts the pieces that the one before has left; what it matches is a piece, and what lies between two
 * matches is one too. The expressions are those that the models were published with.
 */
enum PreTokenizer {
    GPT2(
            List.of(WordPatterns.GPT2),
            "gpt-2",
            "phi-2",
            "mpt",
            "olmo",
            "jais",
            "exaone4",
            "gigachat",
            "trillion",
            "modern-bert",
            "jina-es",
            "jina-de",
            "jina-v2-es",
            "jina-v2-de",
            "jina-v2-code",
            "roberta-bpe"),
    GPT2_SINGLE_DIGITS(
            List.of(Expressions.DIGIT, WordPatterns.GPT2),
            "smollm",
            "starcoder",
            "refact",
            "command-r",
            "codeshell",
            "exaone",
            "minerva-7b"),
    QWEN2(List.of(WordPatterns.QWEN2), "qwen2", "deepseek-r1-qwen", "megrez", "stablelm2", "hunyuan"),
    LLAMA3(
            List.of(Expressions.LLAMA3),
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2"),
    /** The same, but a word that is a token goes through the merges too. */
    LLAMA3_MERGED(List.of(Expressions.LLAMA3), "dbrx", "smaug-bpe", "glm4", "chatglm-bpe"),
    GPT4O(List.of(Expressions.GPT4O), "gpt-4o", "llama4"),
    TEKKEN(List.of(Expressions.TEKKEN), "tekken"),
    DEEPSEEK_LLM(
            List.of(
                    "[\r\n]",
                    Expressions.CASED_LETTERS,
                    "\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+",
                    "\\s+$",
                    Expressions.CJK,
                    Expressions.DIGIT),
            "deepseek-llm"),
    DEEPSEEK_CODER(
            List.of("[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", Expressions.CJK, Expressions.DIGIT), "deepseek-coder"),
    DEEPSEEK_V3(List.of("\\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+", Expressions.DEEPSEEK_V3), "deepseek-v3"),
    FALCON(List.of("[\\p{P}\\$\\+<=>\\^~\\|`]+", WordPatterns.GPT2, "[0-9][0-9][0-9]"), "falcon"),
    /** What files had before the key existed. */
    DEFAULT(List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", WordPatterns.GPT2, "\\p{N}+", "[0-9][0-9][0-9]"), "default");

    /** The longer ones. */
    private static final class Expressions {
        static final String DIGIT = "\\p{N}";
        static final String CJK = "[一-龥ࠀ-一가-\uD7FF]+";
        static final String LLAMA3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        static final String DEEPSEEK_V3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+"
                + "|\\s+(?!\\S)|\\s+";
        private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
        private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
        private static final String BEFORE = "[^\\r\\n\\p{L}\\p{N}]?";
        private static final String AFTER = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
        private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        static final String TEKKEN =
                BEFORE + UPPER + "*" + LOWER + "+|" + BEFORE + UPPER + "+" + LOWER + "*|\\p{N}" + REST;
        static final String GPT4O = BEFORE + UPPER + "*" + LOWER + "+" + AFTER + "|" + BEFORE + UPPER + "+" + LOWER
                + "*" + AFTER + "|\\p{N}{1,3}" + REST;
        /** Letters of the scripts that have cases. */
        static final String CASED_LETTERS = "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-Ჺ"
                + "Ჽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u1F7Dᾀ-ᾴᾶ-ᾼ\u1FBEῂ-ῄῆ-ῌῐ-\u1FD3ῖ-\u1FDBῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u2126ℨ\u212A-ℭ"
                + "ℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";
    }

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final List<String> expressions;
    private final List<String> names;

    PreTokenizer(List<String> expressions, String... names) {
        this.expressions = expressions;
        this.names = List.of(names);
    }

    /**
     * Find a pre-tokenizer by what GGUF calls it.
     *
     * @throws InputException if it is not known: with another, the model would read other tokens than it was trained on
     */
    static PreTokenizer of(String file, String name) {
        for (PreTokenizer each : values()) {
            if (each.names.contains(name)) {
                return each;
            }
        }
        throw new InputException(file + ": the pre-tokenizer \"" + name + "\" is not known; known are "
                + Arrays.stream(values()).flatMap(each -> each.names.stream()).collect(Collectors.joining(", ")));
    }

    /** Find the one that cuts as a {@code tokenizer.json} does. */
    static Optional<PreTokenizer> of(JsonNode tokenizer) {
        List<String> found = expressions(tokenizer.path("pre_tokenizer"));
        boolean ignoresMerges = tokenizer.path("model").path("ignore_merges").asBoolean();
        return Arrays.stream(values())
                .filter(each -> each.expressions.equals(found) && each.ignoresMerges() == ignoresMerges)
                .findFirst();
    }

    private static List<String> expressions(JsonNode step) {
        List<String> found = new ArrayList<>();
        switch (step.path("type").asText()) {
            case "Sequence" -> step.path("pretokenizers").forEach(each -> found.addAll(expressions(each)));
            case "Split" -> {
                boolean isolates = step.path("behavior").asText().equals("Isolated")
                        && !step.path("invert").asBoolean();
                found.add(isolates ? step.path("pattern").path("Regex").asText() : step.toString());
            }
            case "Digits" ->
                found.add(step.path("individual_digits").asBoolean() ? Expressions.DIGIT : Expressions.DIGIT + "+");
            case "ByteLevel" -> {
                if (step.path("add_prefix_space").asBoolean(true)) {
                    found.add("a space before the text");
                }
                if (step.path("use_regex").asBoolean(true)) {
                    found.add(WordPatterns.GPT2);
                }
            }
            default -> found.add(step.toString());
        }
        return found;
    }

    /** Give GGUF's name for it, the oldest of several. */
    String ggufName() {
        return names.getFirst();
    }

    /** Give the {@code pre_tokenizer} of {@code tokenizer.json}. */
    JsonNode json() {
        ObjectNode sequence = JSON.createObjectNode().put("type", "Sequence");
        ArrayNode steps = sequence.putArray("pretokenizers");
        for (String expression : expressions) {
            ObjectNode split = steps.addObject().put("type", "Split");
            split.putObject("pattern").put("Regex", expression);
            split.put("behavior", "Isolated").put("invert", false);
        }
        steps.add(byteLevel());
        return sequence;
    }

    static ObjectNode byteLevel() {
        return JSON.createObjectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", false)
                .put("use_regex", false);
    }

    /** Tell whether a word that is a token is that token, whatever the merges make of it. */
    boolean ignoresMerges() {
        return this == LLAMA3 || this == TEKKEN;
    }

    /** Tell whether a text begins with BOS unless the file says otherwise. */
    boolean addsBos() {
        return this == LLAMA3 || this == TEKKEN;
    }

    /** Tell whether characters that Unicode composes are composed first. */
    boolean composes() {
        return this == QWEN2;
    }
}
