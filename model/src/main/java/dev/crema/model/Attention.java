package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.Functions;
import dev.crema.tensor.HeadLayout;
import dev.crema.tensor.Tensor;

/** How tokens of a sequence exchange what they know: {@code [B, T, D] -> [B, T, D]}. */
sealed interface Attention {
    Tensor apply(Tensor x, Pass pass, int layer);

    static Attention of(ArchConfig config, Weights weights, String name) {
        return switch (config.attention()) {
            case AttentionSpec.GroupedQuery spec ->
                new GroupedQuery(
                        spec,
                        Linear.of(weights, name + ".input"),
                        HeadNorm.of(config, weights, name),
                        Linear.of(weights, name + ".output"));
        };
    }

    /**
     * Grouped-query attention: {@code softmax(q kᵀ / sqrt(d)) v} by head, where {@code H / K} query heads share a head of
     * keys and values (Vaswani et al., 2017; Ainslie et al., 2023).
     */
    record GroupedQuery(AttentionSpec.GroupedQuery spec, Linear input, HeadNorm headNorm, Linear output)
            implements Attention {
        @Override
        public Tensor apply(Tensor x, Pass pass, int layer) {
            long batch = x.size(0), tokens = x.size(1), size = spec.headSize();
            int heads = spec.heads(), shared = spec.keyValueHeads();
            Tensor projection = input.apply(x); // [B, T, (H + 2K) d]
            if (pass.hiding() instanceof Pass.Hiding.Before(int[] first) && headNorm instanceof HeadNorm.None) {
                HeadLayout layout = new HeadLayout(heads, shared, spec.headSize());
                if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) {
                    Tensor keys = Functions.keysOf(projection, layout, pass.angles()); // [B, K, T, d]
                    cache.append(layer, keys, Functions.valuesOf(projection, layout));
                }
                return output.apply(Functions.selfAttention(projection, layout, first, pass.angles()));
            }
            Tensor qkv = projection.reshape(batch, tokens, heads + 2L * shared, size); // [B, T, H + 2K, d]
            Tensor q = headNorm.query(qkv.narrow(2, 0, heads)); // [B, T, H, d]
            Tensor k = headNorm.key(qkv.narrow(2, heads, shared)); // [B, T, K, d]
            Tensor v = qkv.narrow(2, heads + shared, shared).transpose(1, 2); // [B, K, T, d]
            q = pass.turn(q).transpose(1, 2); // [B, H, T, d]
            k = pass.turn(k).transpose(1, 2); // [B, K, T, d]
            double scale = 1 / Math.sqrt(size);
            Tensor mixed; // [B, H, T, d]
            if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) {
                KvCache.Layer all = cache.append(layer, k, v);
                mixed = switch (pass.hiding()) {
                    case Pass.Hiding.ByLength none ->
                        Functions.decodeAttention(
                                q, all.keys(), all.values(), all.length(), cache.firstTokens(), scale);
                    default -> Functions.attention(q, all.usedKeys(), all.usedValues(), pass.bias(), scale);
                };
            } else {
                mixed = Functions.attention(q, k, v, pass.bias(), scale);
            }
            return output.apply(mixed.transpose(1, 2).reshape(batch, tokens, heads * size));
        }
    }

    /** Normalises queries and keys by head where the model does so. */
    sealed interface HeadNorm {
        Tensor query(Tensor heads);

        Tensor key(Tensor heads);

        static HeadNorm of(ArchConfig config, Weights weights, String name) {
            AttentionSpec.GroupedQuery spec = (AttentionSpec.GroupedQuery) config.attention();
            if (!spec.headNorm()) return new None();
            return new Each(
                    Norm.of(config.norm(), weights, name + ".queryNorm"),
                    Norm.of(config.norm(), weights, name + ".keyNorm"));
        }

        record None() implements HeadNorm {
            @Override
            public Tensor query(Tensor heads) {
                return heads;
            }

            @Override
            public Tensor key(Tensor heads) {
                return heads;
            }
        }

        record Each(Norm queryNorm, Norm keyNorm) implements HeadNorm {
            @Override
            public Tensor query(Tensor heads) {
                return queryNorm.apply(heads.contiguous());
            }

            @Override
            public Tensor key(Tensor heads) {
                return keyNorm.apply(heads.contiguous());
            }
        }
    }
}
