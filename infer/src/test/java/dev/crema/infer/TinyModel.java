package dev.crema.infer;

import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.RotaryScaling;
import dev.crema.model.Weights;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import java.util.List;

/** Models of a few thousand random weights, large enough in scale that their choices are clear. */
final class TinyModel {
    static final int CONTEXT = 48;

    private TinyModel() {}

    static Decoder rotary() {
        return of(new PositionSpec.Rotary(10_000, new RotaryScaling.None()));
    }

    static Decoder learned() {
        return of(new PositionSpec.Learned());
    }

    /** Turns by other angles from the thirteenth token of a row on. */
    static Decoder longRope() {
        return of(new PositionSpec.Rotary(
                10_000, new RotaryScaling.LongRope(List.of(1.0, 1.5, 2.0, 2.5), List.of(2.0, 4.0, 6.0, 9.0), 12, 1.2)));
    }

    static EncoderDecoder encoderDecoder() {
        EncoderDecoderConfig config = new EncoderDecoderConfig(
                61,
                32,
                2,
                2,
                4,
                8,
                8,
                12,
                new FeedForwardSpec.Gated(48, Activation.GELU_TANH, false),
                new NormSpec.RmsNorm(1e-5),
                EncoderDecoderConfig.Head.SEPARATE,
                0);
        return EncoderDecoder.of(config, Weights.random(config, DType.FP32, Device.CPU, 0.5, 7));
    }

    private static Decoder of(PositionSpec position) {
        ArchConfig config = new ArchConfig(
                61,
                32,
                2,
                CONTEXT,
                new AttentionSpec.GroupedQuery(4, 2, 8, false, false),
                new FeedForwardSpec.Gated(48, Activation.SILU, false),
                new NormSpec.RmsNorm(1e-5),
                position,
                false);
        return Decoder.of(config, Weights.random(config, DType.FP32, Device.CPU, 0.5, 7));
    }
}
