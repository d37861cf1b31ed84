package dev.crema.text.gguf;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import java.util.List;
import java.util.Optional;
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

    private static final String MODEL = "tokenizer.ggml.model";
    private static final String MERGES = "tokenizer.ggml.merges";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String file;
    private final GgufMetadata metadata;
    private final GgufVocabulary vocabulary;
    private final List<String> merges;
    private final int context;

    /**
     * Read the metadata; the file may be closed then.
     *
     * @throws InputException if there is no vocabulary
     */
    public GgufTexts(GgufFile file) {
        this.file = file.path().toString();
        this.metadata = file.metadata();
        this.vocabulary = GgufVocabulary.of(this.file, metadata);
        this.merges = metadata.has(MERGES) ? metadata.texts(MERGES) : List.of();
        this.context =
                metadata.whole(metadata.optionalText("general.architecture").orElse("") + ".context_length", 0);
    }

    /**
     * Translate what would stand in a file of a name: {@code tokenizer.json}, {@code tokenizer_config.json},
     * {@code generation_config.json} and, if there is a chat template, {@code chat_template.jinja}.
     *
     * @throws InputException if the tokenizer is of a kind that is not read
     */
    public Optional<String> find(String name) {
        return switch (name) {
            case "tokenizer.json" -> Optional.of(tokenizer().toString());
            case "tokenizer_config.json" -> Optional.of(tokenizerConfig().toString());
            case "generation_config.json" -> Optional.of(generationConfig().toString());
            case "chat_template.jinja" -> metadata.optionalText("tokenizer.chat_template");
            default -> Optional.empty();
        };
    }

    /** Give the pieces and scores of a SentencePiece model, if the tokenizer is one. */
    public Optional<ScoredPieces> pieces() {
        return isSentencePiece() ? Optional.of(ScoredPieces.of(file, metadata, vocabulary)) : Optional.empty();
    }

    private boolean isSentencePiece() {
        return metadata.optionalText(MODEL).equals(Optional.of("llama"));
    }

    private ObjectNode tokenizer() {
        String model = metadata.text(MODEL);
        return switch (model) {
            case "gpt2" -> {
                PreTokenizer pre = PreTokenizer.of(
                        file, metadata.optionalText("tokenizer.ggml.pre").orElse("default"));
                yield TokenizerJson.bytePairs(vocabulary, merges, pre, roles(pre.addsBos()));
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
        if (context > 0) {
            json.put("model_max_length", context);
        }
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
        boolean sentencePiece = isSentencePiece();
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
