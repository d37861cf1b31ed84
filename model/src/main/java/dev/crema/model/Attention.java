package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.Functions;
import dev.crema.tensor.HeadLayout;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.simd.SeenKeys;
import java.util.List;

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
            HeadLayout layout = new HeadLayout(spec.heads(), spec.keyValueHeads(), spec.headSize());
            return switch (pass.hiding()) {
                case Pass.Hiding.Among(SeenKeys seen) -> sum.of(output, ofWholeRows(x, seen, pass, layer, layout));
                case Pass.Hiding.ByLength(KvCache cache, Window window) -> {
                    Tensor projection = projection(x, layout);
                    yield sum.of(output, cache.attend(layer, projection, pass.angles(), window, spec.scale()));
                }
                case Pass.Hiding.Added(Tensor bias) -> {
                    long batch = x.size(0), tokens = x.size(1), size = spec.headSize();
                    int heads = spec.heads(), shared = spec.keyValueHeads();
                    Tensor projection = projection(x, layout);
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
                    yield sum.of(output, mixed.transpose(1, 2).reshape(batch, tokens, heads * size));
                }
            };
        }

        private Tensor projection(Tensor x, HeadLayout layout) {
            return norms.apply(input.apply(x), layout); // [B, T, (H + 2K) d]
        }

        private Tensor ofWholeRows(Tensor x, SeenKeys seen, Pass pass, int layer, HeadLayout layout) {
            List<Tensor> angles = pass.angles();
            double scale = spec.scale();
            if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) {
                Tensor projection = projection(x, layout);
                Tensor keys = Functions.keysOf(projection, layout, angles); // [B, K, T, d]
                cache.append(layer, keys, Functions.valuesOf(projection, layout));
                return Functions.selfAttention(projection, layout, seen, angles, scale);
            }
            return switch (input) {
                case Linear.Plain(Tensor weight)
                when norms instanceof QueryKeyNorms.None ->
                    Functions.selfAttention(x, weight, List.of(), layout, seen, angles, scale);
                case Linear.Biased(Tensor weight, Tensor bias)
                when norms instanceof QueryKeyNorms.None ->
                    Functions.selfAttention(x, weight, List.of(bias), layout, seen, angles, scale);
                default -> Functions.selfAttention(projection(x, layout), layout, seen, angles, scale);
            };
        }
    }
}
