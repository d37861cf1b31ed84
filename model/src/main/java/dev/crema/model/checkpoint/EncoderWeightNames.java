package dev.crema.model.checkpoint;

import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.checkpoint.WeightNames.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The names of BERT's weights and its kin's.
 *
 * <p>A model with a head has the family's prefix before the names of its body; one without has none. First checkpoints
 * called a norm's weight and bias gamma and beta.
 */
final class EncoderWeightNames {
    private static final Map<String, String> BERT = Map.ofEntries(
            Map.entry("tokens", "embeddings.word_embeddings"),
            Map.entry("positions", "embeddings.position_embeddings"),
            Map.entry("tokenTypes", "embeddings.token_type_embeddings"),
            Map.entry("embeddingNorm", "embeddings.LayerNorm"),
            Map.entry("blocks", "encoder.layer"),
            Map.entry("query", "attention.self.query"),
            Map.entry("key", "attention.self.key"),
            Map.entry("value", "attention.self.value"),
            Map.entry("attention.output", "attention.output.dense"),
            Map.entry("attentionNorm", "attention.output.LayerNorm"),
            Map.entry("feedForward.input", "intermediate.dense"),
            Map.entry("feedForward.output", "output.dense"),
            Map.entry("feedForwardNorm", "output.LayerNorm"),
            Map.entry("pooler", "pooler.dense"));
    private static final Map<String, String> DISTILBERT = Map.ofEntries(
            Map.entry("tokens", "embeddings.word_embeddings"),
            Map.entry("positions", "embeddings.position_embeddings"),
            Map.entry("embeddingNorm", "embeddings.LayerNorm"),
            Map.entry("blocks", "transformer.layer"),
            Map.entry("query", "attention.q_lin"),
            Map.entry("key", "attention.k_lin"),
            Map.entry("value", "attention.v_lin"),
            Map.entry("attention.output", "attention.out_lin"),
            Map.entry("attentionNorm", "sa_layer_norm"),
            Map.entry("feedForward.input", "ffn.lin1"),
            Map.entry("feedForward.output", "ffn.lin2"),
            Map.entry("feedForwardNorm", "output_layer_norm"));
    private static final Map<String, String> BERT_HEADS = Map.of(
            "prediction", "cls.predictions.transform.dense",
            "predictionNorm", "cls.predictions.transform.LayerNorm",
            "head.weight", "cls.predictions.decoder.weight",
            "head.bias", "cls.predictions.bias",
            "classifier", "classifier");
    private static final Map<String, String> DISTILBERT_HEADS = Map.of(
            "prediction", "vocab_transform",
            "predictionNorm", "vocab_layer_norm",
            "head.weight", "vocab_projector.weight",
            "head.bias", "vocab_projector.bias",
            "pooler", "pre_classifier",
            "classifier", "classifier");
    private static final Map<String, String> ROBERTA_HEADS = Map.of(
            "prediction", "lm_head.dense",
            "predictionNorm", "lm_head.layer_norm",
            "head.weight", "lm_head.decoder.weight",
            "head.bias", "lm_head.bias");
    private static final Map<String, String> ROBERTA_SEQUENCE_HEADS =
            Map.of("pooler", "classifier.dense", "classifier", "classifier.out_proj");

    private EncoderWeightNames() {}

    static List<Part> parts(Family family, EncoderConfig config, String weight, long rows) {
        int dot = weight.lastIndexOf('.');
        String part = weight.substring(0, dot), kind = weight.substring(dot);
        Map<String, String> heads = heads(family, config.head());
        if (weight.equals("head.bias") && config.head() instanceof Head.MaskedLanguage head && !head.tied()) {
            return List.of(new Part(heads.getOrDefault("head.weight", "").replace(".weight", ".bias"), 0, rows, false));
        }
        if (heads.containsKey(weight)) return List.of(new Part(heads.get(weight), 0, rows, false));
        if (heads.containsKey(part)) return List.of(new Part(heads.get(part) + kind, 0, rows, false));
        Map<String, String> body = family == Family.DISTILBERT ? DISTILBERT : BERT;
        boolean bare = config.head() instanceof Head.None || config.head() instanceof Head.Pooler;
        String prefix = bare ? "" : prefix(family);
        if (!part.startsWith("blocks.")) return List.of(new Part(prefix + body.get(part) + kind, 0, rows, false));
        String[] path = part.split("\\.", 3);
        prefix += body.get("blocks") + "." + path[1] + ".";
        if (!path[2].equals("attention.input")) {
            return List.of(new Part(prefix + body.get(path[2]) + kind, 0, rows, false));
        }
        int d = config.hiddenSize();
        return List.of(
                new Part(prefix + body.get("query") + kind, 0, d, false),
                new Part(prefix + body.get("key") + kind, d, d, false),
                new Part(prefix + body.get("value") + kind, 2L * d, d, false));
    }

    private static Map<String, String> heads(Family family, Head head) {
        return switch (family) {
            case DISTILBERT -> DISTILBERT_HEADS;
            case BERT -> BERT_HEADS;
            default ->
                switch (head) {
                    case Head.MaskedLanguage masked -> ROBERTA_HEADS;
                    case Head.SequenceClassification sequence -> ROBERTA_SEQUENCE_HEADS;
                    case Head.TokenClassification tokens -> Map.of("classifier", "classifier");
                    case Head.None none -> Map.of();
                    case Head.Pooler pooler -> Map.of();
                };
        };
    }

    private static String prefix(Family family) {
        return switch (family) {
            case BERT -> "bert.";
            case DISTILBERT -> "distilbert.";
            default -> "roberta.";
        };
    }

    /** Lists how a tensor may be spelt in a file, the usual way first. */
    static List<String> spellings(Family family, String name) {
        String prefix = prefix(family);
        List<String> spellings = new ArrayList<>(List.of(name));
        spellings.add(name.startsWith(prefix) ? name.substring(prefix.length()) : prefix + name);
        // The bias of a head has two names in memory; which of them is saved depends on the version.
        if (name.equals("cls.predictions.bias") || name.equals("lm_head.bias")) {
            spellings.add(name.replace(".bias", ".decoder.bias"));
        } else if (name.endsWith(".decoder.bias")) {
            spellings.add(name.replace(".decoder.bias", ".bias"));
        }
        for (String spelling : List.copyOf(spellings)) {
            spellings.add(spelling.replace("LayerNorm.weight", "LayerNorm.gamma")
                    .replace("LayerNorm.bias", "LayerNorm.beta"));
        }
        return spellings;
    }

    /** Tells whether a tensor that is left over changes nothing: a buffer, or a head of pretraining that is not used. */
    static boolean harmless(String name) {
        return name.endsWith("embeddings.position_ids")
                || name.contains("pooler.dense.")
                || name.startsWith("cls.")
                || name.startsWith("lm_head.")
                || name.startsWith("vocab_");
    }
}
