package dev.crema.text.gguf;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.gguf.GgufTexts.Roles;
import dev.crema.text.gguf.GgufVocabulary.Type;
import java.util.List;
import java.util.OptionalInt;

/** Writes a vocabulary as the {@code tokenizer.json} that Hugging Face's library reads. */
final class TokenizerJson {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final GgufVocabulary vocabulary;
    private final ObjectNode root = JSON.createObjectNode().put("version", "1.0");

    private TokenizerJson(GgufVocabulary vocabulary) {
        this.vocabulary = vocabulary;
        root.putNull("truncation").putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (int id = 0; id < vocabulary.size(); id++) {
            Type type = vocabulary.types().get(id);
            if (type.added()) {
                added.addObject()
                        .put("id", id)
                        .put("content", vocabulary.tokens().get(id))
                        .put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false)
                        .put("special", type.special());
            }
        }
        root.putNull("normalizer").putNull("pre_tokenizer").putNull("post_processor");
    }

    /** Byte-level BPE: GPT-2's and its heirs'. */
    static ObjectNode bytePairs(GgufVocabulary vocabulary, List<String> merges, PreTokenizer pre, Roles roles) {
        TokenizerJson json = new TokenizerJson(vocabulary);
        if (pre.composes()) {
            json.root.putObject("normalizer").put("type", "NFC");
        }
        json.root.set("pre_tokenizer", pre.json());
        json.surround(roles);
        json.root.set("decoder", PreTokenizer.byteLevel());
        ObjectNode model = json.root.putObject("model").put("type", "BPE");
        model.putNull("dropout").putNull("unk_token");
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", pre.ignoresMerges());
        json.ids(model);
        ArrayNode rules = model.putArray("merges");
        for (String merge : merges) {
            int space = merge.indexOf(' ', 1);
            if (space > 0) {
                rules.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
            }
        }
        return json.root;
    }

    /** SentencePiece's BPE, whose merges follow from the scores, over characters, with bytes for those it lacks. */
    static ObjectNode sentencePieces(ScoredPieces pieces, Roles roles) {
        TokenizerJson json = new TokenizerJson(pieces.vocabulary());
        ArrayNode normalizers =
                json.root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        if (pieces.prefixesSpace()) {
            normalizers.addObject().put("type", "Prepend").put("prepend", ScoredPieces.SPACE);
        }
        replace(normalizers.addObject(), " ", ScoredPieces.SPACE);
        json.surround(roles);
        ArrayNode decoders =
                json.root.putObject("decoder").put("type", "Sequence").putArray("decoders");
        replace(decoders.addObject(), ScoredPieces.SPACE, " ");
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        if (pieces.prefixesSpace()) {
            decoders.addObject()
                    .put("type", "Strip")
                    .put("content", " ")
                    .put("start", 1)
                    .put("stop", 0);
        }
        ObjectNode model = json.root.putObject("model").put("type", "BPE");
        model.putNull("dropout").put("unk_token", json.token(roles.unknown()));
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", true).put("byte_fallback", true).put("ignore_merges", false);
        json.ids(model);
        ArrayNode rules = model.putArray("merges");
        ScoredMerges.of(pieces.vocabulary())
                .forEach(merge -> rules.addArray().add(merge.left()).add(merge.right()));
        return json.root;
    }

    /** BERT's WordPiece. GGUF marks the beginning of a word, Hugging Face its continuation. */
    static ObjectNode wordPieces(GgufVocabulary vocabulary, boolean lowercase, Roles roles) {
        TokenizerJson json = new TokenizerJson(vocabulary);
        ObjectNode normalizer = json.root.putObject("normalizer").put("type", "BertNormalizer");
        normalizer.put("clean_text", true).put("handle_chinese_chars", true);
        normalizer.putNull("strip_accents").put("lowercase", lowercase);
        json.root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        json.surround(roles);
        json.root
                .putObject("decoder")
                .put("type", "WordPiece")
                .put("prefix", "##")
                .put("cleanup", true);
        ObjectNode model = json.root.putObject("model").put("type", "WordPiece");
        model.put("unk_token", json.token(roles.unknown())).put("continuing_subword_prefix", "##");
        model.put("max_input_chars_per_word", 100);
        ObjectNode ids = model.putObject("vocab");
        for (int id = 0; id < vocabulary.size(); id++) {
            ids.put(wordPiece(vocabulary.tokens().get(id), vocabulary.types().get(id)), id);
        }
        return json.root;
    }

    private static String wordPiece(String token, Type type) {
        if (token.startsWith(ScoredPieces.SPACE)) {
            return token.substring(ScoredPieces.SPACE.length());
        }
        boolean whole = type.added() || token.length() > 1 && token.startsWith("[") && token.endsWith("]");
        return whole ? token : "##" + token;
    }

    private static void replace(ObjectNode step, String from, String to) {
        step.put("type", "Replace").putObject("pattern").put("String", from);
        step.put("content", to);
    }

    private String token(int id) {
        return vocabulary.tokens().get(id);
    }

    private void ids(ObjectNode model) {
        ObjectNode ids = model.putObject("vocab");
        for (int id = 0; id < vocabulary.size(); id++) {
            ids.put(vocabulary.tokens().get(id), id);
        }
    }

    private void surround(Roles roles) {
        ObjectNode processor = root.putObject("post_processor").put("type", "TemplateProcessing");
        ArrayNode single = processor.putArray("single"), pair = processor.putArray("pair");
        ObjectNode tokens = processor.putObject("special_tokens");
        special(roles.before(), 0, tokens, single, pair);
        sequence(single, "A", 0);
        sequence(pair, "A", 0);
        special(roles.behind(), 0, tokens, single, pair);
        sequence(pair, "B", 1);
        special(roles.behind(), 1, tokens, pair);
    }

    private void special(OptionalInt id, int type, ObjectNode tokens, ArrayNode... sequences) {
        if (id.isEmpty()) {
            return;
        }
        String token = vocabulary.tokens().get(id.getAsInt());
        for (ArrayNode sequence : sequences) {
            sequence.addObject().putObject("SpecialToken").put("id", token).put("type_id", type);
        }
        ObjectNode entry = tokens.putObject(token).put("id", token);
        entry.putArray("ids").add(id.getAsInt());
        entry.putArray("tokens").add(token);
    }

    private static void sequence(ArrayNode sequence, String id, int type) {
        sequence.addObject().putObject("Sequence").put("id", id).put("type_id", type);
    }
}
