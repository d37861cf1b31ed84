package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.model.ArchConfig;
import dev.crema.model.ParameterSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The configuration of the published DeepSeek-V3, of which only the weights are missing here. */
class DeepSeekConfigTest {
    private static final String PUBLISHED = """
            {"architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
             "bos_token_id": 0, "eos_token_id": 1, "ep_size": 1, "first_k_dense_replace": 3, "hidden_act": "silu",
             "hidden_size": 7168, "initializer_range": 0.02, "intermediate_size": 18432, "kv_lora_rank": 512,
             "max_position_embeddings": 163840, "model_type": "deepseek_v3", "moe_intermediate_size": 2048,
             "moe_layer_freq": 1, "n_group": 8, "n_routed_experts": 256, "n_shared_experts": 1,
             "norm_topk_prob": true, "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61,
             "num_key_value_heads": 128, "num_nextn_predict_layers": 1, "q_lora_rank": 1536,
             "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
             "quantization_config": {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8",
                                     "weight_block_size": [128, 128]},
             "rms_norm_eps": 1e-06,
             "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0, "mscale_all_dim": 1.0,
                              "original_max_position_embeddings": 4096, "type": "yarn"},
             "rope_theta": 10000, "routed_scaling_factor": 2.5, "scoring_func": "sigmoid",
             "tie_word_embeddings": false, "topk_group": 4, "topk_method": "noaux_tc", "torch_dtype": "bfloat16",
             "transformers_version": "4.33.1", "use_cache": true, "v_head_dim": 128, "vocab_size": 129280}""";

    private static FamilyConfig.Read read() throws IOException {
        return FamilyConfig.read(new ConfigJson(
                Path.of("config.json"), JsonMapper.builder().build().readTree(PUBLISHED)));
    }

    @Test
    void hasTheSizesThatThePaperNames() throws IOException {
        FamilyConfig.Read read = read();
        ArchConfig config = (ArchConfig) read.config();
        assertThat(read.weights()).isEqualTo(new StoredWeights.Fp8Blocks(128, 128));
        assertThat(config.context()).isEqualTo(163_840);
        long all = ParameterSpec.count(config), main = ParameterSpec.count(config.withMultiTokenLayers(0));
        assertThat(main / 1_000_000_000).isEqualTo(671);
        assertThat(ParameterSpec.active(config) / 1_000_000_000).isEqualTo(37);
        // With its copies of embedding and head the layer ahead has the 14 billion that are published beside the 671.
        long copies = 2L * config.vocabularySize() * config.hiddenSize();
        assertThat((all - main + copies) / 1e9).isBetween(13.0, 14.0);
    }

    @Test
    void hasTheNamesOfThePublishedWeights() throws IOException {
        FamilyConfig.Read read = read();
        Set<String> names = new TreeSet<>(SharedCopies.of(read.config()).keySet());
        for (ParameterSpec spec : ParameterSpec.of(read.config())) {
            long rows = spec.elements() / spec.elementsOfRow();
            WeightNames.parts(read.family(), read.config(), spec.name(), rows).forEach(part -> names.add(part.name()));
        }
        assertThat(names)
                .contains(
                        "model.layers.3.mlp.gate.e_score_correction_bias",
                        "model.layers.60.self_attn.kv_a_proj_with_mqa.weight",
                        "model.layers.61.embed_tokens.weight",
                        "model.layers.61.enorm.weight",
                        "model.layers.61.hnorm.weight",
                        "model.layers.61.eh_proj.weight",
                        "model.layers.61.self_attn.q_a_layernorm.weight",
                        "model.layers.61.mlp.gate.e_score_correction_bias",
                        "model.layers.61.mlp.experts.255.down_proj.weight",
                        "model.layers.61.mlp.shared_experts.up_proj.weight",
                        "model.layers.61.shared_head.norm.weight",
                        "model.layers.61.shared_head.head.weight")
                .noneMatch(name -> name.startsWith("model.layers.62."));
    }
}
