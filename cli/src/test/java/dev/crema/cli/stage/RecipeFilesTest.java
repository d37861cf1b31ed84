package dev.crema.cli.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.Repository;
import dev.crema.cli.recipe.Recipe;
import dev.crema.cli.recipe.RecipeRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The recipes that come with Crema can be read, say what they do, and run. */
final class RecipeFilesTest {
    private static final Pattern PATH = Pattern.compile("\\bpath: ([\\w./-]+)");

    @TempDir
    private Path temporary;

    static List<Path> recipes() throws IOException {
        try (Stream<Path> files = Files.list(Repository.root().resolve("recipes"))) {
            return files.filter(file -> file.toString().endsWith(".yaml")).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void canBeReadAndWrittenBack(Path file) throws IOException {
        String text = withFiles(Files.readString(file));
        Recipe recipe = Recipes.read(file.toString(), text, List.of());
        assertThat(Recipes.read("resolved", recipe.toYaml(), List.of())).isEqualTo(recipe);
        assertThat(recipe.name()).isEqualTo(file.getFileName().toString().replace(".yaml", ""));
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void beginsWithWhatItDoesAndHowToRunIt(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        assertThat(lines.getFirst()).startsWith("# ");
        assertThat(lines).anyMatch(line -> line.startsWith("#   ./crema "));
    }

    @Test
    @Tag("shared")
    void runsOnCharactersOfShakespeare() throws IOException {
        String text = shared().resolve("tinyshakespeare/input.txt").toString();
        for (String name : List.of("shakespeare-char", "shakespeare-char-long")) {
            run(
                    name,
                    "tokenizer.data.files.path=" + text,
                    "base.data.files.path=" + text,
                    "base.training.steps=2",
                    "base.batch.rows=4",
                    "base.batch.validation_batches=1");
            assertThat(Recipes.summary(temporary.resolve(name).resolve("base"))).containsKeys("loss", "val_loss");
        }
    }

    @Test
    @Tag("shared")
    void runsOnBooks() throws IOException {
        String books = shared().resolve("classic-books").toString();
        run(
                "books",
                "tokenizer.data.files.path=" + books,
                "base.data.files.path=" + books,
                "base.training.steps=2",
                "base.batch.rows=2",
                "base.batch.validation_batches=1",
                "base.model.layers=2");
        Map<String, Object> summary = Recipes.summary(temporary.resolve("books/base"));
        assertThat(summary)
                .hasEntrySatisfying(
                        "val_loss", loss -> assertThat((double) loss).isBetween(7.0, 10.0));
    }

    private void run(String name, String... settings) throws IOException {
        Path file = Repository.root().resolve("recipes").resolve(name + ".yaml");
        new RecipeRunner(temporary.resolve(name), event -> {}).run(Recipes.read(file, List.of(settings)));
    }

    private static Path shared() {
        return Path.of(System.getProperty("crema.shared"), "data");
    }

    /** Puts a file that is there in the place of those that a user is to have. */
    private String withFiles(String recipe) throws IOException {
        Path file = Files.writeString(temporary.resolve("data.txt"), "A text.");
        return PATH.matcher(recipe).replaceAll("path: " + Matcher.quoteReplacement(file.toString()));
    }
}
