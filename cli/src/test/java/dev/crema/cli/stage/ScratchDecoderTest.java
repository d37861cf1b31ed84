package dev.crema.cli.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.ArchConfig;
import dev.crema.model.Decoder;
import dev.crema.model.Weights;
import dev.crema.model.WindowSpec;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a family from scratch is, its own file says again. */
final class ScratchDecoderTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(names = {"MISTRAL", "MIXTRAL", "PHI3", "QWEN2", "QWEN3", "GEMMA2", "GEMMA3"})
    void aWindowComesBackFromTheFile(Family family) throws IOException {
        ModelSettings settings = new ModelSettings(
                family,
                3,
                32,
                4,
                2,
                48,
                64,
                true,
                10_000,
                7,
                ModelSettings.NormChoice.FAMILY,
                0,
                0.02,
                new ExpertSettings(4, 2, 0, 0, 0, 0, 0),
                new LatentSettings(0, 0, 0));
        ArchConfig config = settings.architecture(64);
        assertThat(config.attention().window())
                .isInstanceOfSatisfying(
                        WindowSpec.Sliding.class,
                        window -> assertThat(window.size()).isEqualTo(7));
        try (Decoder model = Decoder.of(config, Weights.random(config, DType.FP32, Device.CPU, 0.02, 1))) {
            ModelFolder.save(folder, family, model);
        }
        assertThat(ModelFolder.open(folder).config().attention().window())
                .isEqualTo(config.attention().window());
    }
}
