package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufTensor;
import java.util.List;

/**
 * Says with the keys of {@code config.json} what a GGUF file's metadata and tensors say of the architecture.
 *
 * <p>What llama.cpp knows by itself of an architecture (the scale of Gemma's scores, which of its layers slide, that
 * Qwen3's routers normalise) is in no file and is known here.
 */
final class GgufConfig {
    /** The layers of the 27B models, whose scores are scaled by another size than that of the head. */
    private static final int GEMMA2_27B = 46, GEMMA3_27B = 62;

    private final GgufKeys keys;
    private final GgufArchitecture architecture;
    private final ObjectNode json = JsonNodeFactory.instance.objectNode();

    private GgufConfig(GgufKeys keys) {
        this.keys = keys;
        this.architecture = keys.architecture();
    }

    static ObjectNode json(GgufKeys keys) {
        return new GgufConfig(keys).json();
    }

    private ObjectNode json() {
        json.put("vocab_size", vocabulary());
        // llama.cpp loads no OLMo 2 without a head of its own.
        boolean headed = keys.holds("output.weight") || architecture == GgufArchitecture.OLMO2;
        json.put("tie_word_embeddings", !headed);
        switch (architecture) {
            case GPT2 -> gpt2();
            case DEEPSEEK2 -> GgufDeepSeek.read(keys, json);
            case LLAMA, QWEN2, QWEN3, QWEN2MOE, QWEN3MOE, PHI3, OLMO2, GEMMA2, GEMMA3 -> rotating();
        }
        keys.metadata().tokenId("bos").ifPresent(id -> json.put("bos_token_id", id));
        keys.metadata().tokenId("eos").ifPresent(id -> json.put("eos_token_id", id));
        return json;
    }

    private int vocabulary() {
        GgufTensor tokens = keys.tensors().get("token_embd.weight");
        if (tokens == null) {
            throw new InputException(keys.where() + " lacks the tensor token_embd.weight: it holds "
                    + (keys.tensors().isEmpty() ? "a vocabulary alone" : "no whole model"));
        }
        if (tokens.rows() > Integer.MAX_VALUE) {
            throw new InputException(keys.where() + ": a vocabulary of " + tokens.rows() + " tokens is too large");
        }
        return (int) tokens.rows();
    }

    private void gpt2() {
        json.put("model_type", "gpt2");
        json.put("n_embd", keys.whole("embedding_length"));
        json.put("n_layer", keys.whole("block_count"));
        json.put("n_head", keys.whole("attention.head_count"));
        json.put("n_positions", keys.whole("context_length"));
        json.put("n_inner", keys.whole("feed_forward_length"));
        json.put("layer_norm_epsilon", keys.real("attention.layer_norm_epsilon", 1e-5));
        json.put("activation_function", "gelu_new");
    }

    private void rotating() {
        int hidden = keys.whole("embedding_length"), heads = keys.whole("attention.head_count");
        json.put("model_type", modelType());
        json.put("hidden_size", hidden);
        json.put("num_hidden_layers", keys.whole("block_count"));
        json.put("num_attention_heads", heads);
        json.put("num_key_value_heads", keys.whole("attention.head_count_kv", heads));
        json.put("max_position_embeddings", keys.whole("context_length"));
        json.put("intermediate_size", keys.whole("feed_forward_length", 0));
        json.put("rms_norm_eps", keys.real("attention.layer_norm_rms_epsilon", 1e-5));
        json.put(
                architecture.gemma() ? "hidden_activation" : "hidden_act",
                architecture.gemma() ? "gelu_pytorch_tanh" : "silu");
        int headSize = keys.whole("attention.key_length", heads == 0 ? 0 : hidden / heads);
        json.put("head_dim", headSize);
        same("attention.value_length", headSize);
        GgufRotary.read(keys, json, headSize);
        switch (architecture) {
            case LLAMA -> llama();
            case QWEN2MOE, QWEN3MOE -> qwenExperts();
            case GEMMA2, GEMMA3 -> gemma(hidden, heads, headSize);
            case PHI3 -> window();
            case OLMO2 -> {
                if (keys.has("attention.sliding_window")) {
                    throw new InputException(keys.where() + " has a sliding window, as OLMo 3 has; OLMo 2 is read");
                }
            }
            case QWEN2, QWEN3, GPT2, DEEPSEEK2 -> {}
        }
    }

    private String modelType() {
        return switch (architecture) {
            case LLAMA -> {
                if (keys.whole("expert_count", 0) > 0) yield "mixtral";
                yield keys.whole("attention.sliding_window", 0) > 0 ? "mistral" : "llama";
            }
            case QWEN2MOE -> "qwen2_moe";
            case QWEN3MOE -> "qwen3_moe";
            case GEMMA3 -> "gemma3_text";
            case QWEN2, QWEN3, PHI3, OLMO2, GEMMA2, GPT2, DEEPSEEK2 -> architecture.id();
        };
    }

    private void llama() {
        int experts = keys.whole("expert_count", 0);
        if (experts > 0) {
            json.put("num_local_experts", experts);
            json.put("num_experts_per_tok", keys.whole("expert_used_count"));
        } else if (!json.path("model_type").asText().equals("mistral")) {
            json.put("attention_bias", keys.holds("blk.0.attn_q.bias"));
            json.put("mlp_bias", keys.holds("blk.0.ffn_up.bias"));
        }
        window();
    }

    /** Reads a window in every layer; none, and none that is wider than the context, is zero. */
    private void window() {
        int window = keys.whole("attention.sliding_window", 0);
        if (window > 0) json.put("sliding_window", window);
    }

    private void qwenExperts() {
        int active = keys.whole("expert_used_count"), width = keys.whole("feed_forward_length", 0);
        json.put("num_experts", keys.whole("expert_count"));
        json.put("num_experts_per_tok", active);
        json.put("moe_intermediate_size", keys.whole("expert_feed_forward_length", active == 0 ? 0 : width / active));
        json.put("norm_topk_prob", keys.flag("expert_weights_norm", architecture == GgufArchitecture.QWEN3MOE));
        if (architecture == GgufArchitecture.QWEN2MOE) {
            json.put("shared_expert_intermediate_size", keys.whole("expert_shared_feed_forward_length", width));
            json.put("qkv_bias", keys.holds("blk.0.attn_q.bias"));
        }
    }

    private void gemma(int hidden, int heads, int headSize) {
        boolean second = architecture == GgufArchitecture.GEMMA2;
        int layers = keys.whole("block_count");
        boolean large = layers == (second ? GEMMA2_27B : GEMMA3_27B) && heads > 0;
        json.put("query_pre_attn_scalar", large ? hidden / heads : headSize);
        if (second) cap("attn_logit_softcapping", 50);
        cap("final_logit_softcapping", second ? 30 : 0);
        int window = keys.whole("attention.sliding_window", second ? 4096 : 0);
        if (window > 0) json.put("sliding_window", window);
        List<Boolean> slides = window == 0 ? WindowPeriod.of(1, layers) : slides(layers, WindowPeriod.usual(second));
        ArrayNode types = json.putArray("layer_types");
        slides.forEach(slide -> types.add(slide ? "sliding_attention" : "full_attention"));
    }

    /** Reads which layers slide: a period, or each by itself. */
    private List<Boolean> slides(int layers, int period) {
        String key = keys.key("attention.sliding_window_pattern");
        if (keys.metadata().isArray(key)) return keys.metadata().flags(key);
        return WindowPeriod.of(keys.metadata().whole(key, period), layers);
    }

    private void cap(String name, double otherwise) {
        double limit = keys.real(name, otherwise);
        if (limit == 0) json.putNull(name);
        else json.put(name, limit);
    }

    private void same(String name, int headSize) {
        int found = keys.whole(name, headSize);
        if (found != headSize) {
            throw new InputException(keys.where() + ": " + keys.key(name) + " is " + found
                    + "; models are read where it is the head size, " + headSize);
        }
    }
}
