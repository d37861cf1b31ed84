package dev.crema.model.checkpoint.gguf;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Translates between the names of tensors in GGUF and those of Hugging Face's checkpoints, and says how they lie.
 *
 * <p>GGUF has one vocabulary of names for all architectures: {@code token_embd}, {@code blk.7.attn_q}, ...
 */
final class GgufNames {
    private static final Pattern IN_BLOCK = Pattern.compile("blk\\.(\\d{1,6})\\.(.+)\\.(weight|bias)");
    private static final Pattern OUTSIDE = Pattern.compile("(.+)\\.(weight|bias)");

    private static final GgufNames LLAMA = new GgufNames(
            "model.layers.",
            Map.ofEntries(
                    Map.entry("token_embd", "model.embed_tokens"),
                    Map.entry("attn_norm", "input_layernorm"),
                    Map.entry("attn_q", "self_attn.q_proj"),
                    Map.entry("attn_k", "self_attn.k_proj"),
                    Map.entry("attn_v", "self_attn.v_proj"),
                    Map.entry("attn_q_norm", "self_attn.q_norm"),
                    Map.entry("attn_k_norm", "self_attn.k_norm"),
                    Map.entry("attn_output", "self_attn.o_proj"),
                    Map.entry("ffn_norm", "post_attention_layernorm"),
                    Map.entry("ffn_gate", "mlp.gate_proj"),
                    Map.entry("ffn_up", "mlp.up_proj"),
                    Map.entry("ffn_down", "mlp.down_proj"),
                    Map.entry("output_norm", "model.norm"),
                    Map.entry("output", "lm_head")));
    private static final GgufNames GPT2 = new GgufNames(
            "transformer.h.",
            Map.ofEntries(
                    Map.entry("token_embd", "transformer.wte"),
                    Map.entry("position_embd", "transformer.wpe"),
                    Map.entry("attn_norm", "ln_1"),
                    Map.entry("attn_qkv", "attn.c_attn"),
                    Map.entry("attn_output", "attn.c_proj"),
                    Map.entry("ffn_norm", "ln_2"),
                    Map.entry("ffn_up", "mlp.c_fc"),
                    Map.entry("ffn_down", "mlp.c_proj"),
                    Map.entry("output_norm", "transformer.ln_f"),
                    Map.entry("output", "lm_head")));

    private final String layers;
    private final Map<String, String> theirs;
    private final Map<String, String> ours = new TreeMap<>();

    private GgufNames(String layers, Map<String, String> theirs) {
        this.layers = layers;
        this.theirs = theirs;
        theirs.forEach((gguf, hugging) -> ours.put(hugging, gguf));
    }

    static GgufNames of(GgufArchitecture architecture) {
        return switch (architecture) {
            case LLAMA, QWEN2, QWEN3 -> LLAMA;
            case GPT2 -> GPT2;
        };
    }

    /** Returns Hugging Face's name of a tensor; a name that is not known stays as it is. */
    String hugging(String gguf) {
        Matcher block = IN_BLOCK.matcher(gguf), outside = OUTSIDE.matcher(gguf);
        if (block.matches() && theirs.get(block.group(2)) instanceof String name) {
            return layers + block.group(1) + "." + name + "." + block.group(3);
        }
        if (outside.matches() && theirs.get(outside.group(1)) instanceof String name) {
            return name + "." + outside.group(2);
        }
        return gguf;
    }

    /** Returns GGUF's name of a tensor of the family. */
    String gguf(String hugging) {
        int dot = hugging.lastIndexOf('.');
        String kind = hugging.substring(dot), part = hugging.substring(0, dot);
        if (part.startsWith(layers)) {
            String rest = part.substring(layers.length());
            int end = rest.indexOf('.');
            if (ours.get(rest.substring(end + 1)) instanceof String name) {
                return "blk." + rest.substring(0, end) + "." + name + kind;
            }
        } else if (ours.get(part) instanceof String name) {
            return name + kind;
        }
        throw new IllegalStateException("GGUF has no name for " + hugging);
    }
}
