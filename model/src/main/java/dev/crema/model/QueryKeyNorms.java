package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.HeadLayout;
import dev.crema.tensor.Tensor;
import java.util.List;

/** Normalises queries and keys before their product, where the model does so (Henry et al., 2020; Dehghani et al., 2023). */
sealed interface QueryKeyNorms {
    /** Returns the projection {@code [B, T, (H + 2K) d]} with its queries and keys normalised. */
    Tensor apply(Tensor projection, HeadLayout layout);

    static QueryKeyNorms of(ArchConfig config, Weights weights, String name) {
        return switch (((AttentionSpec.GroupedQuery) config.attention()).queryKeyNorm()) {
            case NONE -> new None();
            case HEAD ->
                new ByHead(norm(config, weights, name + ".queryNorm"), norm(config, weights, name + ".keyNorm"));
            case WHOLE ->
                new Whole(norm(config, weights, name + ".queryNorm"), norm(config, weights, name + ".keyNorm"));
        };
    }

    private static Norm norm(ArchConfig config, Weights weights, String name) {
        return Norm.of(config.queryKeyNorm(), weights, name);
    }

    record None() implements QueryKeyNorms {
        @Override
        public Tensor apply(Tensor projection, HeadLayout layout) {
            return projection;
        }
    }

    /** Each head by itself, with weights that the heads share. */
    record ByHead(Norm queryNorm, Norm keyNorm) implements QueryKeyNorms {
        @Override
        public Tensor apply(Tensor projection, HeadLayout layout) {
            long batch = projection.size(0), tokens = projection.size(1);
            int heads = layout.heads(), shared = layout.shared();
            Tensor qkv = projection.reshape(batch, tokens, heads + 2L * shared, -1); // [B, T, H + 2K, d]
            Tensor q = queryNorm.apply(qkv.narrow(2, 0, heads).contiguous()); // [B, T, H, d]
            Tensor k = keyNorm.apply(qkv.narrow(2, heads, shared).contiguous()); // [B, T, K, d]
            Tensor v = qkv.narrow(2, heads + shared, shared); // [B, T, K, d]
            return Tensor.concat(List.of(q, k, v), 2).reshape(batch, tokens, -1); // [B, T, (H + 2K) d]
        }
    }

    /** All heads of a token together. */
    record Whole(Norm queryNorm, Norm keyNorm) implements QueryKeyNorms {
        @Override
        public Tensor apply(Tensor projection, HeadLayout layout) {
            long queries = (long) layout.heads() * layout.size(), keys = (long) layout.shared() * layout.size();
            Tensor q = queryNorm.apply(projection.narrow(2, 0, queries).contiguous()); // [B, T, H d]
            Tensor k = keyNorm.apply(projection.narrow(2, queries, keys).contiguous()); // [B, T, K d]
            return Tensor.concat(List.of(q, k, projection.narrow(2, queries + keys, keys)), 2); // [B, T, (H + 2K) d]
        }
    }
}
