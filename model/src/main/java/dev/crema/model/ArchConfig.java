package dev.crema.model;

import dev.crema.text.InputException;

/**
 * Describes a decoder as composed parts: families differ by this and by the names of their weights alone.
 *
 * @param vocabularySize rows of the token embedding
 * @param hiddenSize width D of the residual stream
 * @param layers number of blocks
 * @param maxPositions longest context the model was made for
 * @param tiedHead whether the output head is the token embedding
 */
public record ArchConfig(
        int vocabularySize,
        int hiddenSize,
        int layers,
        int maxPositions,
        AttentionSpec attention,
        FeedForwardSpec feedForward,
        NormSpec norm,
        PositionSpec position,
        boolean tiedHead) {
    private static final int LIMIT = 1 << 24;

    public ArchConfig {
        check("vocabulary size", vocabularySize, LIMIT);
        check("hidden size", hiddenSize, LIMIT);
        check("number of layers", layers, 10_000);
        check("number of positions", maxPositions, 1 << 30);
    }

    static void check(String what, long value, long limit) {
        if (value < 1 || value > limit) {
            throw new InputException(
                    "A model cannot have a " + what + " of " + value + ": it lies between 1 and " + limit);
        }
    }

    /** How tokens of a sequence see each other. */
    public sealed interface AttentionSpec {
        /**
         * Multi-head attention whose keys and values are shared by groups of query heads (Ainslie et al., "GQA", 2023).
         *
         * @param heads query heads H
         * @param keyValueHeads heads K of keys and values; H for multi-head, 1 for multi-query attention
         * @param headSize width of a head
         * @param inputBias whether the projections to queries, keys and values have a bias
         * @param outputBias whether the projection back has one
         * @param headNorm whether queries and keys are normalised by head (Qwen3)
         */
        record GroupedQuery(
                int heads, int keyValueHeads, int headSize, boolean inputBias, boolean outputBias, boolean headNorm)
                implements AttentionSpec {
            public GroupedQuery {
                check("number of heads", heads, 65_536);
                check("number of key and value heads", keyValueHeads, heads);
                check("head size", headSize, 65_536);
                if (heads % keyValueHeads != 0) {
                    throw new InputException("A model cannot share " + keyValueHeads + " key and value heads among "
                            + heads + " query heads: choose a divisor of " + heads);
                }
            }

            /** Returns the width of the joint projection to queries, keys and values. */
            public int inputWidth() {
                return (heads + 2 * keyValueHeads) * headSize;
            }

            /** Returns the width of all queries together. */
            public int queryWidth() {
                return heads * headSize;
            }

            /** Returns the width of all keys together. */
            public int keyWidth() {
                return keyValueHeads * headSize;
            }
        }
    }

    /** What each token does on its own. */
    public sealed interface FeedForwardSpec {
        int width();

        boolean bias();

        /** Two projections with an activation between. */
        record Plain(int width, Activation activation, boolean bias) implements FeedForwardSpec {
            public Plain {
                check("feed-forward width", width, LIMIT);
            }
        }

        /** A projection gated by another: SwiGLU and its kin (Shazeer, "GLU Variants Improve Transformer", 2020). */
        record Gated(int width, Activation activation, boolean bias) implements FeedForwardSpec {
            public Gated {
                check("feed-forward width", width, LIMIT);
            }
        }
    }

    /** The non-linearity of a feed-forward part. */
    public enum Activation {
        GELU,
        GELU_TANH,
        SILU,
        RELU
    }

    /** How the residual stream is normalised before each part and at the end. */
    public sealed interface NormSpec {
        double epsilon();

        record LayerNorm(double epsilon) implements NormSpec {}

        record RmsNorm(double epsilon) implements NormSpec {}
    }

    /** How a token knows its place. */
    public sealed interface PositionSpec {
        /** A trained vector for each position, added to the token's. */
        record Learned() implements PositionSpec {}

        /**
         * Rotation of queries and keys by angles that grow with the position (Su et al., "RoFormer", 2021).
         *
         * @param theta the base of the geometric series of wavelengths
         */
        record Rotary(double theta, RotaryScaling scaling) implements PositionSpec {
            public Rotary {
                if (!(theta > 1)) throw new InputException("A rotary base of " + theta + ": it lies above 1");
            }
        }
    }

    /** How rotary wavelengths are stretched to contexts longer than the model was first trained on. */
    public sealed interface RotaryScaling {
        record None() implements RotaryScaling {}

        /** Divides every position by the factor. */
        record Linear(double factor) implements RotaryScaling {}

        /** Stretches long wavelengths only, with a ramp between (Llama 3.1). */
        record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
                implements RotaryScaling {}
    }
}
