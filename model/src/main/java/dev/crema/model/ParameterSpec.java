package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormPlacement;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.ArchConfig.QueryKeyNorm;
import dev.crema.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * One tensor of a model: its name, shape and how it starts. All are trained, but the running statistics of batch norms.
 *
 * <p>Projections that read the same input are one matrix (queries, keys and values; gate and up): one large product is
 * faster than three small ones. The families' name maps take them apart.
 */
public record ParameterSpec(String name, List<Long> shape, Start start) {
    /** How a parameter starts in a model from scratch. */
    public enum Start {
        /** Normal with the standard deviation of the initialisation. */
        NORMAL,
        /** Normal, smaller by the root of the number of additions to the residual stream (GPT-2). */
        RESIDUAL,
        /** Normal, larger by the root of the width: T5's shared embedding, which its head divides by that. */
        WIDE,
        ONES,
        ZEROS,
        /** Zeros in FP32 whatever the type of the model: a rule of small steps moves it, not a gradient. */
        CORRECTION
    }

    /** Returns the type in which a model of the given type keeps this parameter. */
    DType dtype(DType model) {
        return start == Start.CORRECTION || !trained(name) ? DType.FP32 : model;
    }

    /** Tells of a name whether the tensor learns by gradients: all do, but running statistics, which are FP32 always. */
    public static boolean trained(String name) {
        return !name.endsWith(".running_mean") && !name.endsWith(".running_var");
    }

    /** Returns the number of elements. */
    public long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** Returns the elements of a row: one of a vector's, else the last extent. */
    public long elementsOfRow() {
        return matrix() ? shape.getLast() : 1;
    }

    /** Tells whether weight decay applies: to matrices, not to norms and biases. */
    public boolean matrix() {
        return shape.size() > 1;
    }

    /** Lists the parameters of a model in the order of its forward pass. */
    public static List<ParameterSpec> of(ModelConfig config) {
        return switch (config) {
            case ArchConfig decoder -> of(decoder);
            case EncoderConfig encoder -> EncoderParameters.of(encoder);
            case EncoderDecoderConfig both -> EncoderDecoderParameters.of(both);
        };
    }

    private static List<ParameterSpec> of(ArchConfig config) {
        List<ParameterSpec> specs = new ArrayList<>();
        long d = config.hiddenSize();
        specs.add(matrix("tokens.weight", config.vocabularySize(), d, Start.NORMAL));
        if (config.position() instanceof PositionSpec.Learned) {
            specs.add(matrix("positions.weight", config.maxPositions(), d, Start.NORMAL));
        }
        for (int layer = 0; layer < config.layers(); layer++) block(specs, "blocks." + layer + ".", config, layer);
        norm(specs, "norm", config.norm(), d);
        if (!config.tiedHead()) specs.add(matrix("head.weight", config.vocabularySize(), d, Start.NORMAL));
        for (int layer = config.layers(); layer < config.layers() + config.multiTokenLayers(); layer++) {
            String block = "blocks." + layer + ".";
            norm(specs, block + "embeddingNorm", config.norm(), d);
            norm(specs, block + "hiddenNorm", config.norm(), d);
            specs.add(matrix(block + "projection.weight", d, 2 * d, Start.NORMAL));
            block(specs, block, config, layer);
            norm(specs, block + "predictionNorm", config.norm(), d);
        }
        return specs;
    }

    private static void block(List<ParameterSpec> specs, String block, ArchConfig config, int layer) {
        long d = config.hiddenSize();
        NormPlacement placement = config.normPlacement();
        if (placement.before()) norm(specs, block + "attentionNorm", config.norm(), d);
        switch (config.attention()) {
            case AttentionSpec.GroupedQuery a -> {
                linear(specs, block + "attention.input", a.inputWidth(), d, a.inputBias(), Start.NORMAL);
                if (a.queryKeyNorm() != QueryKeyNorm.NONE) {
                    boolean whole = a.queryKeyNorm() == QueryKeyNorm.WHOLE;
                    NormSpec spec = config.queryKeyNorm();
                    norm(specs, block + "attention.queryNorm", spec, whole ? a.queryWidth() : a.headSize());
                    norm(specs, block + "attention.keyNorm", spec, whole ? a.keyWidth() : a.headSize());
                }
                linear(specs, block + "attention.output", d, a.queryWidth(), a.outputBias(), Start.RESIDUAL);
            }
            case LatentSpec a -> latent(specs, block + "attention", a, d);
        }
        if (placement.after()) norm(specs, block + "attentionOutputNorm", config.norm(), d);
        if (placement.before()) norm(specs, block + "feedForwardNorm", config.norm(), d);
        feedForward(specs, block + "feedForward", config.feedForward().at(layer), d);
        if (placement.after()) norm(specs, block + "feedForwardOutputNorm", config.norm(), d);
    }

    /** Counts the elements of all parameters; running statistics are none. */
    public static long count(ModelConfig config) {
        return of(config).stream()
                .filter(spec -> trained(spec.name()))
                .mapToLong(ParameterSpec::elements)
                .sum();
    }

    /**
     * Counts the elements that one token's forward pass reads: of experts, those of the active ones; of layers that predict
     * further ahead, none.
     */
    public static long active(ArchConfig config) {
        long idle = 0;
        for (int layer = 0; layer < config.layers(); layer++) {
            if (config.feedForward().at(layer) instanceof FeedForwardSpec.Experts experts) {
                RoutingSpec routing = experts.routing();
                idle += 3L * experts.width() * config.hiddenSize() * (routing.experts() - routing.active());
            }
        }
        return count(config.withMultiTokenLayers(0)) - idle;
    }

    static void linear(List<ParameterSpec> specs, String name, long output, long input, boolean bias, Start start) {
        specs.add(matrix(name + ".weight", output, input, start));
        if (bias) specs.add(vector(name + ".bias", output, Start.ZEROS));
    }

    private static void latent(List<ParameterSpec> specs, String name, LatentSpec a, long d) {
        NormSpec norm = new NormSpec.RmsNorm(1e-6);
        long queries = (long) a.heads() * a.querySize();
        switch (a.queryRank()) {
            case LatentSpec.QueryRank.Full full -> linear(specs, name + ".query", queries, d, false, Start.NORMAL);
            case LatentSpec.QueryRank.Low(int rank) -> {
                linear(specs, name + ".queryLatent", rank, d, a.bias(), Start.NORMAL);
                norm(specs, name + ".queryLatentNorm", norm, rank);
                linear(specs, name + ".query", queries, rank, false, Start.NORMAL);
            }
        }
        linear(specs, name + ".latent", a.cacheWidth(), d, a.bias(), Start.NORMAL);
        norm(specs, name + ".latentNorm", norm, a.latentSize());
        long expanded = (long) a.heads() * a.expandedSize();
        linear(specs, name + ".expansion", expanded, a.latentSize(), false, Start.NORMAL);
        linear(specs, name + ".output", d, (long) a.heads() * a.valueSize(), a.bias(), Start.RESIDUAL);
    }

    private static void feedForward(List<ParameterSpec> specs, String name, FeedForwardSpec.Part part, long d) {
        switch (part) {
            case FeedForwardSpec.Plain f -> {
                linear(specs, name + ".input", f.width(), d, f.bias(), Start.NORMAL);
                linear(specs, name + ".output", d, f.width(), f.bias(), Start.RESIDUAL);
            }
            case FeedForwardSpec.Gated f -> gated(specs, name, f.width(), d, f.bias());
            case FeedForwardSpec.Experts f -> {
                long experts = f.routing().experts(), width = f.width();
                specs.add(matrix(name + ".router.weight", experts, d, Start.NORMAL));
                if (f.routing().correction()) {
                    specs.add(vector(name + ".router.correction", experts, Start.CORRECTION));
                }
                specs.add(new ParameterSpec(
                        name + ".experts.input.weight", List.of(experts, 2 * width, d), Start.NORMAL));
                specs.add(
                        new ParameterSpec(name + ".experts.output.weight", List.of(experts, d, width), Start.RESIDUAL));
                switch (f.shared()) {
                    case FeedForwardSpec.SharedExpert.None none -> {}
                    case FeedForwardSpec.SharedExpert.Added(int shared) ->
                        gated(specs, name + ".shared", shared, d, false);
                    case FeedForwardSpec.SharedExpert.Gated(int shared) -> {
                        gated(specs, name + ".shared", shared, d, false);
                        specs.add(matrix(name + ".sharedGate.weight", 1, d, Start.NORMAL));
                    }
                }
            }
        }
    }

    private static void gated(List<ParameterSpec> specs, String name, long width, long d, boolean bias) {
        linear(specs, name + ".input", 2 * width, d, bias, Start.NORMAL);
        linear(specs, name + ".output", d, width, bias, Start.RESIDUAL);
    }

    static void norm(List<ParameterSpec> specs, String name, NormSpec norm, long width) {
        Start start = norm instanceof NormSpec.UnitOffsetRmsNorm ? Start.ZEROS : Start.ONES;
        specs.add(vector(name + ".weight", width, start));
        if (norm instanceof NormSpec.LayerNorm || norm instanceof NormSpec.BatchNorm) {
            specs.add(vector(name + ".bias", width, Start.ZEROS));
        }
        if (norm instanceof NormSpec.BatchNorm) {
            specs.add(vector(name + ".running_mean", width, Start.ZEROS));
            specs.add(vector(name + ".running_var", width, Start.ONES));
        }
    }

    static ParameterSpec matrix(String name, long rows, long columns, Start start) {
        return new ParameterSpec(name, List.of(rows, columns), start);
    }

    static ParameterSpec vector(String name, long length, Start start) {
        return new ParameterSpec(name, List.of(length), start);
    }
}
