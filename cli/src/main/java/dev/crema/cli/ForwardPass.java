package dev.crema.cli;

import dev.crema.model.ArchConfig;
import dev.crema.model.Decoder;
import dev.crema.model.Encoded;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.EncoderInput;
import dev.crema.model.Model;
import dev.crema.model.ModelConfig;
import dev.crema.model.Visibility;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One pass of a model of any kind over rows of tokens, and what it leaves, under transformers' names.
 *
 * @param rows ids that the model reads; those of an encoder may differ in length
 * @param decoderRows ids that an encoder-decoder's decoder reads; of one length
 */
record ForwardPass(List<int[]> rows, List<int[]> decoderRows) {
    /** Returns the results in fp32, the main one first; the innermost scope's. */
    Map<String, Tensor> run(Model model) {
        return switch (model) {
            case Decoder decoder -> Map.of("logits", logits(decoder));
            case Encoder encoder -> run(encoder);
            case EncoderDecoder both -> run(both);
        };
    }

    /** Returns {@code [B, T, V]}, run row by row, so that attention's scores are those of one row. */
    private Tensor logits(Decoder decoder) {
        int tokens = rows.getFirst().length;
        Tensor logits = Tensors.empty(
                DType.FP32, Device.CPU, rows.size(), tokens, decoder.config().vocabularySize());
        for (int row = 0; row < rows.size(); row++) {
            try (Scope scope = Scope.open()) {
                Tensor ids = Tensors.of(rows.get(row), 1, tokens).to(decoder.device());
                Tensor hidden = decoder.hiddenStates(ids, decoder.positions(1, tokens), new Visibility.Causal());
                logits.narrow(0, row, 1).copyInPlace(decoder.logits(hidden)); // [1, T, V]
            }
        }
        return logits;
    }

    private Map<String, Tensor> run(Encoder encoder) {
        EncoderInput input = EncoderInput.of(rows, encoder.device());
        Tensor hidden = encoder.hiddenStates(input); // [B, T, D]
        Map<String, Tensor> results = new LinkedHashMap<>();
        results.put("last_hidden_state", result(hidden.mul(shown(input, hidden))));
        if (encoder.config().head() instanceof EncoderConfig.Head.Pooler) {
            results.put("pooler_output", result(encoder.pooled(hidden)));
        }
        if (encoder.hasLogits()) {
            Tensor logits = encoder.logits(hidden);
            results.put("logits", result(logits.rank() == 3 ? logits.mul(shown(input, logits)) : logits));
        }
        return results;
    }

    private Map<String, Tensor> run(EncoderDecoder model) {
        EncoderInput input = EncoderInput.of(rows, model.device());
        Encoded encoded = model.encode(input);
        Tensor ids = Tensors.of(
                        decoderRows.stream()
                                .flatMapToInt(java.util.Arrays::stream)
                                .toArray(),
                        decoderRows.size(),
                        decoderRows.getFirst().length)
                .to(model.device());
        Map<String, Tensor> results = new LinkedHashMap<>();
        results.put("logits", result(model.logits(model.decode(ids, encoded)))); // [B, T, V]
        Tensor states = encoded.hiddenStates();
        results.put("encoder_last_hidden_state", result(states.mul(shown(input, states))));
        return results;
    }

    /** Returns one where a text stands and zero in padding, which means nothing: {@code [B, T, 1]}. */
    private static Tensor shown(EncoderInput input, Tensor like) {
        Tensor texts = input.texts();
        return texts.ge(Tensors.zerosLike(texts)).to(like.dtype()).unsqueeze(2);
    }

    private static Tensor result(Tensor tensor) {
        return tensor.to(DType.FP32).to(Device.CPU);
    }

    /** Estimates the bytes of the results and of a layer's scores, without which the pass cannot be. */
    double bytes(ModelConfig config) {
        double tokens = longest(rows), count = rows.size(), decoded = decoderRows.isEmpty() ? 0 : longest(decoderRows);
        return switch (config) {
            case ArchConfig decoder -> {
                long heads = decoder.attention().heads();
                yield 4.0 * count * tokens * decoder.vocabularySize() + 8.0 * heads * tokens * tokens;
            }
            case EncoderConfig encoder ->
                count * tokens * (4.0 * encoder.vocabularySize() + 8.0 * encoder.heads() * tokens);
            case EncoderDecoderConfig both ->
                4.0 * count * decoded * both.vocabularySize()
                        + 8.0 * count * both.heads() * (tokens * tokens + decoded * (tokens + decoded));
        };
    }

    private static int longest(List<int[]> rows) {
        return rows.stream().mapToInt(row -> row.length).max().orElse(0);
    }
}
