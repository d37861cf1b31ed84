package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.model.ModelConfig;
import dev.crema.model.Weights;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TooLargeModelTest {
    @TempDir
    Path folder;

    @Test
    void isRefusedBeforeItTakesMemory() throws IOException {
        // 2.4 trillion parameters.
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 32768,
                 "intermediate_size": 131072, "num_hidden_layers": 140, "num_attention_heads": 256,
                 "num_key_value_heads": 256, "vocab_size": 128000, "max_position_embeddings": 4096,
                 "hidden_act": "silu", "rms_norm_eps": 1e-5, "tie_word_embeddings": false}
                """);
        ModelConfig config = ModelFolder.open(folder).description();
        assertThatThrownBy(() -> Weights.empty(config, DType.FP32, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageMatching(
                        "The model's weights take 9\\d{3}\\.\\d GB in fp32, and [\\d.]+ GB of memory are free; bf16 takes half"
                                + " as much");
        assertThatThrownBy(() -> Weights.empty(config, DType.BF16, Device.CPU))
                .hasMessageEndingWith("take a smaller model");
    }
}
