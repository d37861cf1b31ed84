package dev.crema.cli;

import dev.crema.Repository;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.RotaryScaling;
import dev.crema.model.Weights;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes a model folder with random weights, a small real tokenizer of 600 tokens and a chat template. */
public final class TinyModel {
    private TinyModel() {}

    /** Writes a model that knows {@code vocabulary} tokens and sequences of up to {@code context}. */
    public static Path write(Path folder, int vocabulary, int context) throws IOException {
        ArchConfig config = new ArchConfig(
                vocabulary,
                16,
                1,
                context,
                new AttentionSpec.GroupedQuery(2, 1, 8, false, false),
                new FeedForwardSpec.Gated(24, Activation.SILU, false),
                new NormSpec.RmsNorm(1e-5),
                new PositionSpec.Rotary(10_000, new RotaryScaling.None()),
                true);
        try (Decoder decoder = Decoder.of(config, Weights.random(config, DType.FP32, Device.CPU, 0.3, 1))) {
            ModelFolder.save(folder, Family.LLAMA, decoder);
        }
        Path tokenizer = Repository.root().resolve("text/src/test/resources/tokenizers/gpt2_single_digits");
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(tokenizer.resolve(file), folder.resolve(file));
        }
        Files.writeString(
                folder.resolve("chat_template.jinja"),
                "{% for m in messages %}<|im_start|>{{ m.role }}\n{% generation %}{{ m.content }}<|im_end|>"
                        + "{% endgeneration %}\n{% endfor %}"
                        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}");
        return folder;
    }
}
