package dev.crema.model.checkpoint;

import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.checkpoint.WeightNames.Part;
import java.util.List;

/** The names of T5's weights: each layer is a list of parts by number, each with its norm. */
final class EncoderDecoderWeightNames {
    private EncoderDecoderWeightNames() {}

    static List<Part> parts(EncoderDecoderConfig config, String weight, long rows) {
        return switch (weight) {
            case "tokens.weight" -> whole("shared.weight", rows);
            case "head.weight" -> whole("lm_head.weight", rows);
            case "encoder.norm.weight" -> whole("encoder.final_layer_norm.weight", rows);
            case "decoder.norm.weight" -> whole("decoder.final_layer_norm.weight", rows);
            case "encoder.relative.weight", "decoder.relative.weight" ->
                whole(weight.substring(0, 8) + "block.0.layer.0.SelfAttention.relative_attention_bias.weight", rows);
            default -> {
                String[] path = weight.split("\\.", 4); // side, "blocks", number, part
                String layer = path[0] + ".block." + path[2] + ".layer.";
                yield block(config, layer, layer + (path[0].equals("encoder") ? 1 : 2), path[3], rows);
            }
        };
    }

    private static List<Part> block(
            EncoderDecoderConfig config, String layer, String feedForward, String part, long rows) {
        String self = layer + "0.SelfAttention.", cross = layer + "1.EncDecAttention.";
        String dense = feedForward + ".DenseReluDense.";
        long width = config.attentionWidth(), inner = config.feedForward().width();
        return switch (part) {
            case "attentionNorm.weight" -> whole(layer + "0.layer_norm.weight", rows);
            case "attention.input.weight" -> below(width, self + "q.weight", self + "k.weight", self + "v.weight");
            case "attention.output.weight" -> whole(self + "o.weight", rows);
            case "crossAttentionNorm.weight" -> whole(layer + "1.layer_norm.weight", rows);
            case "crossAttention.query.weight" -> whole(cross + "q.weight", rows);
            case "crossAttention.memory.weight" -> below(width, cross + "k.weight", cross + "v.weight");
            case "crossAttention.output.weight" -> whole(cross + "o.weight", rows);
            case "feedForwardNorm.weight" -> whole(feedForward + ".layer_norm.weight", rows);
            case "feedForward.input.weight" ->
                config.feedForward() instanceof FeedForwardSpec.Gated
                        ? below(inner, dense + "wi_0.weight", dense + "wi_1.weight")
                        : whole(dense + "wi.weight", rows);
            case "feedForward.output.weight" -> whole(dense + "wo.weight", rows);
            default -> throw new IllegalStateException("T5 has no weight for " + part);
        };
    }

    private static List<Part> whole(String name, long rows) {
        return List.of(new Part(name, 0, rows, false));
    }

    private static List<Part> below(long rows, String... names) {
        return java.util.stream.IntStream.range(0, names.length)
                .mapToObj(i -> new Part(names[i], i * rows, rows, false))
                .toList();
    }

    /** Lists how a tensor may be spelt in a file: the embedding also by the name of either side. */
    static List<String> spellings(String name) {
        return name.equals("shared.weight")
                ? List.of(name, "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
                : List.of(name);
    }

    /** Tells whether a tensor may be left over: a copy of the embedding, or a cross-attention bias that is never read. */
    static boolean harmless(EncoderDecoderConfig config, String name) {
        return name.endsWith(".embed_tokens.weight")
                || name.endsWith("EncDecAttention.relative_attention_bias.weight")
                || config.head().shared() && name.equals("lm_head.weight");
    }
}
