package dev.crema.model.checkpoint.gguf;

import dev.crema.text.InputException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Translates between the names of tensors in GGUF and those of Hugging Face's checkpoints.
 *
 * <p>GGUF has one vocabulary of names for all architectures: {@code token_embd}, {@code blk.7.attn_q}, ... All experts of
 * a layer are one tensor, {@code blk.7.ffn_up_exps}, whose name here has {@code *} where theirs have the expert.
 */
final class GgufNames {
    private static final Pattern IN_BLOCK = Pattern.compile("blk\\.(\\d{1,6})\\.(.+)\\.(weight|bias)");
    private static final Pattern OUTSIDE = Pattern.compile("(.+)\\.(weight|bias)");
    /** Of 2023, when each expert's matrices were tensors of their own. */
    private static final Pattern EXPERT = Pattern.compile("(ffn_(?:gate|up|down))\\.(\\d{1,6})");

    private static final Pattern THEIR_EXPERT = Pattern.compile("\\.experts\\.(\\d{1,6})\\.");
    private static final String CORRECTION = "exp_probs_b.bias", THEIR_CORRECTION = "mlp.gate.e_score_correction_bias";

    private static final Map<String, String> DECODER = Map.ofEntries(
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
            Map.entry("output", "lm_head"));
    private static final Map<String, String> MIXTRAL = Map.of(
            "ffn_gate_inp", "block_sparse_moe.gate",
            "ffn_gate_exps", "block_sparse_moe.experts.*.w1",
            "ffn_up_exps", "block_sparse_moe.experts.*.w3",
            "ffn_down_exps", "block_sparse_moe.experts.*.w2");
    private static final Map<String, String> EXPERTS = Map.of(
            "ffn_gate_inp", "mlp.gate",
            "ffn_gate_exps", "mlp.experts.*.gate_proj",
            "ffn_up_exps", "mlp.experts.*.up_proj",
            "ffn_down_exps", "mlp.experts.*.down_proj");
    private static final Map<String, String> QWEN_SHARED = Map.of(
            "ffn_gate_inp_shexp", "mlp.shared_expert_gate",
            "ffn_gate_shexp", "mlp.shared_expert.gate_proj",
            "ffn_up_shexp", "mlp.shared_expert.up_proj",
            "ffn_down_shexp", "mlp.shared_expert.down_proj");
    private static final Map<String, String> DEEPSEEK = Map.of(
            "ffn_gate_shexp", "mlp.shared_experts.gate_proj",
            "ffn_up_shexp", "mlp.shared_experts.up_proj",
            "ffn_down_shexp", "mlp.shared_experts.down_proj",
            "attn_q_a", "self_attn.q_a_proj",
            "attn_q_a_norm", "self_attn.q_a_layernorm",
            "attn_q_b", "self_attn.q_b_proj",
            "attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa",
            "attn_kv_a_norm", "self_attn.kv_a_layernorm",
            "attn_kv_b", "self_attn.kv_b_proj");
    private static final Map<String, String> OUTPUT_NORMS = Map.of(
            "post_attention_norm", "post_attention_layernorm",
            "ffn_norm", "pre_feedforward_layernorm",
            "post_ffw_norm", "post_feedforward_layernorm");
    private static final Map<String, String> PHI3 =
            Map.of("attn_qkv", "self_attn.qkv_proj", "ffn_up", "mlp.gate_up_proj");
    private static final Map<String, String> GPT2 = Map.ofEntries(
            Map.entry("token_embd", "transformer.wte"),
            Map.entry("position_embd", "transformer.wpe"),
            Map.entry("attn_norm", "ln_1"),
            Map.entry("attn_qkv", "attn.c_attn"),
            Map.entry("attn_output", "attn.c_proj"),
            Map.entry("ffn_norm", "ln_2"),
            Map.entry("ffn_up", "mlp.c_fc"),
            Map.entry("ffn_down", "mlp.c_proj"),
            Map.entry("output_norm", "transformer.ln_f"),
            Map.entry("output", "lm_head"));

    private final String layers;
    private final Map<String, String> theirs = new HashMap<>();
    private final Map<String, String> ours = new HashMap<>();

    @SafeVarargs
    private GgufNames(String layers, Map<String, String>... theirs) {
        this.layers = layers;
        for (Map<String, String> names : theirs) this.theirs.putAll(names);
        this.theirs.forEach((gguf, hugging) -> ours.put(hugging, gguf));
    }

    private static final Map<GgufArchitecture, GgufNames> ALL = new EnumMap<>(GgufArchitecture.class);

    static {
        for (GgufArchitecture architecture : GgufArchitecture.values()) ALL.put(architecture, made(architecture));
    }

    static GgufNames of(GgufArchitecture architecture) {
        return Objects.requireNonNull(ALL.get(architecture));
    }

    private static GgufNames made(GgufArchitecture architecture) {
        String layers = "model.layers.";
        return switch (architecture) {
            case LLAMA -> new GgufNames(layers, DECODER, MIXTRAL);
            case QWEN2, QWEN3 -> new GgufNames(layers, DECODER);
            case QWEN2MOE -> new GgufNames(layers, DECODER, EXPERTS, QWEN_SHARED);
            case QWEN3MOE -> new GgufNames(layers, DECODER, EXPERTS);
            case PHI3 -> new GgufNames(layers, DECODER, PHI3);
            case OLMO2, GEMMA2, GEMMA3 -> new GgufNames(layers, DECODER, OUTPUT_NORMS);
            case DEEPSEEK2 -> new GgufNames(layers, DECODER, EXPERTS, DEEPSEEK);
            case GPT2 -> new GgufNames("transformer.h.", GPT2);
        };
    }

    /** Returns Hugging Face's name of a tensor; a name that is not known stays as it is. */
    String hugging(String gguf) {
        Matcher block = IN_BLOCK.matcher(gguf), outside = OUTSIDE.matcher(gguf);
        if (block.matches()) {
            String layer = layers + block.group(1) + ".", part = block.group(2), kind = "." + block.group(3);
            if ((part + kind).equals(CORRECTION)) return layer + THEIR_CORRECTION;
            if (theirs.get(part) instanceof String name) return layer + name + kind;
            Matcher expert = EXPERT.matcher(part);
            if (expert.matches() && theirs.get(expert.group(1) + "_exps") instanceof String name) {
                return layer + name.replace("*", expert.group(2)) + kind;
            }
        } else if (outside.matches() && theirs.get(outside.group(1)) instanceof String name) {
            return name + "." + outside.group(2);
        }
        return gguf;
    }

    /**
     * A place in a file.
     *
     * @param index of the expert in the tensor of all; zero elsewhere
     */
    record Place(String name, int index) {}

    /**
     * Returns where a tensor of the family lies.
     *
     * @throws InputException if GGUF has no name for it
     */
    Place gguf(String hugging) {
        Matcher expert = THEIR_EXPERT.matcher(hugging);
        int index = expert.find() ? Integer.parseInt(expert.group(1)) : 0;
        String all = expert.replaceFirst(".experts.*.");
        if (all.startsWith(layers)) {
            int end = all.indexOf('.', layers.length());
            String block = "blk." + all.substring(layers.length(), end) + ".", rest = all.substring(end + 1);
            if (rest.equals(THEIR_CORRECTION)) return new Place(block + CORRECTION, 0);
            int dot = rest.lastIndexOf('.');
            if (ours.get(rest.substring(0, dot)) instanceof String name) {
                return new Place(block + name + rest.substring(dot), index);
            }
        } else {
            int dot = all.lastIndexOf('.');
            if (ours.get(all.substring(0, dot)) instanceof String name) return new Place(name + all.substring(dot), 0);
        }
        throw new InputException("GGUF has no name for the tensor " + hugging + "; keep the model in safetensors");
    }
}
