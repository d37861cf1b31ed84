package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.Functions;
import dev.crema.tensor.HeadLayout;
import dev.crema.tensor.Tensor;
import java.util.List;

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
            Tensor projection = headNorm.apply(input.apply(x), heads, shared); // [B, T, (H + 2K) d]
            HeadLayout layout = new HeadLayout(heads, shared, spec.headSize());
            switch (pass.hiding()) {
                case Pass.Hiding.Before(int[] first) -> {
                    if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) {
                        Tensor keys = Functions.keysOf(projection, layout, pass.angles()); // [B, K, T, d]
                        cache.append(layer, keys, Functions.valuesOf(projection, layout));
                    }
                    return output.apply(Functions.selfAttention(projection, layout, first, pass.angles()));
                }
                case Pass.Hiding.ByLength(KvCache cache) -> {
                    return output.apply(cache.attend(layer, projection, layout, pass.angles()));
                }
                case Pass.Hiding.Added(Tensor bias) -> {
                    Tensor qkv = projection.reshape(batch, tokens, heads + 2L * shared, size); // [B, T, H + 2K, d]
                    Tensor q = pass.turn(qkv.narrow(2, 0, heads)).transpose(1, 2); // [B, H, T, d]
                    Tensor k = pass.turn(qkv.narrow(2, heads, shared)).transpose(1, 2); // [B, K, T, d]
                    Tensor v = qkv.narrow(2, heads + shared, shared).transpose(1, 2); // [B, K, T, d]
                    if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) {
                        KvCache.Layer all = cache.append(layer, k, v);
                        k = all.usedKeys();
                        v = all.usedValues();
                    }
                    Tensor mixed = Functions.attention(q, k, v, bias, 1 / Math.sqrt(size)); // [B, H, T, d]
                    return output.apply(mixed.transpose(1, 2).reshape(batch, tokens, heads * size));
                }
            }
        }
    }

    /** Normalises queries and keys by head where the model does so. */
    sealed interface HeadNorm {
        /** Returns the projection {@code [B, T, (H + 2K) d]} with its queries and keys normalised. */
        Tensor apply(Tensor projection, int heads, int shared);

        static HeadNorm of(ArchConfig config, Weights weights, String name) {
            AttentionSpec.GroupedQuery spec = (AttentionSpec.GroupedQuery) config.attention();
            if (!spec.headNorm()) return new None();
            return new Each(
                    Norm.of(config.norm(), weights, name + ".queryNorm"),
                    Norm.of(config.norm(), weights, name + ".keyNorm"));
        }

        record None() implements HeadNorm {
            @Override
            public Tensor apply(Tensor projection, int heads, int shared) {
                return projection;
            }
        }

        record Each(Norm queryNorm, Norm keyNorm) implements HeadNorm {
            @Override
            public Tensor apply(Tensor projection, int heads, int shared) {
                long batch = projection.size(0), tokens = projection.size(1);
                Tensor qkv = projection.reshape(batch, tokens, heads + 2L * shared, -1); // [B, T, H + 2K, d]
                Tensor q = queryNorm.apply(qkv.narrow(2, 0, heads).contiguous()); // [B, T, H, d]
                Tensor k = keyNorm.apply(qkv.narrow(2, heads, shared).contiguous()); // [B, T, K, d]
                Tensor v = qkv.narrow(2, heads + shared, shared); // [B, T, K, d]
                return Tensor.concat(List.of(q, k, v), 2).reshape(batch, tokens, -1); // [B, T, (H + 2K) d]
            }
        }
    }
}
