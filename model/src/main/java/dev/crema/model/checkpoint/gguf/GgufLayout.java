package dev.crema.model.checkpoint.gguf;

/** Says which tensors lie otherwise in a GGUF file than in Hugging Face's checkpoint. */
final class GgufLayout {
    private GgufLayout() {}

    /** Returns the order of the rows of a tensor, by Hugging Face's name. */
    static RowOrder order(GgufArchitecture architecture, String name, int headSize) {
        boolean rotated = name.contains(".self_attn.q_proj.") || name.contains(".self_attn.k_proj.");
        return architecture == GgufArchitecture.LLAMA && rotated && headSize > 0
                ? new RowOrder.Interleaved(headSize)
                : new RowOrder.Same();
    }

    /** Tells whether Hugging Face's matrix is the transposed one: GPT-2 multiplies from the other side. */
    static boolean transposed(GgufArchitecture architecture, String name) {
        return architecture == GgufArchitecture.GPT2
                && name.endsWith(".weight")
                && (name.contains(".attn.c_") || name.contains(".mlp.c_"));
    }
}
