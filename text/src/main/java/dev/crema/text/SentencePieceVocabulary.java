package dev.crema.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.SpecialTokens.Role;
import dev.crema.text.gguf.GgufVocabulary.Type;
import dev.crema.text.gguf.ScoredMerges;
import dev.crema.text.sentencepiece.SentencePieceModel;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * SentencePiece's form of a tokenizer, as a {@code tokenizer.json}: the pieces of the file, and what the class that the
 * folder names adds to them and puts around a text, as transformers has it.
 */
final class SentencePieceVocabulary {
    /** What folders call the file. */
    static final List<String> NAMES = List.of("spiece.model", "sentencepiece.bpe.model", "tokenizer.model");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SPACE = "\u2581";

    /** The classes that are known, each with the tokens that it has by itself. */
    private enum Kind {
        T5(Map.of(Role.EOS, "</s>", Role.UNK, "<unk>", Role.PAD, "<pad>")),
        XLM_ROBERTA(Map.of(
                Role.BOS, "<s>",
                Role.EOS, "</s>",
                Role.UNK, "<unk>",
                Role.SEP, "</s>",
                Role.PAD, "<pad>",
                Role.CLS, "<s>",
                Role.MASK, "<mask>")),
        LLAMA(Map.of(Role.BOS, "<s>", Role.EOS, "</s>", Role.UNK, "<unk>"));

        private final Map<Role, String> specials;

        Kind(Map<Role, String> specials) {
            this.specials = specials;
        }

        static Optional<Kind> of(String name) {
            return switch (name) {
                case "T5Tokenizer", "t5" -> Optional.of(T5);
                case "XLMRobertaTokenizer", "xlm-roberta" -> Optional.of(XLM_ROBERTA);
                case "LlamaTokenizer", "llama", "mistral", "mixtral" -> Optional.of(LLAMA);
                default -> Optional.empty();
            };
        }
    }

    private final Kind kind;
    private final SentencePieceModel model;
    private final JsonNode config;
    private final ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    private final List<String> tokens = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();

    private SentencePieceVocabulary(String where, SentencePieceModel model, JsonNode config, JsonNode modelConfig) {
        this.kind = Kind.of(className(config, modelConfig))
                .orElseThrow(() -> new InputException(where
                        + " is read as a tokenizer of T5, XLM-RoBERTa or Llama, and the folder names \""
                        + className(config, modelConfig)
                        + "\"; save it again with transformers' AutoTokenizer, which writes a tokenizer.json"));
        this.model = model;
        this.config = config;
        boolean merges = model.algorithm() == SentencePieceModel.Algorithm.BPE;
        if (merges != (kind == Kind.LLAMA)) {
            throw new InputException(where + " is a " + model.algorithm() + " model, which a tokenizer of " + kind
                    + " is not; the folder's tokenizer_class is wrong");
        }
        if (model.pieces().size() < 3) throw new InputException(where + " has too few pieces");
    }

    /**
     * Translates a file.
     *
     * @param where its name for messages
     * @param config of the tokenizer
     * @param modelConfig of the model, whose type serves where the tokenizer's class is not said
     * @throws InputException if the file is malformed, or of a class that is not known
     */
    static SentencePieceVocabulary of(String where, byte[] file, JsonNode config, JsonNode modelConfig) {
        return new SentencePieceVocabulary(where, SentencePieceModel.read(where, file), config, modelConfig);
    }

    private static String className(JsonNode config, JsonNode modelConfig) {
        String name = config.path("tokenizer_class").asText("").replaceFirst("Fast$", "");
        return name.isEmpty() ? modelConfig.path("model_type").asText("") : name;
    }

    /** Gives the tokens that the folder's class has where it does not say others. */
    static Map<Role, String> specials(JsonNode config, JsonNode modelConfig) {
        return Kind.of(className(config, modelConfig))
                .map(kind -> kind.specials)
                .orElse(Map.of());
    }

    /** Gives the {@code tokenizer.json}. */
    ObjectNode tokenizer() {
        root.putNull("truncation").putNull("padding");
        root.putArray("added_tokens");
        root.putNull("normalizer")
                .putNull("pre_tokenizer")
                .putNull("post_processor")
                .putNull("decoder");
        if (model.charsMap().length > 0) {
            root.putObject("normalizer")
                    .put("type", "Precompiled")
                    .put("precompiled_charsmap", Base64.getEncoder().encodeToString(model.charsMap()));
        }
        switch (kind) {
            case T5 -> t5();
            case XLM_ROBERTA -> xlmRoberta();
            case LLAMA -> llama();
        }
        return root;
    }

    private void t5() {
        pieces(0);
        // The spans' tokens count down.
        for (int i = Math.clamp(config.path("extra_ids").asInt(100), 0, 1000) - 1; i >= 0; i--) {
            String token = "<extra_id_" + i + ">";
            if (!tokens.contains(token)) added(token, 0, true);
        }
        unigram(model.unknown());
        surround(List.of(), List.of("</s>"));
    }

    private void xlmRoberta() {
        for (String token : List.of("<s>", "<pad>", "</s>", "<unk>")) added(token, 0, true);
        pieces(3);
        added("<mask>", 0, true);
        unigram(3);
        surround(List.of("<s>"), List.of("</s>"));
    }

    /** Appends the file's pieces, of which those that are no plain text are found first. */
    private void pieces(int from) {
        for (int id = from; id < model.pieces().size(); id++) {
            Type type = model.pieces().types().get(id);
            float score = model.pieces().scores()[id];
            String text = model.pieces().tokens().get(id);
            if (type.added()) added(text, score, type.special());
            else append(text, score);
        }
    }

    private void append(String token, float score) {
        tokens.add(token);
        scores.add(score);
    }

    private void added(String token, float score, boolean special) {
        ObjectNode node = ((ArrayNode) root.path("added_tokens")).addObject();
        node.put("id", tokens.size()).put("content", token).put("single_word", false);
        node.put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", special);
        append(token, score);
    }

    private void unigram(int unknown) {
        ArrayNode steps =
                root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        steps.addObject().put("type", "WhitespaceSplit");
        space(steps.addObject(), "always", true);
        space(root.putObject("decoder"), "always", true);
        ObjectNode unigram = root.putObject("model").put("type", "Unigram");
        unigram.put("unk_id", unknown).put("byte_fallback", model.byteFallback());
        ArrayNode vocabulary = unigram.putArray("vocab");
        for (int id = 0; id < tokens.size(); id++) {
            vocabulary.addArray().add(tokens.get(id)).add((double) scores.get(id));
        }
    }

    private static void space(ObjectNode node, String scheme, boolean split) {
        node.put("type", "Metaspace").put("replacement", SPACE);
        node.put("prepend_scheme", scheme).put("split", split);
    }

    private void llama() {
        pieces(0);
        boolean prefix = config.path("add_prefix_space").asBoolean(true);
        String scheme = config.path("legacy").asBoolean(false) ? "always" : "first";
        space(root.putObject("pre_tokenizer"), prefix ? scheme : "never", false);
        ArrayNode decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
        decoders.addObject()
                .put("type", "Replace")
                .put("content", " ")
                .putObject("pattern")
                .put("String", SPACE);
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        if (prefix) {
            decoders.addObject()
                    .put("type", "Strip")
                    .put("content", " ")
                    .put("start", 1)
                    .put("stop", 0);
        }
        ObjectNode bpe = root.putObject("model").put("type", "BPE");
        bpe.putNull("dropout").put("unk_token", tokens.get(model.unknown()));
        bpe.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        bpe.put("fuse_unk", true).put("byte_fallback", model.byteFallback()).put("ignore_merges", false);
        ObjectNode vocabulary = bpe.putObject("vocab");
        for (int id = 0; id < tokens.size(); id++) vocabulary.put(tokens.get(id), id);
        ArrayNode rules = bpe.putArray("merges");
        ScoredMerges.of(model.pieces())
                .forEach(merge -> rules.addArray().add(merge.left()).add(merge.right()));
        boolean begins = config.path("add_bos_token").asBoolean(false);
        boolean ends = config.path("add_eos_token").asBoolean(false);
        surround(
                begins ? List.of(special("bos_token", "<s>")) : List.of(),
                ends ? List.of(special("eos_token", "</s>")) : List.of());
    }

    private String special(String role, String usual) {
        JsonNode written = config.path(role);
        return written.isObject() ? written.path("content").asText(usual) : written.asText(usual);
    }

    private void surround(List<String> before, List<String> behind) {
        ObjectNode processor = root.putObject("post_processor").put("type", "TemplateProcessing");
        ArrayNode single = processor.putArray("single"), pair = processor.putArray("pair");
        ObjectNode specials = processor.putObject("special_tokens");
        before.forEach(token -> surrounding(token, specials, single, pair));
        for (ArrayNode sequence : List.of(single, pair)) {
            sequence.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        }
        behind.forEach(token -> surrounding(token, specials, single, pair));
        if (kind == Kind.XLM_ROBERTA) behind.forEach(token -> surrounding(token, specials, pair));
        if (kind == Kind.LLAMA) before.forEach(token -> surrounding(token, specials, pair));
        pair.addObject().putObject("Sequence").put("id", "B").put("type_id", 0);
        behind.forEach(token -> surrounding(token, specials, pair));
    }

    private void surrounding(String token, ObjectNode specials, ArrayNode... sequences) {
        int id = tokens.indexOf(token);
        if (id < 0)
            throw new InputException("The SentencePiece model has no piece " + token + ", which its class needs");
        for (ArrayNode sequence : sequences) {
            sequence.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
        }
        ObjectNode entry = specials.putObject(token).put("id", token);
        entry.putArray("ids").add(id);
        entry.putArray("tokens").add(token);
    }
}
