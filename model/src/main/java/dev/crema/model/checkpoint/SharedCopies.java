package dev.crema.model.checkpoint;

import dev.crema.model.ArchConfig;
import dev.crema.model.ModelConfig;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Copies of the embedding and the head that DeepSeek-V3's checkpoints hold with each layer that predicts further ahead,
 * although the layers share them: other programs want to find them there.
 */
final class SharedCopies {
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";
    private static final long PIECE = 8 << 20;

    private SharedCopies() {}

    /** Returns the names of a model's copies, each with that of the tensor that it is a copy of. */
    static Map<String, String> of(ModelConfig model) {
        Map<String, String> copies = new LinkedHashMap<>();
        if (!(model instanceof ArchConfig config)) return copies;
        for (int k = 0; k < config.multiTokenLayers(); k++) {
            String layer = "model.layers." + (config.layers() + k) + ".";
            copies.put(layer + "embed_tokens.weight", EMBEDDING);
            copies.put(layer + "shared_head.head.weight", config.tiedHead() ? EMBEDDING : HEAD);
        }
        return copies;
    }

    /**
     * Checks that a copy, if the checkpoint has it, is one.
     *
     * @throws InputException if it differs: the layers would then be others than those that were trained
     */
    static void check(Shards shards, String copy, String original) {
        Safetensors.Entry one = shards.entries().get(copy),
                other = shards.entries().get(original);
        if (one == null || other == null) return;
        if (one.dtype() != other.dtype() || !Arrays.equals(one.shape(), other.shape()) || differ(one, other)) {
            throw new InputException(one.file() + ": " + copy + " is not the same as " + original
                    + "; a layer that predicts further ahead with an embedding or head of its own is not supported");
        }
    }

    private static boolean differ(Safetensors.Entry one, Safetensors.Entry other) {
        long bytes = one.memory().byteSize(), size = Math.min(PIECE, bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = arena.allocate(size), b = arena.allocate(size);
            for (long at = 0; at < bytes; at += size) {
                long count = Math.min(size, bytes - at);
                one.read(at, a.asSlice(0, count));
                other.read(at, b.asSlice(0, count));
                if (a.asSlice(0, count).mismatch(b.asSlice(0, count)) >= 0) return true;
            }
        }
        return false;
    }

    /** Adds the copies to the tensors of a model that is to be written. */
    static Map<String, Tensor> with(ModelConfig config, Map<String, Tensor> tensors) {
        of(config).forEach((copy, original) -> {
            Tensor tensor = tensors.get(original);
            if (tensor != null) tensors.put(copy, tensor);
        });
        return tensors;
    }
}
