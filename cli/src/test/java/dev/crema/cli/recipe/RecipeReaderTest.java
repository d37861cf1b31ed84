package dev.crema.cli.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.cli.recipe.Kinds.Optimizer;
import dev.crema.cli.recipe.Kinds.Repeat;
import dev.crema.cli.recipe.Kinds.Schedule;
import dev.crema.cli.recipe.Kinds.Style;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeReaderTest {
    private static final String RECIPE = """
            name: small
            seed: 7
            stages:
              - count: { data: words.txt }
              - repeat:
                  name: base
                  from: count
                  times: 10k
                  learning_rate: 1e-3
                  schedule: { cosine: { warmup: 20 } }
                  optimizer:
                    beta1: 0.8
              - join: { of: [count, base] }
            """;

    @Test
    void bindsStagesToTheirRecords() {
        Recipe recipe = read(RECIPE);
        assertThat(recipe.name()).isEqualTo("small");
        assertThat(recipe.seed()).isEqualTo(7);
        assertThat(recipe.stages()).extracting(Recipe.Step::name).containsExactly("count", "base", "join");
        assertThat(recipe.stages()).extracting(Recipe.Step::kind).containsExactly("count", "repeat", "join");
        assertThat(recipe.stages().get(0).stage()).isEqualTo(new Kinds.Count(Path.of("words.txt"), false));
        assertThat(recipe.stages().get(1).stage())
                .isEqualTo(new Repeat(
                        "count",
                        "x",
                        10_000,
                        2_000_000_000L,
                        1e-3,
                        Duration.ofMinutes(15),
                        Style.UPPER_CASE,
                        new Schedule.Cosine(20, 0.1),
                        Map.of("a", 1L),
                        new Optimizer(0.8, List.of(0.9, 0.95), false)));
    }

    @Test
    void writesTheResolvedRecipeSoThatItReadsAsTheSame() {
        Recipe recipe = read(RECIPE);
        assertThat(recipe.toYaml()).isEqualTo("""
                name: small
                seed: 7
                stages:
                  - count:
                      name: count
                      data: words.txt
                      lines: false
                  - repeat:
                      name: base
                      from: count
                      text: x
                      times: 10000
                      memory: 2000000000
                      learning_rate: 0.001
                      patience: 15m
                      style: upper_case
                      schedule:
                        cosine:
                          warmup: 20
                          min_ratio: 0.1
                      weights:
                        a: 1
                      optimizer:
                        beta1: 0.8
                        betas: [0.9, 0.95]
                        nesterov: false
                  - join:
                      name: join
                      of: [count, base]
                """);
        assertThat(read(recipe.toYaml())).isEqualTo(recipe);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no",
                "'null'",
                "'~'",
                "'# not a comment'",
                "'a: b'",
                "' padded '",
                "'1e3'",
                "'tab\tand \"quotes\"'",
                "上海",
                "'-'",
                "'{x}'"
            })
    void textComesBackAsItWas(String text) {
        Recipe recipe = read(RECIPE);
        var repeat = (Repeat) recipe.stages().get(1).stage();
        var changed = new Repeat(
                repeat.from(),
                text,
                1,
                1,
                1e-30,
                Duration.ofMillis(90_500),
                Style.LOWER_CASE,
                new Schedule.Constant(),
                Map.of(text, -5L),
                repeat.optimizer());
        var rewritten = new Recipe(
                text,
                1,
                List.of(
                        recipe.stages().getFirst(),
                        new Recipe.Step("base", changed),
                        recipe.stages().getLast()));
        assertThat(read(rewritten.toYaml())).isEqualTo(rewritten);
    }

    @Test
    void overridesComeLast() {
        Recipe recipe = Kinds.READER.read(
                "recipe.yaml",
                RECIPE,
                List.of(
                        "seed=2",
                        "stages.base.times=5",
                        "base.optimizer.nesterov=true",
                        "base.schedule={warmup_stable: {decay: 9}}",
                        "join.of=[base]",
                        "base.times=6"));
        assertThat(recipe.seed()).isEqualTo(2);
        var base = (Repeat) recipe.stages().get(1).stage();
        assertThat(base.times()).isEqualTo(6);
        assertThat(base.schedule()).isEqualTo(new Schedule.WarmupStable(9));
        assertThat(base.optimizer()).isEqualTo(new Optimizer(0.8, List.of(0.9, 0.95), true));
        assertThat(recipe.stages().get(2).stage()).isEqualTo(new Kinds.JoinStage(List.of("base")));
    }

    @Test
    void aStageWithoutSettingsIsItsNameAlone(@TempDir Path folder) throws IOException {
        record Nothing() implements Stage {
            @Override
            public List<Input> inputs() {
                return List.of();
            }

            @Override
            public void run(StageContext context) {}
        }
        Path file =
                Files.writeString(folder.resolve("tiny.yaml"), "stages: [nothing, nothing: {name: b}, {nothing: }]");
        assertThatThrownBy(() -> new RecipeReader(List.of(Nothing.class)).read(file, List.of()))
                .hasMessageContaining("a second stage is named 'nothing'");
        Files.writeString(file, "stages: [nothing, nothing: {name: b}]");
        Recipe recipe = new RecipeReader(List.of(Nothing.class)).read(file, List.of());
        assertThat(recipe.name()).isEqualTo("tiny");
        assertThat(recipe.seed()).isOne();
        assertThat(recipe.stages())
                .containsExactly(new Recipe.Step("nothing", new Nothing()), new Recipe.Step("b", new Nothing()));
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/recipe/bad-recipes.txt", delimiter = '|', quoteCharacter = '`')
    void namesTheLineTheValueAndTheRemedy(String change, String message) {
        String[] fromTo = change.split(" -> ");
        String changed = RECIPE.replace(fromTo[0], fromTo[1]);
        assertThat(changed).isNotEqualTo(RECIPE);
        assertThatThrownBy(() -> read(changed))
                .isInstanceOf(InputException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/recipe/bad-overrides.txt", delimiter = '|', quoteCharacter = '`')
    void namesTheOverride(String override, String message) {
        assertThatThrownBy(() -> Kinds.READER.read("recipe.yaml", RECIPE, List.of(override)))
                .isInstanceOf(InputException.class)
                .hasMessage(message);
    }

    @Test
    void refusesWhatIsNoRecipe(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> read(""))
                .hasMessage("recipe.yaml: a recipe is a mapping with the keys name, seed, stages");
        assertThatThrownBy(() -> read("name: x"))
                .hasMessage("recipe.yaml:1: a recipe needs 'stages': a list, such as [count: {}]");
        assertThatThrownBy(() -> read("name: [x\nseed: 1"))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("recipe.yaml:2: not YAML: ");
        assertThatThrownBy(() -> read(RECIPE + "---\nname: second\n"))
                .hasMessage("recipe.yaml:15: a second document; only one can be read");
        Path missing = folder.resolve("none.yaml");
        assertThatThrownBy(() -> Kinds.READER.read(missing, List.of()))
                .hasMessage("there is no recipe " + missing + "; name a YAML file");
        Path latin = Files.write(folder.resolve("latin.yaml"), "name: caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Kinds.READER.read(latin, List.of()))
                .hasMessage(latin + ": not UTF-8 text; save it as UTF-8");
    }

    @ParameterizedTest
    @CsvSource({
        "200,200",
        "10k,10000",
        "1.5k,1500",
        "2 GB,2000000000",
        "64 MiB,67108864",
        "64Mi,67108864",
        "1_000,1000",
        "1e3,1000",
        "-3,-3"
    })
    void readsNumbersAsPeopleWriteThem(String text, long value) {
        assertThat(Scalars.read(long.class, text)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({"90s,90000", "1h30m,5400000", "250ms,250", "2d,172800000", "1.5h,5400000", "1h 30m,5400000"})
    void readsDurations(String text, long millis) {
        assertThat(Scalars.read(Duration.class, text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @CsvSource({"''", "k", "1 k B", "GB", "0x10", "NaN", "1e9999", "'1,000'", "--1", "10 000"})
    void refusesOtherNumbers(String text) {
        assertThatThrownBy(() -> Scalars.read(double.class, text)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Recipe read(String yaml) {
        return Kinds.READER.read("recipe.yaml", yaml, List.of());
    }
}
