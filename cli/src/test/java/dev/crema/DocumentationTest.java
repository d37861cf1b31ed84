package dev.crema;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the documents to what is there: their links lead somewhere, and what they tell of exists. */
final class DocumentationTest {
    private static final Pattern LINK = Pattern.compile("\\[[^]]+]\\(([^)#\\s]+)(#[^)]*)?\\)");
    private static final Pattern STEP = Pattern.compile("^\\d+\\. \\[(\\w+)]", Pattern.MULTILINE);
    private static final List<String> PATH =
            List.of("recipe", "command", "trainer", "method", "model", "layer", "tensor");

    /** Are looked up rather than read through, a list of operations and a grammar, and so may be longer than the rest. */
    private static final Set<Path> LOOKED_UP = Set.of(
            Path.of("tensor/src/main/java/dev/crema/tensor/Tensor.java"),
            Path.of("text/src/main/java/dev/crema/text/jinja/ExpressionParser.java"));

    static List<Path> documents() {
        return Repository.documents();
    }

    static Stream<Path> readmes() {
        return Stream.of("README.md", "README.zh-CN.md").map(Repository.root()::resolve);
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linksToWhatIsThere(Path document) throws IOException {
        Matcher links = LINK.matcher(Files.readString(document));
        while (links.find()) {
            if (!links.group(1).matches("https?://.*")) {
                assertThat(document.resolveSibling(links.group(1))).exists();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("readmes")
    void leadsTheReaderFromTheRecipeToTheTensor(Path readme) throws IOException {
        List<String> steps = new ArrayList<>();
        Matcher step = STEP.matcher(Files.readString(readme));
        while (step.find()) {
            steps.add(step.group(1));
        }
        assertThat(steps).isEqualTo(PATH);
    }

    @ParameterizedTest
    @MethodSource("readmes")
    void tellsOfEachModule(Path readme) throws IOException {
        Matcher module = Pattern.compile("<module>(\\w+)</module>")
                .matcher(Files.readString(Repository.root().resolve("pom.xml")));
        String text = Files.readString(readme);
        assertThat(module.find()).isTrue();
        do {
            assertThat(text).contains("| `" + module.group(1) + "` |");
        } while (module.find());
    }

    @Test
    void hasAnEntryForTheVersionInTheChangelog() throws IOException {
        Matcher version = Pattern.compile("<version>([\\d.]+)(-SNAPSHOT)?</version>")
                .matcher(Files.readString(Repository.root().resolve("pom.xml")));
        assertThat(version.find()).isTrue();
        assertThat(Files.readString(Repository.root().resolve("CHANGELOG.md")))
                .contains("\n## [" + version.group(1) + "]");
    }

    @Test
    void hasNoSourceThatIsTooLongToReadInOneSitting() throws IOException {
        Map<Path, Long> lengths = lengths();
        assertThat(lengths).isNotEmpty();
        lengths.keySet().removeAll(LOOKED_UP);
        lengths.values().removeIf(lines -> lines <= 400);
        assertThat(lengths).as("sources of more than 400 lines").isEmpty();
    }

    /** Returns the number of lines of each Java source by its path in the repository. */
    private static Map<Path, Long> lengths() throws IOException {
        Map<Path, Long> lengths = new TreeMap<>();
        try (Stream<Path> files = Files.walk(Repository.root())) {
            for (Path file : files.filter(file -> file.toString().matches(".*[/\\\\]src[/\\\\].*\\.java"))
                    .toList()) {
                try (Stream<String> lines = Files.lines(file)) {
                    lengths.put(Repository.root().relativize(file), lines.count());
                }
            }
        }
        return lengths;
    }
}
