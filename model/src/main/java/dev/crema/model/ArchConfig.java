package dev.crema.model;

import dev.crema.tensor.SoftCap;
import dev.crema.text.InputException;
import java.util.List;

/**
 * Describes a decoder as composed parts: families differ by this and by the names of their weights alone.
 *
 * @param vocabularySize rows of the token embedding
 * @param hiddenSize width D of the residual stream
 * @param layers number of blocks
 * @param maxPositions longest context by the model's configuration; a scaling may stretch it: {@link #context}
 * @param embeddingScale by which the embedding of a token is multiplied
 * @param logitCap what bounds the logits
 * @param tiedHead whether the output head is the token embedding
 * @param multiTokenLayers layers beyond the others, each of which predicts one token further ahead in training
 */
public record ArchConfig(
        int vocabularySize,
        int hiddenSize,
        int layers,
        int maxPositions,
        AttentionSpec attention,
        FeedForwardSpec feedForward,
        NormSpec norm,
        NormPlacement normPlacement,
        PositionSpec position,
        double embeddingScale,
        SoftCap logitCap,
        boolean tiedHead,
        int multiTokenLayers)
        implements ModelConfig {
    private static final int LIMIT = 1 << 24;

    /** Describes a decoder with norms before its parts, embeddings as they are, and logits without bound. */
    public ArchConfig(
            int vocabularySize,
            int hiddenSize,
            int layers,
            int maxPositions,
            AttentionSpec attention,
            FeedForwardSpec feedForward,
            NormSpec norm,
            PositionSpec position,
            boolean tiedHead) {
        this(
                vocabularySize,
                hiddenSize,
                layers,
                maxPositions,
                attention,
                feedForward,
                norm,
                NormPlacement.BEFORE,
                position,
                1,
                new SoftCap.None(),
                tiedHead,
                0);
    }

    public ArchConfig {
        check("vocabulary size", vocabularySize, LIMIT);
        check("hidden size", hiddenSize, LIMIT);
        check("number of layers", layers, 10_000);
        check("number of positions", maxPositions, 1 << 30);
        check("number of layers that predict further ahead, and one more,", multiTokenLayers + 1L, 1_000);
        if (feedForward instanceof FeedForwardSpec.ByLayer(List<FeedForwardSpec.Part> parts)
                && parts.size() != layers) {
            throw new InputException(parts.size() + " feed-forward parts do not fit " + layers + " layers");
        }
    }

    /** Returns the longest sequence that the model takes. */
    @Override
    public int context() {
        return position instanceof PositionSpec.Rotary rotary ? rotary.scaling().context(maxPositions) : maxPositions;
    }

    /** Tells whether keys that were made for a sequence of so many tokens serve one of another length. */
    boolean sameAngles(int tokens, int others) {
        return !(position instanceof PositionSpec.Rotary rotary
                && rotary.scaling() instanceof RotaryScaling.LongRope rope
                && (tokens > rope.originalPositions()) != (others > rope.originalPositions()));
    }

    /** Returns the same with another norm of the residual stream. */
    public ArchConfig with(NormSpec other) {
        return with(other, multiTokenLayers);
    }

    /** Returns the same with another number of layers that predict further ahead. */
    public ArchConfig withMultiTokenLayers(int count) {
        return with(norm, count);
    }

    private ArchConfig with(NormSpec norms, int ahead) {
        return new ArchConfig(
                vocabularySize,
                hiddenSize,
                layers,
                maxPositions,
                attention,
                feedForward,
                norms,
                normPlacement,
                position,
                embeddingScale,
                logitCap,
                tiedHead,
                ahead);
    }

    /** Returns the norm of queries and keys: that of the residual stream, if it is a kind of RMS norm. */
    NormSpec queryKeyNorm() {
        return switch (norm) {
            case NormSpec.LayerNorm(double epsilon) -> new NormSpec.RmsNorm(epsilon);
            case NormSpec.BatchNorm batch -> new NormSpec.RmsNorm(batch.epsilon());
            case NormSpec.RmsNorm rms -> rms;
            case NormSpec.UnitOffsetRmsNorm rms -> rms;
        };
    }

    static void check(String what, long value, long limit) {
        if (value < 1 || value > limit) {
            throw new InputException(
                    "A model cannot have a " + what + " of " + value + ": it lies between 1 and " + limit);
        }
    }

    /** How tokens of a sequence see each other. */
    public sealed interface AttentionSpec permits AttentionSpec.GroupedQuery, LatentSpec {
        /** Returns the number of query heads H. */
        int heads();

        /** Returns the width of the part of a head that may turn with the position. */
        int rotarySize();

        /** Returns how far back the layers see. */
        WindowSpec window();

        /** Returns what bounds the scores. */
        SoftCap scoreCap();

        /**
         * Multi-head attention whose keys and values are shared by groups of query heads (Ainslie et al., "GQA", 2023).
         *
         * @param heads query heads H
         * @param keyValueHeads heads K of keys and values; H for multi-head, 1 for multi-query attention
         * @param headSize width of a head
         * @param inputBias whether the projections to queries, keys and values have a bias
         * @param outputBias whether the projection back has one
         * @param queryKeyNorm how queries and keys are normalised
         * @param scale by which the products of queries and keys are multiplied
         * @param scoreCap what bounds them then
         * @param window how far back the layers see
         */
        record GroupedQuery(
                int heads,
                int keyValueHeads,
                int headSize,
                boolean inputBias,
                boolean outputBias,
                QueryKeyNorm queryKeyNorm,
                double scale,
                SoftCap scoreCap,
                WindowSpec window)
                implements AttentionSpec {
            /** Describes attention without norms of queries and keys. */
            public GroupedQuery(int heads, int keyValueHeads, int headSize, boolean inputBias, boolean outputBias) {
                this(heads, keyValueHeads, headSize, inputBias, outputBias, QueryKeyNorm.NONE);
            }

            /** Describes attention with the usual scale, {@code 1 / sqrt(headSize)}, over all earlier tokens. */
            public GroupedQuery(
                    int heads,
                    int keyValueHeads,
                    int headSize,
                    boolean inputBias,
                    boolean outputBias,
                    QueryKeyNorm queryKeyNorm) {
                this(
                        heads,
                        keyValueHeads,
                        headSize,
                        inputBias,
                        outputBias,
                        queryKeyNorm,
                        1 / Math.sqrt(headSize),
                        new SoftCap.None(),
                        new WindowSpec.None());
            }

            public GroupedQuery {
                if (!(scale > 0)) throw new InputException("A scale of scores of " + scale + ": it lies above 0");
                check("number of heads", heads, 65_536);
                check("number of key and value heads", keyValueHeads, heads);
                check("head size", headSize, 65_536);
                if (heads % keyValueHeads != 0) {
                    throw new InputException("A model cannot share " + keyValueHeads + " key and value heads among "
                            + heads + " query heads: choose a divisor of " + heads);
                }
            }

            @Override
            public int rotarySize() {
                return headSize;
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

    /** How queries and keys are normalised before their product. */
    public enum QueryKeyNorm {
        NONE,
        /** Each head by itself (Qwen3, Gemma 3). */
        HEAD,
        /** All heads of a token together (OLMo 2). */
        WHOLE
    }

    /** What each token does on its own. */
    public sealed interface FeedForwardSpec {
        /** Returns that of one layer; beyond the last it is as there. */
        Part at(int layer);

        /** The feed-forward part of a layer; by itself, that of every layer. */
        sealed interface Part extends FeedForwardSpec {
            int width();

            boolean bias();

            @Override
            default Part at(int layer) {
                return this;
            }
        }

        /** A part that is the same for all tokens. */
        sealed interface Dense extends Part {}

        /** A part of its own for each layer, such as dense ones first and then experts. */
        record ByLayer(List<Part> parts) implements FeedForwardSpec {
            public ByLayer {
                parts = List.copyOf(parts);
            }

            @Override
            public Part at(int layer) {
                return parts.get(Math.min(layer, parts.size() - 1));
            }
        }

        /** Two projections with an activation between. */
        record Plain(int width, Activation activation, boolean bias) implements Dense {
            public Plain {
                check("feed-forward width", width, LIMIT);
            }
        }

        /** A projection gated by another: SwiGLU and its kin (Shazeer, "GLU Variants Improve Transformer", 2020). */
        record Gated(int width, Activation activation, boolean bias) implements Dense {
            public Gated {
                check("feed-forward width", width, LIMIT);
            }
        }

        /**
         * Experts, each a SwiGLU, of which a token goes through a few (Shazeer et al., "Outrageously Large Neural
         * Networks", 2017).
         *
         * @param width of one expert
         * @param shared what all tokens go through besides
         */
        record Experts(int width, RoutingSpec routing, SharedExpert shared) implements Part {
            public Experts {
                check("expert width", width, LIMIT);
            }

            @Override
            public boolean bias() {
                return false;
            }
        }

        /** An expert for all tokens beside those that they choose (DeepSeekMoE, 2024). */
        sealed interface SharedExpert {
            record None() implements SharedExpert {}

            record Added(int width) implements SharedExpert {}

            /** Weighted by the sigmoid of a projection of the token (Qwen2-MoE). */
            record Gated(int width) implements SharedExpert {}
        }
    }

    /** The non-linearity of a feed-forward part. */
    public enum Activation {
        GELU,
        GELU_TANH,
        SILU,
        RELU
    }

    /** How the residual stream is normalised at each part and at the end. */
    public sealed interface NormSpec {
        double epsilon();

        record LayerNorm(double epsilon) implements NormSpec {}

        record RmsNorm(double epsilon) implements NormSpec {}

        /** The same, whose weights are kept as their distance from one (Gemma). */
        record UnitOffsetRmsNorm(double epsilon) implements NormSpec {}

        /**
         * Normalises each dimension over the batch and its tokens.
         *
         * @param momentum share of a pass in the running statistics, which serve at inference
         */
        record BatchNorm(double epsilon, double momentum) implements NormSpec {
            public BatchNorm {
                if (!(momentum > 0 && momentum <= 1)) {
                    throw new InputException(
                            "A batch norm with a momentum of " + momentum + ": it lies above 0, up to 1");
                }
            }
        }
    }

    /** Where the parts of a block, attention and feed-forward, have their norms. */
    public enum NormPlacement {
        /** Around what a part reads. */
        BEFORE,
        /** Around what it adds to the residual stream (OLMo 2). */
        AFTER,
        /** Around both (Gemma 2). */
        BOTH;

        /** Tells whether what a part reads is normalised. */
        public boolean before() {
            return this != AFTER;
        }

        /** Tells whether what a part adds is normalised. */
        public boolean after() {
            return this != BEFORE;
        }
    }

    /** How a token knows its place. */
    public sealed interface PositionSpec {
        /** A trained vector for each position, added to the token's. */
        record Learned() implements PositionSpec {}

        /**
         * Rotation of queries and keys by angles that grow with the position (Su et al., "RoFormer", 2021).
         *
         * @param theta the base of the geometric series of wavelengths
         * @param fraction the part of each head that turns
         */
        record Rotary(double theta, RotaryScaling scaling, double fraction) implements PositionSpec {
            /** Describes the rotation of whole heads. */
            public Rotary(double theta, RotaryScaling scaling) {
                this(theta, scaling, 1);
            }

            public Rotary {
                if (!(theta > 1)) throw new InputException("A rotary base of " + theta + ": it lies above 1");
                if (!(fraction > 0 && fraction <= 1)) {
                    throw new InputException("A partial rotary factor of " + fraction + ": it lies above 0, up to 1");
                }
            }
        }

        /** One rotation in layers that see all, another in those of a sliding window (Gemma 3). */
        record RotaryByWindow(Rotary all, Rotary sliding) implements PositionSpec {}
    }
}
