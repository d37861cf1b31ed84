package dev.crema.model;

import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.text.InputException;
import java.util.List;

/**
 * Describes a BERT and its kin: learned positions, a norm after each sum, attention to both sides.
 *
 * @param vocabularySize rows of the token embedding
 * @param hiddenSize width D of the residual stream
 * @param layers number of blocks
 * @param context longest sequence
 * @param firstPosition row of the position embedding that the first token takes (RoBERTa: 2)
 * @param tokenTypes rows of the embedding that tells a pair's texts apart; 0 for none (DistilBERT)
 * @param heads attention heads; a head is {@code hiddenSize / heads} wide
 */
public record EncoderConfig(
        int vocabularySize,
        int hiddenSize,
        int layers,
        int context,
        int firstPosition,
        int tokenTypes,
        int heads,
        FeedForwardSpec.Dense feedForward,
        NormSpec norm,
        Head head)
        implements ModelConfig {
    public EncoderConfig {
        ArchConfig.check("vocabulary size", vocabularySize, 1 << 24);
        ArchConfig.check("hidden size", hiddenSize, 1 << 24);
        ArchConfig.check("number of layers", layers, 10_000);
        ArchConfig.check("number of positions", context, 1 << 30);
        ArchConfig.check("number of heads", heads, 65_536);
        if (firstPosition < 0 || firstPosition > 1 << 24) {
            throw new InputException("A first position of " + firstPosition + " cannot be; it is 0 or more");
        }
        if (tokenTypes < 0 || tokenTypes > 1 << 24) {
            throw new InputException("A model cannot have " + tokenTypes + " token types; give 0 or more");
        }
        if (hiddenSize % heads != 0) {
            throw new InputException("A hidden size of " + hiddenSize + " cannot be shared by " + heads
                    + " heads: give a number of heads that divides it");
        }
    }

    /** Returns the width of a head. */
    public int headSize() {
        return hiddenSize / heads;
    }

    /** Returns the same body with another head. */
    public EncoderConfig with(Head other) {
        return new EncoderConfig(
                vocabularySize,
                hiddenSize,
                layers,
                context,
                firstPosition,
                tokenTypes,
                heads,
                feedForward,
                norm,
                other);
    }

    /** What is read off the hidden states. */
    public sealed interface Head {
        /** Nothing: the hidden states are the result. */
        record None() implements Head {}

        /** A projection of the first token, {@code tanh(W h₀ + b)}, which BERT was trained with. */
        record Pooler() implements Head {}

        /**
         * Predicts hidden tokens: a projection, an activation and a norm, then the vocabulary (Devlin et al., 2019).
         *
         * @param tied whether the last matrix is the token embedding
         */
        record MaskedLanguage(Activation activation, boolean tied) implements Head {}

        /** Labels a text by its first token: a projection, an activation, then a score for each label. */
        record SequenceClassification(PoolerActivation activation, List<String> labels) implements Head {
            public SequenceClassification {
                labels = checked(labels);
            }
        }

        /** Labels each token. */
        record TokenClassification(List<String> labels) implements Head {
            public TokenClassification {
                labels = checked(labels);
            }
        }

        private static List<String> checked(List<String> labels) {
            if (labels.isEmpty()) throw new InputException("A classifier needs at least one label");
            return List.copyOf(labels);
        }
    }

    /** The activation on the first token's projection. */
    public enum PoolerActivation {
        /** BERT and RoBERTa. */
        TANH,
        /** DistilBERT. */
        RELU
    }
}
