package dev.crema.model.checkpoint.gguf;

import dev.crema.text.InputException;

/**
 * Says which tensors lie otherwise in a GGUF file than in Hugging Face's checkpoint.
 *
 * @param heads query heads
 * @param headSize of the families whose heads lie in another order
 * @param plainSize width of the part of a DeepSeek key that does not turn
 * @param valueSize width of a DeepSeek value
 */
record GgufLayout(GgufArchitecture architecture, int heads, int headSize, int plainSize, int valueSize) {
    /** DeepSeek's expansion of latent vectors, to the keys of all heads and their values. */
    static final String EXPANSION = "self_attn.kv_b_proj.weight";

    static final String KEY_EXPANSION = "attn_k_b.weight", VALUE_EXPANSION = "attn_v_b.weight";

    /** Returns the order of the rows of a tensor, by Hugging Face's name. */
    RowOrder order(String name) {
        boolean rotated = name.contains(".self_attn.q_proj.") || name.contains(".self_attn.k_proj.");
        return architecture == GgufArchitecture.LLAMA && rotated && headSize > 0
                ? new RowOrder.Interleaved(headSize)
                : new RowOrder.Same();
    }

    /** Tells whether Hugging Face's matrix is the transposed one: GPT-2 multiplies from the other side. */
    boolean transposed(String name) {
        return architecture == GgufArchitecture.GPT2
                && name.endsWith(".weight")
                && (name.contains(".attn.c_") || name.contains(".mlp.c_"));
    }

    /** Returns what a file adds to each element: Gemma's norms multiply by one more than the checkpoint's weights. */
    int added(String name) {
        return architecture.gemma() && name.endsWith("norm.weight") ? 1 : 0;
    }

    /** Tells whether a row of a checkpoint's matrix is a vector in the file. */
    static boolean flat(String name) {
        return name.endsWith(".shared_expert_gate.weight");
    }

    /** Returns the first row of a head's keys in DeepSeek's expansion; its values follow. */
    long keyRow(int head) {
        return (long) head * (plainSize + valueSize);
    }

    /** Checks that a tensor holds a slab for each of so many parts. */
    static void check(String where, String name, long[] shape, int parts, int limit) {
        if (shape.length != 3 || parts < 1 || parts > limit || shape[0] != parts) {
            throw new InputException(
                    where + ": " + name + " has " + shape.length + " dimensions, of which the first is " + shape[0]
                            + "; it has to have 3, and from 1 to " + limit + " parts as the metadata says");
        }
    }
}
