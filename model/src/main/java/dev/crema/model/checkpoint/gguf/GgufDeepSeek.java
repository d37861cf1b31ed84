package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;

/**
 * Says with the keys of {@code config.json} what a GGUF file says of DeepSeek-V2 or V3: latent attention and experts.
 *
 * <p>Since 2025 files describe attention as it decodes, one head of keys as wide as the latent vector, and have the sizes
 * of the heads under keys of their own; older files have them under the usual ones.
 */
final class GgufDeepSeek {
    static final int SOFTMAX = 1, SIGMOID = 2;

    private GgufDeepSeek() {}

    static void read(GgufKeys keys, ObjectNode json) {
        int scoring = keys.whole("expert_gating_func", SOFTMAX);
        if (scoring > SIGMOID) {
            throw new InputException(keys.where() + ": " + keys.key("expert_gating_func") + " is " + scoring
                    + "; known are 1 (softmax) and 2 (sigmoid)");
        }
        boolean third = scoring == SIGMOID;
        json.put("model_type", third ? "deepseek_v3" : "deepseek_v2");
        json.put("hidden_size", keys.whole("embedding_length"));
        json.put("num_hidden_layers", keys.whole("block_count"));
        json.put("num_attention_heads", keys.whole("attention.head_count"));
        json.put("max_position_embeddings", keys.whole("context_length"));
        json.put("intermediate_size", keys.whole("feed_forward_length"));
        json.put("rms_norm_eps", keys.real("attention.layer_norm_rms_epsilon", 1e-6));
        attention(keys, json);
        experts(keys, json, third);
    }

    private static void attention(GgufKeys keys, ObjectNode json) {
        boolean absorbed = keys.has("attention.key_length_mla");
        int turned = keys.whole("rope.dimension_count");
        json.put("kv_lora_rank", keys.whole("attention.kv_lora_rank"));
        int rank = keys.whole("attention.q_lora_rank", 0);
        if (rank > 0) json.put("q_lora_rank", rank);
        else json.putNull("q_lora_rank");
        json.put(
                "qk_nope_head_dim",
                keys.whole(absorbed ? "attention.key_length_mla" : "attention.key_length") - turned);
        json.put("qk_rope_head_dim", turned);
        json.put("v_head_dim", keys.whole(absorbed ? "attention.value_length_mla" : "attention.value_length"));
        GgufRotary.read(keys, json, turned);
    }

    private static void experts(GgufKeys keys, ObjectNode json, boolean third) {
        json.put("n_routed_experts", keys.whole("expert_count"));
        json.put("num_experts_per_tok", keys.whole("expert_used_count"));
        json.put("n_shared_experts", keys.whole("expert_shared_count", 0));
        json.put("moe_intermediate_size", keys.whole("expert_feed_forward_length"));
        json.put("first_k_dense_replace", keys.whole("leading_dense_block_count", 0));
        json.put("routed_scaling_factor", keys.real("expert_weights_scale", 1));
        json.put("norm_topk_prob", keys.flag("expert_weights_norm", false));
        int groups = keys.whole("expert_group_count", 1);
        json.put("n_group", groups);
        json.put("topk_group", keys.whole("expert_group_used_count", 1));
        if (!third) json.put("topk_method", groups > 1 ? "group_limited_greedy" : "greedy");
    }
}
