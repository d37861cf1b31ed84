package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.Functions;
import dev.crema.tensor.HeadLayout;
import dev.crema.tensor.Tensor;

/** How tokens of a sequence exchange what they know: {@code [B, T, D] -> [B, T, D]}, added to the residual stream. */
sealed interface Attention permits Attention.GroupedQuery, LatentAttention {
    Tensor apply(Tensor x, Pass pass, int layer, ResidualSum sum);

    static Attention of(ArchConfig config, Weights weights, String name) {
        return switch (config.attention()) {
            case AttentionSpec.GroupedQuery spec ->
                new GroupedQuery(
                        spec,
                        Linear.of(weights, name + ".input"),
                        QueryKeyNorms.of(config, weights, name),
                        Linear.of(weights, name + ".output"));
            case LatentSpec spec -> LatentAttention.of(config, spec, weights, name);
        };
    }

    /**
     * Grouped-query attention: {@code softmax(q kᵀ / sqrt(d)) v} by head, where {@code H / K} query heads share a head of
     * keys and values (Vaswani et al., 2017; Ainslie et al., 2023).
     */
    record GroupedQuery(AttentionSpec.GroupedQuery spec, Linear input, QueryKeyNorms norms, Linear output)
            implements Attention {
        @Override
        public Tensor apply(Tensor x, Pass pass, int layer, ResidualSum sum) {
            long batch = x.size(0), tokens = x.size(1), size = spec.headSize();
            int heads = spec.heads(), shared = spec.keyValueHeads();
            HeadLayout layout = new HeadLayout(heads, shared, spec.headSize());
            Tensor projection = norms.apply(input.apply(x), layout); // [B, T, (H + 2K) d]
            switch (pass.hiding()) {
                case Pass.Hiding.Before(int[] first) -> {
                    if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) {
                        Tensor keys = Functions.keysOf(projection, layout, pass.angles()); // [B, K, T, d]
                        cache.append(layer, keys, Functions.valuesOf(projection, layout));
                    }
                    return sum.of(
                            output, Functions.selfAttention(projection, layout, first, pass.angles(), spec.scale()));
                }
                case Pass.Hiding.ByLength(KvCache cache, Window window) -> {
                    return sum.of(output, cache.attend(layer, projection, pass.angles(), window, spec.scale()));
                }
                case Pass.Hiding.Added(Tensor bias) -> {
                    Tensor qkv = projection.reshape(batch, tokens, heads + 2L * shared, size); // [B, T, H + 2K, d]
                    Tensor q = pass.turn(qkv.narrow(2, 0, heads)).transpose(1, 2); // [B, H, T, d]
                    Tensor k = pass.turn(qkv.narrow(2, heads, shared)).transpose(1, 2); // [B, K, T, d]
                    Tensor v = qkv.narrow(2, heads + shared, shared).transpose(1, 2); // [B, K, T, d]
                    if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) {
                        KvCache.Seen seen = cache.appended(layer, k, v);
                        k = seen.keys();
                        v = seen.values();
                    }
                    Tensor mixed = Functions.attention(q, k, v, bias, spec.scale(), spec.scoreCap()); // [B, H, T, d]
                    return sum.of(output, mixed.transpose(1, 2).reshape(batch, tokens, heads * size));
                }
            }
        }
    }
}
