package dev.crema.model;

import dev.crema.tensor.Functions;
import dev.crema.tensor.Tensor;

/**
 * Multi-head attention to any tokens, not only earlier ones: {@code softmax(scale q kᵀ + bias) v} by head, then a
 * projection back (Vaswani et al., 2017).
 *
 * @param scale {@code 1 / sqrt(d)} in BERT, 1 in T5
 */
record MultiHead(int heads, double scale, Linear output) {
    /** What is added to the scores. */
    sealed interface Bias {
        record None() implements Bias {}

        /** {@code [1 or B, 1 or H, 1 or T, S]} in the model's type. */
        record Added(Tensor values) implements Bias {}
    }

    /** Keys and values by head, {@code [B, H, S, d]} each. */
    record Memory(Tensor keys, Tensor values) {}

    /** Returns part {@code index} of {@code parts} that lie side by side in a projection, by head: {@code [B, H, T, d]}. */
    Tensor part(Tensor projection, int index, int parts) {
        long batch = projection.size(0), tokens = projection.size(1), width = projection.size(2) / parts;
        return projection
                .narrow(2, index * width, width)
                .reshape(batch, tokens, heads, width / heads) // [B, T, H, d]
                .transpose(1, 2); // [B, H, T, d]
    }

    /** Attends from queries {@code [B, H, T, d]}; {@code [B, T, D]}. */
    Tensor apply(Tensor queries, Memory memory, Bias bias) {
        Tensor mixed = switch (bias) {
            case Bias.None none -> Functions.attention(queries, memory.keys(), memory.values(), scale);
            case Bias.Added(Tensor values) ->
                Functions.attention(queries, memory.keys(), memory.values(), values, scale);
        }; // [B, H, T, d]
        long batch = queries.size(0), tokens = queries.size(2);
        return output.apply(mixed.transpose(1, 2).reshape(batch, tokens, -1)); // [B, T, D]
    }

    /** Attention of tokens to each other; queries, keys and values are one projection. */
    record ToSelf(Linear input, MultiHead heads) {
        static ToSelf of(Weights weights, String name, int heads, double scale) {
            return new ToSelf(
                    Linear.of(weights, name + ".input"),
                    new MultiHead(heads, scale, Linear.of(weights, name + ".output")));
        }

        /** Attends within {@code x [B, T, D]}. */
        Tensor apply(Tensor x, Bias bias) {
            Tensor projection = input.apply(x); // [B, T, 3 H d]
            return heads.apply(heads.part(projection, 0, 3), memory(projection), bias);
        }

        /** Attends from new tokens to themselves and to all that the cache holds of the layer, which takes them up. */
        Tensor apply(Tensor x, Bias bias, EncoderDecoderCache cache, int layer) {
            Tensor projection = input.apply(x); // [B, T, 3 H d]
            return heads.apply(heads.part(projection, 0, 3), cache.append(layer, memory(projection)), bias);
        }

        private Memory memory(Tensor projection) {
            return new Memory(heads.part(projection, 1, 3), heads.part(projection, 2, 3));
        }
    }

    /** Attention of tokens to those of another text, whose keys and values are one projection. */
    record ToOther(Linear query, Linear memory, MultiHead heads) {
        static ToOther of(Weights weights, String name, int heads, double scale) {
            return new ToOther(
                    Linear.of(weights, name + ".query"),
                    Linear.of(weights, name + ".memory"),
                    new MultiHead(heads, scale, Linear.of(weights, name + ".output")));
        }

        /** Returns keys and values of what is attended to, {@code [B, S, D]}. */
        Memory remember(Tensor other) {
            Tensor projection = memory.apply(other); // [B, S, 2 H d]
            return new Memory(heads.part(projection, 0, 2), heads.part(projection, 1, 2));
        }

        Tensor apply(Tensor x, Memory other, Bias bias) {
            return heads.apply(heads.part(query.apply(x), 0, 1), other, bias);
        }
    }
}
