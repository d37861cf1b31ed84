package dev.crema.text.gguf;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Says what the files beside a model's weights would say in Hugging Face's form, had it been published so. */
public final class GgufTexts {
    /** The tokens that end an answer, as llama.cpp knows them by their text: files seldom name more than one. */
    private static final Set<String> ENDS = Set.of(
            "<|eot_id|>",
            "<|im_end|>",
            "<|end|>",
            "<|return|>",
            "<|call|>",
            "<end_of_turn>",
            "<|endoftext|>",
            "</s>",
            "<|eom_id|>",
            "<EOT>",
            "_<EOT>",
            "<|end_of_text|>",
            "<end_of_utterance>",
            "<｜end▁of▁sentence｜>");

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String file;
    private final GgufMetadata metadata;
    private final GgufVocabulary vocabulary;

    private GgufTexts(String file, GgufMetadata metadata) {
        this.file = file;
        this.metadata = metadata;
        this.vocabulary = GgufVocabulary.of(file, metadata);
    }

    /**
     * Translate the metadata to {@code tokenizer.json}, {@code tokenizer_config.json}, {@code generation_config.json} and,
     * if there is a chat template, {@code chat_template.jinja}.
     *
     * @throws InputException if there is no tokenizer or it is of a kind that is not read
     */
    public static Map<String, String> of(GgufFile file) {
        return new GgufTexts(file.path().toString(), file.metadata()).all();
    }

    private Map<String, String> all() {
        Map<String, String> texts = new LinkedHashMap<>();
        ObjectNode config = tokenizerConfig();
        texts.put("tokenizer.json", tokenizer().toString());
        texts.put("tokenizer_config.json", config.toString());
        texts.put("generation_config.json", generationConfig().toString());
        metadata.optionalText("tokenizer.chat_template")
                .ifPresent(template -> texts.put("chat_template.jinja", template));
        return texts;
    }

    private ObjectNode tokenizer() {
        String model = metadata.text("tokenizer.ggml.model");
        return switch (model) {
            case "gpt2" -> {
                PreTokenizer pre = PreTokenizer.of(
                        file, metadata.optionalText("tokenizer.ggml.pre").orElse("default"));
                yield TokenizerJson.bytePairs(
                        vocabulary, metadata.texts("tokenizer.ggml.merges"), pre, roles(pre.addsBos()));
            }
            case "llama" -> TokenizerJson.sentencePieces(ScoredPieces.of(file, metadata, vocabulary), roles(true));
            case "bert" ->
                TokenizerJson.wordPieces(
                        vocabulary,
                        metadata.flag("tokenizer.ggml.normalizer.lowercase", true),
                        new Roles(
                                role("cls_token"),
                                role("sep_token"),
                                role("unk_token").orElse(0)));
            default ->
                throw new InputException(
                        file + ": the tokenizer \"" + model
                                + "\" is not read; known are gpt2 (byte-level BPE), llama (SentencePiece) and bert (WordPiece)");
        };
    }

    /** The tokens put before and behind a text, if any, and the one that stands for what cannot be spelled. */
    record Roles(OptionalInt before, OptionalInt behind, int unknown) {}

    private Roles roles(boolean usuallyBos) {
        boolean bos = metadata.flag("tokenizer.ggml.add_bos_token", usuallyBos);
        boolean eos = metadata.flag("tokenizer.ggml.add_eos_token", false);
        return new Roles(
                bos ? role("bos_token") : OptionalInt.empty(),
                eos ? role("eos_token") : OptionalInt.empty(),
                role("unk_token").orElse(0));
    }

    private ObjectNode tokenizerConfig() {
        ObjectNode json = JSON.createObjectNode().put("tokenizer_class", "PreTrainedTokenizerFast");
        for (String role :
                new String[] {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"
                }) {
            role(role).ifPresent(id -> json.put(role, vocabulary.tokens().get(id)));
        }
        json.put("clean_up_tokenization_spaces", false);
        metadata.optionalText("general.architecture").ifPresent(architecture -> {
            int context = metadata.whole(architecture + ".context_length", 0);
            if (context > 0) {
                json.put("model_max_length", context);
            }
        });
        return json;
    }

    private ObjectNode generationConfig() {
        ObjectNode json = JSON.createObjectNode();
        role("bos_token").ifPresent(id -> json.put("bos_token_id", id));
        role("pad_token").ifPresent(id -> json.put("pad_token_id", id));
        SortedSet<Integer> ends = new TreeSet<>();
        role("eos_token").ifPresent(ends::add);
        metadata.tokenId("eot").ifPresent(ends::add);
        metadata.tokenId("eom").ifPresent(ends::add);
        for (int id = 0; id < vocabulary.size(); id++) {
            if (ENDS.contains(vocabulary.tokens().get(id))) {
                ends.add(id);
            }
        }
        ArrayNode ids = json.putArray("eos_token_id");
        ends.forEach(ids::add);
        return json;
    }

    /** Find the token of a role by the name that Hugging Face has for it. */
    private OptionalInt role(String role) {
        boolean sentencePiece = metadata.optionalText("tokenizer.ggml.model").equals(java.util.Optional.of("llama"));
        return switch (role) {
            case "bos_token" -> or("bos", sentencePiece ? 1 : -1);
            case "eos_token" -> or("eos", sentencePiece ? 2 : -1);
            case "unk_token" -> or("unknown", sentencePiece ? 0 : -1);
            case "sep_token" -> metadata.tokenId("seperator"); // the format spells it so
            case "pad_token" -> metadata.tokenId("padding");
            default -> metadata.tokenId(role.replace("_token", ""));
        };
    }

    private OptionalInt or(String part, int usual) {
        OptionalInt written = metadata.tokenId(part);
        boolean unwritten = !metadata.has("tokenizer.ggml." + part + "_token_id");
        return unwritten && usual >= 0 && usual < vocabulary.size() ? OptionalInt.of(usual) : written;
    }
}
