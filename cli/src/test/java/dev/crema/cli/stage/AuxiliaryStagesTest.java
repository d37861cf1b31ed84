package dev.crema.cli.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.RecipeRunner;
import dev.crema.model.ArchConfig;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.model.checkpoint.Safetensors;
import dev.crema.tensor.Scope;
import dev.crema.text.InputException;
import dev.crema.train.metrics.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs stages in which a small DeepSeek-V3 learns more than the next token. */
final class AuxiliaryStagesTest {
    private static final String STAGES = """
            name: deepseek
            stages:
              - tokenizer: {data: {files: {path: %1$s}}, vocabulary: 400, chat_template: '{{ messages[0].content }}'}
              - pretrain:
                  data: {files: {path: %1$s}}
                  model: {family: %2$s, layers: 2, hidden_size: 32, heads: 2, context: 48, %3$s}
                  auxiliary: {%4$s}
                  batch: {rows: 8, columns: 48, validation: 0.2, validation_batches: 2}
                  training: {steps: 30, learning_rate: 5e-3, warmup: 5, precision: fp32}
            """;

    @TempDir
    private Path temporary;

    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(
                temporary.resolve("text.txt"), "The cat sat on the mat, and the dog ran after the cat. ".repeat(400));
    }

    private void run(String yaml) throws IOException {
        Recipe recipe = Recipes.read("test", yaml, List.of());
        Recipes.check(recipe);
        new RecipeRunner(temporary.resolve("run"), event -> {}).run(recipe);
    }

    private Path stage(String name) {
        return temporary.resolve("run").resolve(name);
    }

    private double[] logged(String stage, String figure) throws IOException {
        return MetricsLog.read(stage(stage).resolve("run")).stream()
                .mapToDouble(metrics -> metrics.values().getOrDefault(figure, Double.NaN))
                .toArray();
    }

    @Test
    void layersThatPredictFurtherAheadLearnInPretrainingAndFineTuning() throws IOException {
        run(STAGES.formatted(text, "deepseek_v3", "multi_token_layers: 2", "multi_token_weight: 0.3"));
        double[] ahead = logged("pretrain", "multi_token_loss");
        assertThat(ahead).hasSize(30);
        assertThat(ahead[29]).isLessThan(ahead[0] - 1);
        ArchConfig made = ModelFolder.open(stage("pretrain").resolve("model")).config();
        assertThat(made.multiTokenLayers()).isEqualTo(2);

        Path pairs = Files.writeString(
                temporary.resolve("pairs.jsonl"),
                "{\"prompt\": \"the cat sat\", \"completion\": \"on the mat\"}\n".repeat(40));
        String sft = """
                name: deepseek
                stages:
                  - sft:
                      from: %s
                      data: {files: {path: %s}}
                      auxiliary: {multi_token_weight: 0.1}
                      batch: {rows: 8, columns: 24, validation: 0}
                      training: {steps: 20, learning_rate: 5e-3, precision: fp32}
                """.formatted(stage("pretrain").resolve("model"), pairs);
        run(sft);
        ahead = logged("sft", "multi_token_loss");
        assertThat(ahead[19]).isLessThan(ahead[0] / 2);
        assertThat(ModelFolder.open(stage("sft").resolve("model")).config()).isEqualTo(made);
    }

    @Test
    void biasesOfRoutersEvenTheLoadOut() throws IOException {
        run(STAGES.formatted(
                text,
                "deepseek_v3",
                "experts: {count: 8, active: 2, balance: 0, dense_layers: 1}",
                "router_bias_update_rate: 0.01"));
        assertThat(logged("pretrain", "expert_load_max")).hasSize(30).doesNotContain(Double.NaN);
        assertThat(logged("pretrain", "balance_loss")).containsOnly(Double.NaN);
        String name = "model.layers.1.mlp.gate.e_score_correction_bias";
        try (Safetensors saved = Safetensors.open(stage("pretrain").resolve("model/model.safetensors"));
                Scope scope = Scope.open()) {
            assertThat(saved.entry(name).tensor().toFloats()).isNotEqualTo(new float[8]);
        }
        refuses("qwen3_moe", "tied: true", "router_bias_update_rate: 0.01", "no routers with biases");
        refuses("deepseek_v3", "tied: true", "router_bias_update_rate: -1", "at least 0");
    }

    @Test
    void refusesAWeightWithoutLayersAndLayersWithoutAWeight() {
        refuses("deepseek_v3", "tied: true", "multi_token_weight: 0.3", "no layer that predicts further ahead");
        refuses("llama", "tied: true", "multi_token_weight: 0.3", "auxiliary.multi_token_weight is 0.3");
        refuses("llama", "multi_token_layers: 1", "multi_token_weight: 0.3", "only deepseek_v3");
        refuses("deepseek_v3", "multi_token_layers: 1", "multi_token_weight: 0", "learn by it alone");
        refuses("deepseek_v3", "multi_token_layers: 1", "multi_token_weight: -1", "at least 0");
    }

    private void refuses(String family, String model, String auxiliary, String message) {
        assertThatThrownBy(() -> run(STAGES.formatted(text, family, model, auxiliary)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
    }
}
