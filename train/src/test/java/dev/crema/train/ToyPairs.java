package dev.crema.train;

import dev.crema.data.Cursor;
import dev.crema.data.PairBatch;
import dev.crema.data.PairSource;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.Weights;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import java.util.List;

/** The same two pairs of unequal lengths again and again, and a small T5 to learn them. */
record ToyPairs() implements PairSource {
    static EncoderDecoder model(DType dtype) {
        EncoderDecoderConfig config = new EncoderDecoderConfig(
                64,
                32,
                2,
                2,
                4,
                8,
                32,
                128,
                new FeedForwardSpec.Plain(48, Activation.RELU, false),
                new NormSpec.RmsNorm(1e-6),
                EncoderDecoderConfig.Head.SHARED_SCALED,
                0);
        return EncoderDecoder.of(config, Weights.random(config, dtype, Device.CPU, 0.08, 7));
    }

    @Override
    public PairBatch next() {
        return PairBatch.of(
                List.of(
                        new PairBatch.Pair(new int[] {5, 9, 7, 11, 1}, new int[] {8, 6, 1}),
                        new PairBatch.Pair(new int[] {12, 4, 1}, new int[] {20, 21, 22, 1})),
                0);
    }

    @Override
    public Cursor cursor() {
        return new Cursor("pairs", 0, 0, 0, List.of());
    }

    @Override
    public void seek(Cursor cursor) {}
}
