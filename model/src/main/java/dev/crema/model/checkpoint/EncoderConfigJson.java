package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.EncoderConfig.PoolerActivation;
import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.List;

/** Translates between {@code config.json} of BERT and its kin and {@link EncoderConfig}. */
final class EncoderConfigJson {
    /** Neither DistilBERT's configuration nor its code lets it be another. */
    private static final double DISTILBERT_EPSILON = 1e-12;

    private static final String MASKED_LANGUAGE = "ForMaskedLM";
    private static final String SEQUENCE = "ForSequenceClassification";
    private static final String TOKENS = "ForTokenClassification";

    private EncoderConfigJson() {}

    static EncoderConfig read(ConfigJson json, Family family) {
        json.require(!json.flag("is_decoder", false), "is_decoder");
        json.require(!json.flag("add_cross_attention", false), "add_cross_attention");
        String positions = json.text("position_embedding_type", "absolute");
        json.require(positions.equals("absolute"), "position_embedding_type");
        return family == Family.DISTILBERT ? distilBert(json) : bert(json, family);
    }

    private static EncoderConfig bert(ConfigJson json, Family family) {
        // RoBERTa counts positions from behind its padding token's id.
        int first = family == Family.BERT ? 0 : json.integer("pad_token_id", 1) + 1;
        Activation activation = FamilyConfig.activation(json, "hidden_act", "gelu");
        return new EncoderConfig(
                json.integer("vocab_size"),
                json.integer("hidden_size"),
                json.integer("num_hidden_layers"),
                json.integer("max_position_embeddings", 512) - first,
                first,
                json.integer("type_vocab_size", 2),
                json.integer("num_attention_heads"),
                new FeedForwardSpec.Plain(json.integer("intermediate_size"), activation, true),
                new NormSpec.LayerNorm(json.number("layer_norm_eps", 1e-12)),
                head(json, family, family == Family.BERT ? activation : Activation.GELU));
    }

    private static EncoderConfig distilBert(ConfigJson json) {
        json.flag("sinusoidal_pos_embds", false); // how they began; they are stored either way
        Activation activation = FamilyConfig.activation(json, "activation", "gelu");
        return new EncoderConfig(
                json.integer("vocab_size"),
                json.integer("dim", 768),
                json.integer("n_layers", 6),
                json.integer("max_position_embeddings", 512),
                0,
                0,
                json.integer("n_heads", 12),
                new FeedForwardSpec.Plain(json.integer("hidden_dim", 3072), activation, true),
                new NormSpec.LayerNorm(DISTILBERT_EPSILON),
                head(json, Family.DISTILBERT, activation));
    }

    private static Head head(ConfigJson json, Family family, Activation activation) {
        boolean tied = json.flag("tie_word_embeddings", true);
        String architecture = json.node("architectures").path(0).asText(family.architecture());
        String base = base(family);
        return switch (architecture.startsWith(base) ? architecture.substring(base.length()) : architecture) {
            // Whether a base model has its pooler, the weights tell.
            case "Model" -> family == Family.DISTILBERT ? new Head.None() : new Head.Pooler();
            case MASKED_LANGUAGE, "ForPreTraining" -> new Head.MaskedLanguage(activation, tied);
            case SEQUENCE -> {
                PoolerActivation pooler = family == Family.DISTILBERT ? PoolerActivation.RELU : PoolerActivation.TANH;
                yield new Head.SequenceClassification(pooler, labels(json));
            }
            case TOKENS -> new Head.TokenClassification(labels(json));
            default ->
                throw new InputException("The architecture \"" + architecture + "\" is not known for the model type \""
                        + family.modelType() + "\"; known are " + base + "Model, " + base + MASKED_LANGUAGE + ", "
                        + base + SEQUENCE + " and " + base + TOKENS);
        };
    }

    private static List<String> labels(ConfigJson json) {
        JsonNode names = json.node("id2label");
        int count = json.integer("num_labels", names.isEmpty() ? 2 : names.size());
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            labels.add(names.path(String.valueOf(i)).asText("LABEL_" + i));
        }
        return labels;
    }

    /** Returns how the names of the family's classes in transformers begin. */
    private static String base(Family family) {
        return family.architecture().substring(0, family.architecture().length() - "Model".length());
    }

    static void write(ObjectNode json, Family family, EncoderConfig config) {
        FeedForwardSpec.Plain feedForward = (FeedForwardSpec.Plain) config.feedForward();
        boolean distil = family == Family.DISTILBERT;
        json.put(distil ? "dim" : "hidden_size", config.hiddenSize());
        json.put(distil ? "n_layers" : "num_hidden_layers", config.layers());
        json.put(distil ? "n_heads" : "num_attention_heads", config.heads());
        json.put(distil ? "hidden_dim" : "intermediate_size", feedForward.width());
        json.put(distil ? "activation" : "hidden_act", FamilyConfig.name(feedForward.activation()));
        json.put("max_position_embeddings", config.firstPosition() + config.context());
        if (!distil) {
            json.put("type_vocab_size", config.tokenTypes());
            json.put("layer_norm_eps", config.norm().epsilon());
        }
        if (config.firstPosition() > 0) json.put("pad_token_id", config.firstPosition() - 1);
        json.put("tie_word_embeddings", !(config.head() instanceof Head.MaskedLanguage head) || head.tied());
        json.putArray("architectures").add(architecture(family, config.head()));
        switch (config.head()) {
            case Head.SequenceClassification head -> write(json, head.labels());
            case Head.TokenClassification head -> write(json, head.labels());
            case Head.None none -> {}
            case Head.Pooler pooler -> {}
            case Head.MaskedLanguage head -> {}
        }
    }

    private static String architecture(Family family, Head head) {
        String base = base(family);
        return switch (head) {
            case Head.None none -> base + "Model";
            case Head.Pooler pooler -> base + "Model";
            case Head.MaskedLanguage masked -> base + MASKED_LANGUAGE;
            case Head.SequenceClassification sequence -> base + SEQUENCE;
            case Head.TokenClassification tokens -> base + TOKENS;
        };
    }

    private static void write(ObjectNode json, List<String> labels) {
        ObjectNode names = json.putObject("id2label"), ids = json.putObject("label2id");
        for (int i = 0; i < labels.size(); i++) {
            names.put(String.valueOf(i), labels.get(i));
            ids.put(labels.get(i), i);
        }
    }
}
