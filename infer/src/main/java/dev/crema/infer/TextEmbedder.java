package dev.crema.infer;

import dev.crema.model.Encoder;
import dev.crema.model.EncoderInput;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns texts into vectors whose scalar product tells how near their meanings are.
 *
 * <p>Texts of like length go through the encoder together, so that little of a batch is padding. It owns its model.
 */
public final class TextEmbedder implements AutoCloseable {
    private final Encoder encoder;
    private final Tokenizer tokenizer;
    private final EmbeddingSettings settings;

    private TextEmbedder(Encoder encoder, Tokenizer tokenizer, EmbeddingSettings settings) {
        this.encoder = encoder;
        this.tokenizer = tokenizer;
        this.settings = settings;
    }

    /**
     * Loads an encoder's folder, with the settings that sentence-transformers left there, if any.
     *
     * @throws InputException if it holds no encoder, a file is malformed, or tokenizer and model do not belong together
     */
    public static TextEmbedder load(Path folder, DType dtype, Device device) {
        ModelFolder source = ModelFolder.open(folder);
        Tokenizer tokenizer = source.tokenizer();
        try {
            EmbeddingSettings settings =
                    EmbeddingSettings.read(folder, source.description().context());
            return new TextEmbedder(source.load(Encoder.class, dtype, device), tokenizer, settings);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    /** Returns how the model's makers want texts embedded. */
    public EmbeddingSettings settings() {
        return settings;
    }

    /** What a text became. */
    public record Embedded(float[] vector, int tokens, boolean truncated) {}

    /** Embeds texts as the settings of the model say. */
    public List<Embedded> embed(List<String> texts) {
        return embed(texts, settings);
    }

    /** Embeds texts; the results are in their order. */
    public List<Embedded> embed(List<String> texts, EmbeddingSettings how) {
        List<int[]> ids = texts.stream().map(text -> cut(text, how.maxTokens())).toList();
        Embedded[] results = new Embedded[ids.size()];
        for (int[] batch : LengthBatches.of(ids)) {
            List<float[]> vectors = run(Arrays.stream(batch).mapToObj(ids::get).toList(), how);
            for (int i = 0; i < batch.length; i++) {
                int[] text = ids.get(batch[i]);
                results[batch[i]] =
                        new Embedded(vectors.get(i), text.length, truncated(texts.get(batch[i]), text, how));
            }
        }
        return List.of(results);
    }

    private List<float[]> run(List<int[]> texts, EmbeddingSettings how) {
        List<float[]> vectors = new ArrayList<>();
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor hidden = encoder.hiddenStates(EncoderInput.of(texts, encoder.device())); // [B, T, D]
            for (int row = 0; row < texts.size(); row++) {
                int tokens = texts.get(row).length;
                float[] states = hidden.select(0, row)
                        .narrow(0, 0, tokens)
                        .to(DType.FP32)
                        .toFloats(); // [T, D]
                float[] vector = how.pooling().pool(states, tokens);
                vectors.add(how.normalized() ? normalize(vector) : vector);
            }
        }
        return vectors;
    }

    private static float[] normalize(float[] vector) {
        double square = 0;
        for (float value : vector) square += (double) value * value;
        double length = Math.max(Math.sqrt(square), 1e-12);
        for (int i = 0; i < vector.length; i++) vector[i] = (float) (vector[i] / length);
        return vector;
    }

    private boolean truncated(String text, int[] ids, EmbeddingSettings how) {
        return ids.length == how.maxTokens() && tokenizer.encodeWithSpecials(text).length > ids.length;
    }

    private int[] cut(String text, int maxTokens) {
        int[] ids = tokenizer.encodeWithSpecials(text, maxTokens);
        if (ids.length > 0) return ids;
        throw new InputException("an empty text cannot be embedded with this tokenizer; give one with words");
    }

    @Override
    public void close() {
        encoder.close();
        tokenizer.close();
    }
}
