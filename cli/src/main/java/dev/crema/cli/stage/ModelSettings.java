package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.ModelConfig;
import dev.crema.model.checkpoint.Family;

/**
 * A model from scratch.
 *
 * @param family whose architecture and file format it has
 * @param hiddenSize width of the residual stream
 * @param heads query heads; a head is {@code hiddenSize / heads} wide
 * @param keyValueHeads heads of keys and values; 0 takes as many as query heads
 * @param feedForward width of the feed-forward part; 0 takes 4 times the hidden size, or 8/3 of it where it is gated
 * @param context longest sequence
 * @param tied whether the head is the token embedding
 * @param slidingWindow tokens that sliding layers see; 0: half the context in Gemma's, no such layers in the others
 * @param norm of a decoder's residual stream
 * @param multiTokenLayers layers that predict further ahead, in the family that has them
 * @param deviation standard deviation of the first weights
 * @param experts of families that have them
 * @param latent attention of families that have it
 */
record ModelSettings(
        @Default("llama") Family family,
        @Default("4") int layers,
        @Default("192") int hiddenSize,
        @Default("4") int heads,
        @Default("0") int keyValueHeads,
        @Default("0") int feedForward,
        @Default("256") int context,
        @Default("true") boolean tied,
        @Default("10000") double ropeTheta,
        @Default("0") int slidingWindow,
        @Default("family") NormChoice norm,
        @Default("0") int multiTokenLayers,
        @Default("0.02") double deviation,
        ExpertSettings experts,
        LatentSettings latent) {
    /** Whose norm the residual stream has. */
    enum NormChoice {
        FAMILY,
        LAYERNORM,
        RMSNORM,
        BATCHNORM
    }

    ModelSettings {
        Check.atLeast("layers", layers, 1);
        Check.atLeast("hiddenSize", hiddenSize, 1);
        Check.atLeast("heads", heads, 1);
        Check.that(hiddenSize % heads == 0, "hiddenSize", hiddenSize, "a multiple of heads, " + heads);
        Check.positive("deviation", deviation);
        Check.between("multiTokenLayers", multiTokenLayers, 0, 16);
        Check.that(
                multiTokenLayers == 0 || family == Family.DEEPSEEK_V3,
                "multiTokenLayers",
                multiTokenLayers,
                "0, as only deepseek_v3 has such layers");
        Check.atLeast("slidingWindow", slidingWindow, 0);
        Check.that(
                slidingWindow == 0 || ScratchDecoder.slides(family),
                "slidingWindow",
                slidingWindow,
                "0, as " + family.modelType() + " has no sliding layers");
        Check.that(
                norm == NormChoice.FAMILY || family.kind() == Family.Kind.DECODER,
                "norm",
                norm,
                "family, as only decoders have a choice");
    }

    /**
     * Returns the description of a model over a vocabulary.
     *
     * @param padId the token that fills rows, which an encoder-decoder's decoder begins with
     */
    ModelConfig description(int vocabulary, int padId) {
        return switch (family.kind()) {
            case DECODER -> architecture(vocabulary);
            case ENCODER -> encoder(vocabulary, padId);
            case ENCODER_DECODER -> encoderDecoder(vocabulary, padId);
        };
    }

    /** Returns an encoder with a masked language model's head. */
    private EncoderConfig encoder(int vocabulary, int padId) {
        boolean roberta = family == Family.ROBERTA || family == Family.XLM_ROBERTA;
        return new EncoderConfig(
                padded(vocabulary),
                hiddenSize,
                layers,
                context,
                roberta ? padId + 1 : 0,
                family == Family.DISTILBERT ? 0 : roberta ? 1 : 2,
                heads,
                new FeedForwardSpec.Plain(width(4 * hiddenSize), Activation.GELU, true),
                new NormSpec.LayerNorm(roberta ? 1e-5 : 1e-12),
                new EncoderConfig.Head.MaskedLanguage(Activation.GELU, tied));
    }

    /** Returns a T5 of as many layers on each side: v1.0 where the head is tied, v1.1 where it is not. */
    private EncoderDecoderConfig encoderDecoder(int vocabulary, int padId) {
        return new EncoderDecoderConfig(
                padded(vocabulary),
                hiddenSize,
                layers,
                layers,
                heads,
                hiddenSize / heads,
                32,
                128,
                tied
                        ? new FeedForwardSpec.Plain(width(4 * hiddenSize), Activation.RELU, false)
                        : new FeedForwardSpec.Gated(width(hiddenSize * 8 / 3), Activation.GELU_TANH, false),
                new NormSpec.RmsNorm(1e-6),
                tied ? EncoderDecoderConfig.Head.SHARED_SCALED : EncoderDecoderConfig.Head.SEPARATE,
                padId);
    }

    private static int padded(int vocabulary) {
        return (vocabulary + 63) / 64 * 64;
    }

    /** Returns the architecture of a decoder over a vocabulary, which is padded to a multiple of 64 rows for faster products. */
    ArchConfig architecture(int vocabulary) {
        return ScratchDecoder.of(this, padded(vocabulary));
    }

    /** Returns the weight of the loss that evens the load of experts out; 0 where there are none. */
    double balance() {
        return ExpertSettings.has(family) ? experts.balance() : 0;
    }

    private int width(int usual) {
        return feedForward == 0 ? usual : feedForward;
    }
}
