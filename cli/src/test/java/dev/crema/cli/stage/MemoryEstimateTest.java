package dev.crema.cli.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.cli.MemoryProbe;
import dev.crema.model.ArchConfig;
import dev.crema.model.Weights;
import dev.crema.model.checkpoint.Family;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MemoryEstimateTest {
    @TempDir
    private Path temporary;

    @ParameterizedTest
    @EnumSource(Family.class)
    void countsTheParametersThatAModelHas(Family family) {
        ArchConfig config = settings(family).architecture(100);
        try (Weights weights = Weights.empty(config, DType.FP32, Device.CPU)) {
            assertThat(MemoryEstimate.parameters(config)).isEqualTo(weights.bytes() / 4);
        }
    }

    @Test
    void takesLessWhereBlocksRunAgainAndMoreInFp32() {
        ArchConfig config = settings(Family.LLAMA).architecture(8192);
        long kept = MemoryEstimate.training(config, DType.BF16, 16, 256, false).bytes();
        assertThat(MemoryEstimate.training(config, DType.BF16, 16, 256, true).bytes())
                .isLessThan(kept);
        assertThat(MemoryEstimate.training(config, DType.FP32, 16, 256, false).bytes())
                .isGreaterThan(kept);
    }

    @Test
    void refusesWhatTheMemoryDoesNotHoldBeforeAnyStageRuns() {
        var recipe = Recipes.read(
                "test",
                "stages: [tokenizer: {data: arithmetic}, pretrain: {data: arithmetic, batch: {rows: 64}}]",
                List.of());
        new Preflight(() -> 8_000_000_000L).check(recipe);
        assertThatThrownBy(() -> new Preflight(() -> 600_000_000L).check(recipe))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("stages.pretrain: training needs about ")
                .hasMessageContaining("0.6 GB are free; lower batch.rows");
    }

    @Tag("slow")
    @EnabledOnOs(OS.LINUX)
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isNearWhatARunTakes(boolean recompute) throws IOException, InterruptedException {
        Path text = Files.writeString(temporary.resolve("text.txt"), "A text of twenty-eight bytes.\n".repeat(2000));
        List<String> words = new ArrayList<>(List.of(
                "pretrain", text.toString(), "--out", temporary.resolve("out").toString()));
        for (String set : List.of(
                "tokenizer.kind=characters",
                "model.layers=3",
                "model.hidden_size=256",
                "batch.rows=16",
                "batch.columns=256",
                "batch.recompute=" + recompute,
                "batch.validation_batches=1",
                "training.precision=fp32",
                "training.steps=2")) {
            words.addAll(List.of("--set", set));
        }
        ArchConfig config = settings(Family.LLAMA).architecture(20);
        long estimate =
                MemoryEstimate.training(config, DType.FP32, 16, 256, recompute).bytes();
        long measured = MemoryProbe.peak(words);
        assertThat((double) estimate / measured).isBetween(0.75, 1.35);
    }

    private static ModelSettings settings(Family family) {
        var experts = new ExpertSettings(8, 2, 0, 0, 0, 0, 0.01);
        return new ModelSettings(
                family,
                3,
                256,
                4,
                0,
                0,
                256,
                true,
                10_000,
                0,
                ModelSettings.NormChoice.FAMILY,
                0,
                0.02,
                experts,
                new LatentSettings(0, 0, 0));
    }
}
