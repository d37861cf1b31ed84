package dev.crema.cli.stage;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.AttentionSpec.GroupedQuery;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormPlacement;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.ArchConfig.QueryKeyNorm;
import dev.crema.model.RotaryScaling;
import dev.crema.model.WindowSpec;
import dev.crema.model.checkpoint.Family;
import dev.crema.tensor.SoftCap;
import java.util.stream.IntStream;

/** The decoder that settings ask for, with the habits of its family. */
final class ScratchDecoder {
    /** PyTorch's own. */
    private static final double EPSILON = 1e-5, MOMENTUM = 0.1;

    private final ModelSettings settings;
    private final Family family;
    private final boolean gpt2;
    private final boolean gemma;

    private ScratchDecoder(ModelSettings settings) {
        this.settings = settings;
        this.family = settings.family();
        this.gpt2 = family == Family.GPT2;
        this.gemma = family == Family.GEMMA2 || family == Family.GEMMA3;
    }

    /** @param vocabulary rows of the embedding */
    static ArchConfig of(ModelSettings settings, int vocabulary) {
        return new ScratchDecoder(settings).architecture(vocabulary);
    }

    /** Tells whether a family has layers that see the latest tokens alone. */
    static boolean slides(Family family) {
        return switch (family) {
            case MISTRAL, MIXTRAL, PHI3, QWEN2, QWEN3, GEMMA2, GEMMA3 -> true;
            default -> false;
        };
    }

    private ArchConfig architecture(int vocabulary) {
        return new ArchConfig(
                vocabulary,
                settings.hiddenSize(),
                settings.layers(),
                settings.context(),
                attention(),
                feedForward(),
                norm(),
                switch (family) {
                    case OLMO2 -> NormPlacement.AFTER;
                    case GEMMA2, GEMMA3 -> NormPlacement.BOTH;
                    default -> NormPlacement.BEFORE;
                },
                position(),
                gemma ? Math.sqrt(settings.hiddenSize()) : 1,
                family == Family.GEMMA2 ? new SoftCap.Tanh(30) : new SoftCap.None(),
                settings.tied(),
                settings.multiTokenLayers());
    }

    private AttentionSpec attention() {
        int heads = settings.heads(), size = settings.hiddenSize() / heads;
        if (family == Family.DEEPSEEK_V2 || family == Family.DEEPSEEK_V3)
            return settings.latent().spec(heads, size);
        int shared = gpt2 || settings.keyValueHeads() == 0 ? heads : settings.keyValueHeads();
        return new GroupedQuery(
                heads,
                shared,
                size,
                gpt2 || family == Family.QWEN2 || family == Family.QWEN2_MOE,
                gpt2,
                switch (family) {
                    case QWEN3, QWEN3_MOE, GEMMA3 -> QueryKeyNorm.HEAD;
                    case OLMO2 -> QueryKeyNorm.WHOLE;
                    default -> QueryKeyNorm.NONE;
                },
                1 / Math.sqrt(size),
                family == Family.GEMMA2 ? new SoftCap.Tanh(50) : new SoftCap.None(),
                window());
    }

    private WindowSpec window() {
        int layers = settings.layers();
        int size =
                settings.slidingWindow() == 0 && gemma ? Math.max(1, settings.context() / 2) : settings.slidingWindow();
        if (size == 0) return new WindowSpec.None();
        return switch (family) {
            // Every second layer sees all, of Gemma 3 every sixth; of a small one the last.
            case GEMMA2 ->
                new WindowSpec.Sliding(
                        size,
                        IntStream.range(0, layers).mapToObj(i -> i % 2 == 0).toList());
            case GEMMA3 ->
                new WindowSpec.Sliding(
                        size,
                        IntStream.range(0, layers)
                                .mapToObj(i -> (i + 1) % 6 != 0 && (layers >= 6 || i + 1 < layers))
                                .toList());
            default -> WindowSpec.Sliding.everywhere(size, layers);
        };
    }

    private FeedForwardSpec feedForward() {
        int hidden = settings.hiddenSize(), given = settings.feedForward();
        if (gpt2) return new FeedForwardSpec.Plain(given == 0 ? 4 * hidden : given, Activation.GELU_TANH, true);
        var gated = new FeedForwardSpec.Gated(
                given == 0 ? hidden * 8 / 3 : given, gemma ? Activation.GELU_TANH : Activation.SILU, false);
        return ExpertSettings.has(family) ? settings.experts().spec(family, settings.layers(), gated) : gated;
    }

    private NormSpec norm() {
        return switch (settings.norm()) {
            case LAYERNORM -> new NormSpec.LayerNorm(EPSILON);
            case RMSNORM -> gemma ? new NormSpec.UnitOffsetRmsNorm(1e-6) : new NormSpec.RmsNorm(1e-6);
            case BATCHNORM -> new NormSpec.BatchNorm(EPSILON, MOMENTUM);
            case FAMILY -> {
                if (gpt2) yield new NormSpec.LayerNorm(EPSILON);
                yield gemma ? new NormSpec.UnitOffsetRmsNorm(1e-6) : new NormSpec.RmsNorm(1e-6);
            }
        };
    }

    private PositionSpec position() {
        if (gpt2) return new PositionSpec.Learned();
        PositionSpec.Rotary rotary = new PositionSpec.Rotary(settings.ropeTheta(), new RotaryScaling.None());
        return family == Family.GEMMA3
                ? new PositionSpec.RotaryByWindow(
                        new PositionSpec.Rotary(100 * settings.ropeTheta(), new RotaryScaling.None()), rotary)
                : rotary;
    }
}
