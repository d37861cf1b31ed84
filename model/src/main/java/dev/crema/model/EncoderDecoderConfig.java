package dev.crema.model;

import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.text.InputException;

/**
 * Describes a T5: an encoder, a decoder that also attends to what the encoder made, relative positions (Raffel et al.,
 * "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020).
 *
 * @param vocabularySize rows of the token embedding, which both sides share
 * @param hiddenSize width D of the residual stream
 * @param encoderLayers blocks of the encoder
 * @param decoderLayers blocks of the decoder
 * @param heads attention heads H
 * @param headSize width of a head; {@code heads * headSize} need not be D
 * @param buckets how many distances are told apart, in the encoder half of them on each side
 * @param maxDistance from where all are in the last bucket
 * @param startId the token that the decoder begins with
 */
public record EncoderDecoderConfig(
        int vocabularySize,
        int hiddenSize,
        int encoderLayers,
        int decoderLayers,
        int heads,
        int headSize,
        int buckets,
        int maxDistance,
        FeedForwardSpec.Dense feedForward,
        NormSpec norm,
        Head head,
        int startId)
        implements ModelConfig {
    public EncoderDecoderConfig {
        ArchConfig.check("vocabulary size", vocabularySize, 1 << 24);
        ArchConfig.check("hidden size", hiddenSize, 1 << 24);
        ArchConfig.check("number of encoder layers", encoderLayers, 10_000);
        ArchConfig.check("number of decoder layers", decoderLayers, 10_000);
        ArchConfig.check("number of heads", heads, 65_536);
        ArchConfig.check("head size", headSize, 65_536);
        ArchConfig.check("number of position buckets", buckets, 65_536);
        if (buckets < 4 || buckets % 2 != 0) {
            throw new InputException(
                    "Relative positions cannot have " + buckets + " buckets: give an even number from 4");
        }
        if (maxDistance <= buckets / 2) {
            throw new InputException("Relative positions of " + buckets + " buckets cannot end at a distance of "
                    + maxDistance + ": give more than " + buckets / 2);
        }
        if (startId < 0 || startId >= vocabularySize) {
            throw new InputException(
                    "The decoder cannot start with token " + startId + " of a vocabulary of " + vocabularySize);
        }
    }

    /** Returns the width of all heads together. */
    public int attentionWidth() {
        return heads * headSize;
    }

    /** Returns the same body with another head. */
    public EncoderDecoderConfig with(Head other) {
        return new EncoderDecoderConfig(
                vocabularySize,
                hiddenSize,
                encoderLayers,
                decoderLayers,
                heads,
                headSize,
                buckets,
                maxDistance,
                feedForward,
                norm,
                other,
                startId);
    }

    @Override
    public int layers() {
        return encoderLayers + decoderLayers;
    }

    /** Returns no limit: distances beyond the last bucket share it. */
    @Override
    public int context() {
        return Integer.MAX_VALUE;
    }

    /** How hidden states become logits. */
    public enum Head {
        /** By the token embedding, after a multiplication with {@code D^-0.5} (T5 v1.0). */
        SHARED_SCALED,
        /** By the token embedding as it is. */
        SHARED,
        /** By a matrix of its own (T5 v1.1). */
        SEPARATE;

        /** Tells whether the matrix is the token embedding. */
        public boolean shared() {
            return this != SEPARATE;
        }
    }
}
