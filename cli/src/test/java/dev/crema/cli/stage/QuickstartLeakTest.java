package dev.crema.cli.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.Repository;
import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.RecipeRunner;
import dev.crema.data.TokenCache;
import dev.crema.data.arithmetic.ProblemSet;
import dev.crema.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** None of what the stages of the quickstart learn from, as their token caches hold it, is one of the 500 problems. */
final class QuickstartLeakTest {
    private static final Pattern EQUATION = Pattern.compile("(\\d+)\\s*([+-])\\s*(\\d+)\\s*=\\s*(\\d+)");

    @TempDir
    private Path root;

    private Recipe recipe;

    @BeforeEach
    void runShort() throws IOException {
        List<String> settings = new ArrayList<>();
        for (String set : List.of(
                "tokenizer.data.arithmetic.examples=500",
                "base.data.arithmetic.examples=20k",
                "base.model.layers=1",
                "base.model.hidden_size=16",
                "base.model.feed_forward=16",
                "base.batch.rows=1",
                "base.batch.validation_batches=1",
                "base.training.steps=1",
                "cold-start.training.steps=1",
                "r1.training.steps=0",
                "r1-zero.training.steps=0",
                "judged.problems.arithmetic.count=1",
                "judged.max_tokens=1")) {
            settings.add(set);
        }
        recipe = Recipes.read(Repository.root().resolve("recipes/quickstart.yaml"), settings);
        new RecipeRunner(root, event -> {}).run(recipe);
    }

    @Test
    void noDocumentHoldsAHeldOutProblem() throws IOException {
        Set<String> texts = new HashSet<>();
        Set<String> calculations = new HashSet<>();
        for (var held : ProblemSet.test()) {
            texts.add(held.text());
            calculations.add(held.calculation().key());
        }
        assertThat(texts).hasSizeGreaterThan(490);
        int worked = 0;
        for (String stage : List.of("base", "cold-start")) {
            for (String document : documents(stage)) {
                assertThat(texts).as(document).noneMatch(document::contains);
                List<String> keys = calculations(document);
                worked += keys.isEmpty() ? 0 : 1;
                assertThat(keys).as(document).noneMatch(calculations::contains);
            }
        }
        assertThat(worked).as("documents with reasoning").isGreaterThan(5_000);
    }

    @Test
    void noPromptOfReinforcementIsAHeldOutProblem() throws IOException {
        Set<String> held = new HashSet<>();
        ProblemSet.test().forEach(question -> held.add(question.text()));
        for (Recipe.Step step : recipe.stages()) {
            if (!(step.stage() instanceof GrpoStage stage)) continue;
            assertThat(stage.problems())
                    .isEqualTo(new ProblemSettings.Arithmetic(dev.crema.data.arithmetic.Split.TRAIN, 500));
            var problems = stage.problems().training(recipe.seed());
            for (int number = 0; number < 16 * 190; number++) {
                String prompt = problems.problem(number).prompt().getLast().content();
                assertThat(held).noneMatch(prompt::contains);
            }
        }
    }

    /** Returns the key of each chain of two or more equations, of which each goes on from the result before. */
    private static List<String> calculations(String document) {
        List<String> keys = new ArrayList<>();
        Matcher equation = EQUATION.matcher(document);
        StringBuilder key = new StringBuilder();
        String result = "";
        int steps = 0;
        while (equation.find()) {
            if (!equation.group(1).equals(result)) {
                if (steps > 1) keys.add(key.toString());
                key = new StringBuilder(equation.group(1));
                steps = 0;
            }
            key.append(equation.group(2)).append(equation.group(3));
            result = equation.group(4);
            steps++;
        }
        if (steps > 1) keys.add(key.toString());
        return keys;
    }

    private List<String> documents(String stage) throws IOException {
        List<String> documents = new ArrayList<>();
        try (Stream<Path> caches = Files.list(root.resolve(stage).resolve("tokens"));
                Tokenizer tokenizer = Tokenizer.load(root.resolve("tokenizer"));
                TokenCache cache = TokenCache.open(caches.toList().getFirst())) {
            for (long document = 0; document < cache.count(); document++) {
                int[] ids = new int[cache.predictions(document) + 1];
                for (int i = 0; i < ids.length; i++) ids[i] = cache.token(cache.firstToken(document) + i);
                documents.add(tokenizer.decode(ids));
            }
        }
        return documents;
    }
}
