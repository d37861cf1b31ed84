package dev.crema.cli.stage;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormPlacement;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.QueryKeyNorm;
import dev.crema.model.ParameterSpec;
import dev.crema.tensor.DType;
import dev.crema.tensor.Functions;
import dev.crema.tensor.SoftCap;
import dev.crema.tensor.VocabularyLoss;
import java.util.stream.IntStream;

/**
 * How many bytes training takes at its peak.
 *
 * <p>A parameter costs its weight and the gradient of a backward pass in the type of the model, and in fp32 a master
 * (unless the model is in fp32), the sum of gradients and the two moments of AdamW. A token costs, for each layer, what
 * the backward pass needs of it: the inputs of the norms and products, and, where attention does not go by
 * blocks, its weights, one for each head and each token of the row. With recomputation only the input of each layer stays.
 * The loss adds a chunk of logits and the head's gradient in fp32; the virtual machine and libtorch add a constant.
 *
 * @param weights bytes of all that is kept by parameter
 * @param activations bytes of all that is kept by token
 * @param loss bytes of a chunk of the loss
 */
record MemoryEstimate(long weights, long activations, long loss) {
    /** The virtual machine, its heap after a while, and libtorch's code and threads. */
    private static final long PROCESS = 500_000_000;

    /**
     * Estimates a backward pass over {@code rows} of {@code columns} tokens.
     *
     * @param recompute whether blocks run again in the backward pass
     */
    static MemoryEstimate training(ArchConfig config, DType dtype, long rows, long columns, boolean recompute) {
        long element = dtype == DType.FP32 ? 4 : 2;
        long master = dtype == DType.FP32 ? 0 : 4;
        long tokens = rows * columns;
        long layer = tokens * valuesOfLayer(config, dtype, columns) * element; // the largest
        long stream = tokens * config.hiddenSize() * element;
        // What is at work beside it, and not yet given back, comes to two layers; four where each runs again.
        long layers = (long) config.layers() + config.multiTokenLayers();
        long kept = recompute ? layers * stream : layers * layer;
        long activations = kept + (recompute ? 4 : 2) * layer;
        long chunk = Math.min(VocabularyLoss.CHUNK, tokens * config.vocabularySize() * element);
        long head = 4L * config.vocabularySize() * config.hiddenSize();
        return new MemoryEstimate(
                parameters(config) * (2 * element + master + 4 + 8), activations, 2 * chunk + 2 * head);
    }

    static long parameters(ArchConfig config) {
        return ParameterSpec.of(config).stream()
                .mapToLong(spec -> spec.shape().stream().reduce(1L, Math::multiplyExact))
                .sum();
    }

    /** Counts the numbers that a layer keeps of a token in a row of {@code columns}. */
    private static long valuesOfLayer(ArchConfig config, DType dtype, long columns) {
        GroupedQuery attention = (GroupedQuery) config.attention();
        long stream = config.hiddenSize();
        boolean normedHeads = attention.queryKeyNorm() != QueryKeyNorm.NONE;
        return norms(config) * stream
                + (normedHeads ? 3L : 1L) * attention.inputWidth() // read, normalised, and joined again
                + attended(attention, dtype, columns)
                + feedForward(config);
    }

    /** Counts what attention keeps of a token: by blocks the mixed values and a number for each head, else its weights. */
    private static long attended(GroupedQuery attention, DType dtype, long columns) {
        boolean capped = attention.scoreCap() instanceof SoftCap.Tanh;
        if (!capped && Functions.attendsByBlocks(dtype, attention.headSize())) {
            return attention.queryWidth() + 2L * attention.heads();
        }
        return 2L * (attention.queryWidth() + attention.keyWidth()) // turned, and laid out by head
                + 2L * attention.queryWidth() // mixed values, and laid out by token
                + (capped ? 3L : 1L) * attention.heads() * columns; // the hyperbolic tangent and the bounded scores too
    }

    /** Counts the residual streams that norms keep of a token: inputs and outputs, and the sum between two parts. */
    private static long norms(ArchConfig config) {
        long norms = config.normPlacement() == NormPlacement.BOTH ? 4 : 2;
        // A batch norm keeps its input centred twice, in fp32: for the variance, and for the result.
        return norms * (config.norm() instanceof NormSpec.BatchNorm ? 6 : 2) + 1;
    }

    /** Counts what the largest feed-forward part of the layers keeps of a token. */
    private static long feedForward(ArchConfig config) {
        return IntStream.range(0, config.layers())
                .mapToLong(layer -> values(config.feedForward().at(layer)))
                .max()
                .orElse(0);
    }

    private static long values(FeedForwardSpec.Part part) {
        return switch (part) {
            // GELU by the hyperbolic tangent comes again in the backward pass.
            case FeedForwardSpec.Plain plain ->
                (plain.activation() == Activation.GELU_TANH && plain.bias() ? 1L : 2L) * plain.width();
            // So does SiLU's gate without biases; any other stands by itself, and once more activated.
            case FeedForwardSpec.Gated gated ->
                (gated.activation() != Activation.SILU ? 5L : gated.bias() ? 3L : 2L) * gated.width();
            case FeedForwardSpec.Experts experts ->
                2L * experts.routing().active() * experts.width()
                        + 3L * experts.routing().experts()
                        + switch (experts.shared()) {
                            case FeedForwardSpec.SharedExpert.None none -> 0;
                            case FeedForwardSpec.SharedExpert.Added(int width) -> 2L * width;
                            case FeedForwardSpec.SharedExpert.Gated(int width) -> 2L * width;
                        };
        };
    }

    long bytes() {
        return PROCESS + weights + activations + loss;
    }
}
