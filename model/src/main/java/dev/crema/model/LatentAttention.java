package dev.crema.model;

import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.LatentSpec.QueryRank;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;
import java.util.List;

/**
 * Multi-head latent attention ("DeepSeek-V2", 2024).
 *
 * <p>Of a token there is a latent vector {@code c}, R wide and normalised, and a key part {@code k_r} that turns and that
 * all heads share. A head's key is {@code [U_k c, k_r]} and its value {@code U_v c}. There are two ways to compute it:
 *
 * <ul>
 *   <li>expanded: keys and values are made of all {@code c}; then it is multi-head attention;
 *   <li>absorbed: since {@code q (U_k c) = (U_kᵀ q) c}, the query is brought to the latent space instead, the heads attend
 *       to {@code [c, k_r]} as to a single head of keys, and {@code U_v} is applied to what they mixed. Keys and values
 *       never exist, and a step reads R + r numbers of each token.
 * </ul>
 *
 * <p>Expanded is less work where there are many queries, absorbed where there are few.
 */
record LatentAttention(
        LatentSpec spec, Queries queries, Linear latent, Norm latentNorm, Tensor expansion, Linear output)
        implements Attention {
    static LatentAttention of(ArchConfig config, LatentSpec spec, Weights weights, String name) {
        // transformers gives the norms of the latent vectors the default epsilon, whatever that of the model.
        NormSpec norm = new NormSpec.RmsNorm(1e-6);
        Queries queries = switch (spec.queryRank()) {
            case QueryRank.Full full -> new Queries.Full(Linear.of(weights, name + ".query"));
            case QueryRank.Low low ->
                new Queries.Low(
                        Linear.of(weights, name + ".queryLatent"),
                        Norm.of(norm, weights, name + ".queryLatentNorm"),
                        Linear.of(weights, name + ".query"));
        };
        return new LatentAttention(
                spec,
                queries,
                Linear.of(weights, name + ".latent"),
                Norm.of(norm, weights, name + ".latentNorm"),
                weights.get(name + ".expansion.weight"),
                Linear.of(weights, name + ".output"));
    }

    /** How queries are made: {@code [B, T, D] -> [B, T, H (n + r)]}. */
    sealed interface Queries {
        Tensor of(Tensor x);

        record Full(Linear projection) implements Queries {
            @Override
            public Tensor of(Tensor x) {
                return projection.apply(x);
            }
        }

        record Low(Linear down, Norm norm, Linear up) implements Queries {
            @Override
            public Tensor of(Tensor x) {
                return up.apply(norm.apply(down.apply(x)));
            }
        }
    }

    @Override
    public Tensor apply(Tensor x, Pass pass, int layer, ResidualSum sum) {
        long batch = x.size(0), tokens = x.size(1), rank = spec.latentSize(), turned = spec.rotarySize();
        Tensor q = queries.of(x).reshape(batch, tokens, spec.heads(), spec.querySize()); // [B, T, H, n + r]
        Tensor plain = q.narrow(3, 0, spec.plainSize()); // [B, T, H, n]
        Tensor turning = turn(q.narrow(3, spec.plainSize(), turned), pass); // [B, T, H, r]
        Tensor both = latent.apply(x); // [B, T, R + r]
        Tensor c = latentNorm.apply(both.narrow(2, 0, rank).contiguous()); // [B, T, R]
        Tensor key = turn(both.narrow(2, rank, turned).reshape(batch, tokens, 1, turned), pass); // [B, T, 1, r]
        Tensor seen = Tensor.concat(List.of(c, key.reshape(batch, tokens, turned)), 2); // [B, T, R + r]
        if (pass.visibility() instanceof Visibility.Cached(KvCache cache)) seen = cache.append(layer, seen);
        Tensor mixed = absorbs(tokens, pass)
                ? absorbed(plain, turning, seen, pass)
                : expanded(plain, turning, seen, bias(pass));
        return sum.of(output, mixed.transpose(1, 2).reshape(batch, tokens, (long) spec.heads() * spec.valueSize()));
    }

    /** Weighs the products of a query with each token seen, and of making keys and values of those. */
    private boolean absorbs(long tokens, Pass pass) {
        if (!(pass.visibility() instanceof Visibility.Cached)) return false;
        long longer = 2L * spec.latentSize() - spec.expandedSize();
        return tokens * longer < (long) spec.latentSize() * spec.expandedSize();
    }

    /** Returns {@code [B, H, T, v]}. */
    private Tensor expanded(Tensor plain, Tensor turning, Tensor seen, List<Tensor> bias) {
        long batch = seen.size(0), slots = seen.size(1), rank = spec.latentSize(), heads = spec.heads();
        Tensor made = Functions.linear(seen.narrow(2, 0, rank).contiguous(), expansion)
                .reshape(batch, slots, heads, spec.expandedSize()); // [B, S, H, n + v]
        Tensor shared = seen.narrow(2, rank, spec.rotarySize())
                .unsqueeze(2)
                .expand(batch, slots, heads, spec.rotarySize()); // [B, S, H, r]
        Tensor k = Tensor.concat(List.of(made.narrow(3, 0, spec.plainSize()), shared), 3); // [B, S, H, n + r]
        Tensor v = made.narrow(3, spec.plainSize(), spec.valueSize()); // [B, S, H, v]
        Tensor q = Tensor.concat(List.of(plain, turning), 3); // [B, T, H, n + r]
        return attend(q, k.transpose(1, 2), v.transpose(1, 2), bias);
    }

    /** Returns {@code [B, H, T, v]}. */
    private Tensor absorbed(Tensor plain, Tensor turning, Tensor seen, Pass pass) {
        Tensor up = expansion.reshape(spec.heads(), spec.expandedSize(), spec.latentSize()); // [H, n + v, R]
        Tensor brought = Functions.headRows(plain, up, 0); // [B, T, H, R]
        Tensor q = Tensor.concat(List.of(brought, turning), 3); // [B, T, H, R + r]
        Tensor mixed = mixed(q, seen, pass); // [B, T, H, R]
        return Functions.headColumns(mixed, up, spec.plainSize(), spec.valueSize())
                .transpose(1, 2); // [B, H, T, v]
    }

    /** Mixes latents {@code [B, S, R + r]} by the scores of {@code q [B, T, H, R + r]}; {@code [B, T, H, R]}. */
    private Tensor mixed(Tensor q, Tensor seen, Pass pass) {
        if (pass.visibility() instanceof Visibility.Cached(KvCache cache)
                && q.size(1) == 1
                && Functions.attendsLatents(q, seen, spec.latentSize())) {
            int length = cache.length() + 1;
            return Functions.latentAttention(q, seen, spec.latentSize(), cache.firsts(), length, spec.scale());
        }
        Tensor k = seen.unsqueeze(1); // [B, 1, S, R + r]
        return attend(q, k, k.narrow(3, 0, spec.latentSize()), bias(pass)).transpose(1, 2);
    }

    private Tensor attend(Tensor q, Tensor k, Tensor v, List<Tensor> bias) {
        return bias.isEmpty()
                ? Functions.attention(q.transpose(1, 2), k, v, spec.scale())
                : Functions.attention(q.transpose(1, 2), k, v, bias.getFirst(), spec.scale());
    }

    /** Rotates {@code [B, T, H, r]}; pairs that lie side by side are parted into halves first. */
    private Tensor turn(Tensor heads, Pass pass) {
        if (!spec.interleaved()) return pass.turn(heads);
        long batch = heads.size(0), tokens = heads.size(1), count = heads.size(2), size = heads.size(3);
        Tensor pairs = heads.reshape(batch, tokens, count, size / 2, 2).transpose(3, 4); // [B, T, H, 2, r/2]
        return pass.turn(pairs.reshape(batch, tokens, count, size));
    }

    private static List<Tensor> bias(Pass pass) {
        return switch (pass.hiding()) {
            case Pass.Hiding.Added(Tensor bias) -> List.of(bias);
            case Pass.Hiding.Among among -> throw new IllegalStateException("latent attention reads all tokens");
            case Pass.Hiding.ByLength byLength -> throw new IllegalStateException("latent attention reads all tokens");
        };
    }
}
