package dev.crema.model;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.util.List;

/**
 * Texts for an encoder; all tensors are {@code [B, T]} INT32 or INT64.
 *
 * @param ids tokens in {@code [0, V)}, anything in padding
 * @param positions the place of each token in its text, from 0
 * @param tokenTypes which text of a pair each token belongs to; not read where the model has no types
 * @param texts the number of each token's text within its row, negative in padding: tokens see those of their own text
 * @param whole whether each row is one text without padding, so that nothing has to be hidden
 */
public record EncoderInput(Tensor ids, Tensor positions, Tensor tokenTypes, Tensor texts, boolean whole) {
    /** Makes one row of each text, padded on the right to the longest; the innermost scope's. */
    public static EncoderInput of(List<int[]> texts, Device device) {
        int rows = texts.size();
        int tokens = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
        int[] ids = new int[rows * tokens], positions = new int[rows * tokens], numbers = new int[rows * tokens];
        boolean whole = true;
        for (int row = 0; row < rows; row++) {
            int[] text = texts.get(row);
            System.arraycopy(text, 0, ids, row * tokens, text.length);
            for (int t = 0; t < tokens; t++) {
                positions[row * tokens + t] = t < text.length ? t : 0;
                numbers[row * tokens + t] = t < text.length ? 0 : -1;
            }
            whole &= text.length == tokens;
        }
        return new EncoderInput(
                Tensors.of(ids, rows, tokens).to(device),
                Tensors.of(positions, rows, tokens).to(device),
                Tensors.of(new int[rows * tokens], rows, tokens).to(device),
                Tensors.of(numbers, rows, tokens).to(device),
                whole);
    }

    /** Returns what hides other texts and padding: {@code [B, 1, T, T]}. */
    MultiHead.Bias bias(DType dtype) {
        if (whole) return new MultiHead.Bias.None();
        Tensor hidden = texts.unsqueeze(2).eq(texts.unsqueeze(1)).eq(0); // [B, T, T]
        return new MultiHead.Bias.Added(
                hidden.to(DType.FP32).mul(Visibility.HIDDEN).to(dtype).unsqueeze(1));
    }

    /** Returns what hides padding, and nothing else: {@code [B, 1, 1, T]}. */
    MultiHead.Bias padding(DType dtype) {
        if (whole) return new MultiHead.Bias.None();
        Tensor hidden = texts.ge(Tensors.zerosLike(texts)).eq(0); // [B, T]
        return new MultiHead.Bias.Added(
                hidden.to(DType.FP32).mul(Visibility.HIDDEN).to(dtype).reshape(texts.size(0), 1, 1, texts.size(1)));
    }
}
