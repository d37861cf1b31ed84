package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufMetadata;
import dev.crema.text.gguf.GgufTensor;

/** Says with the keys of {@code config.json} what a GGUF file's metadata and tensors say of the architecture. */
final class GgufConfig {
    static final String ROPE_FACTORS = "rope_freqs.weight";

    private final GgufFile file;
    private final GgufMetadata metadata;
    private final GgufArchitecture architecture;
    private final ObjectNode json = JsonMapper.builder().build().createObjectNode();

    private GgufConfig(GgufFile file, GgufArchitecture architecture) {
        this.file = file;
        this.metadata = file.metadata();
        this.architecture = architecture;
    }

    static ObjectNode json(GgufFile file, GgufArchitecture architecture) {
        return new GgufConfig(file, architecture).json();
    }

    private ObjectNode json() {
        json.putArray("architectures").add(architecture.className());
        json.put("model_type", architecture.id());
        json.put("vocab_size", vocabulary());
        json.put("tie_word_embeddings", !file.tensors().containsKey("output.weight"));
        switch (architecture) {
            case GPT2 -> gpt2();
            case LLAMA, QWEN2, QWEN3 -> llama();
        }
        metadata.tokenId("bos").ifPresent(id -> json.put("bos_token_id", id));
        metadata.tokenId("eos").ifPresent(id -> json.put("eos_token_id", id));
        return json;
    }

    private int vocabulary() {
        GgufTensor tokens = file.tensors().get("token_embd.weight");
        if (tokens == null) {
            throw new InputException(file.path() + " lacks the tensor token_embd.weight: it holds "
                    + (file.tensors().isEmpty() ? "a vocabulary alone" : "no whole model"));
        }
        if (tokens.rows() > Integer.MAX_VALUE) {
            throw new InputException(file.path() + ": a vocabulary of " + tokens.rows() + " tokens is too large");
        }
        return (int) tokens.rows();
    }

    private void gpt2() {
        json.put("n_embd", whole("embedding_length"));
        json.put("n_layer", whole("block_count"));
        json.put("n_head", whole("attention.head_count"));
        json.put("n_positions", whole("context_length"));
        json.put("n_inner", whole("feed_forward_length"));
        json.put("layer_norm_epsilon", metadata.real(key("attention.layer_norm_epsilon"), 1e-5));
        json.put("activation_function", "gelu_new");
    }

    private void llama() {
        int hidden = whole("embedding_length"), heads = whole("attention.head_count");
        json.put("hidden_size", hidden);
        json.put("num_hidden_layers", whole("block_count"));
        json.put("num_attention_heads", heads);
        json.put("num_key_value_heads", metadata.whole(key("attention.head_count_kv"), heads));
        json.put("max_position_embeddings", whole("context_length"));
        json.put("intermediate_size", whole("feed_forward_length"));
        json.put("rms_norm_eps", metadata.real(key("attention.layer_norm_rms_epsilon"), 1e-5));
        json.put("hidden_act", "silu");
        int headSize = metadata.whole(key("attention.key_length"), heads == 0 ? 0 : hidden / heads);
        // Qwen2's configuration has no key for it.
        if (architecture != GgufArchitecture.QWEN2) json.put("head_dim", headSize);
        same("attention.value_length", headSize);
        same("rope.dimension_count", headSize);
        if (architecture != GgufArchitecture.QWEN2) {
            json.put("attention_bias", file.tensors().containsKey("blk.0.attn_q.bias"));
        }
        if (architecture == GgufArchitecture.LLAMA) {
            json.put("mlp_bias", file.tensors().containsKey("blk.0.ffn_up.bias"));
            refuseExperts();
        }
        json.put("rope_theta", metadata.real(key("rope.freq_base"), 10_000));
        ropeScaling();
    }

    private void ropeScaling() {
        GgufTensor factors = file.tensors().get(ROPE_FACTORS);
        // Before 2023-10 the factor of linear scaling stood alone.
        double linear = metadata.real(key("rope.scale_linear"), 1);
        String type = metadata.optionalText(key("rope.scaling.type")).orElse(linear == 1 ? "none" : "linear");
        double factor = metadata.real(key("rope.scaling.factor"), linear);
        int original = metadata.whole(key("rope.scaling.original_context_length"), 0);
        if (factors != null) {
            int trained = original > 0 ? original : RopeFactors.ORIGINAL;
            json.set("rope_scaling", RopeFactors.read(file.path().toString(), factors, json, trained));
        } else if (type.equals("none") || type.equals("linear") && factor == 1) {
            json.putNull("rope_scaling");
        } else {
            ObjectNode scaling = json.putObject("rope_scaling").put("rope_type", type);
            scaling.put("factor", factor);
            if (original > 0) scaling.put("original_max_position_embeddings", original);
        }
    }

    private void refuseExperts() {
        int experts = metadata.whole(key("expert_count"), 0);
        if (experts > 0) {
            throw new InputException(
                    file.path() + " is a mixture of " + experts + " experts; those are read from safetensors");
        }
    }

    private void same(String name, int headSize) {
        int found = metadata.whole(key(name), headSize);
        if (found != headSize) {
            throw new InputException(file.path() + ": " + key(name) + " is " + found
                    + "; models are read where it is the head size, " + headSize);
        }
    }

    private int whole(String name) {
        return metadata.whole(key(name));
    }

    private String key(String name) {
        return architecture.id() + "." + name;
    }
}
