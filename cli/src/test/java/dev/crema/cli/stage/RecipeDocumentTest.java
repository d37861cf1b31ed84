package dev.crema.cli.stage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.Repository;
import dev.crema.cli.recipe.Default;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The page on recipes has a table for each record of settings: all of its components, in order, with their defaults. */
final class RecipeDocumentTest {
    private static final Pattern ROW = Pattern.compile("^\\| `(\\w+)` \\| ?(.*?) ?\\| [^|]+ \\|$");

    static Stream<Class<?>> settings() {
        return Stream.of(
                        List.of(
                                TokenizerStage.class,
                                PretrainStage.class,
                                SftStage.class,
                                ClassifyStage.class,
                                GrpoStage.class,
                                EvalStage.class,
                                ModelSettings.class,
                                MaskingSettings.class,
                                SpanSettings.class,
                                ExpertSettings.class,
                                LatentSettings.class,
                                AuxiliarySettings.class,
                                RowSettings.class,
                                TrainingSettings.class),
                        List.of(DataSettings.class.getPermittedSubclasses()),
                        List.of(ProblemSettings.class.getPermittedSubclasses()))
                .flatMap(List::stream);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void namesEverySettingWithItsDefault(Class<?> settings) throws IOException {
        Map<String, String> documented = new LinkedHashMap<>();
        for (RecordComponent component : settings.getRecordComponents()) {
            Default value = component.getAnnotation(Default.class);
            String given = value == null ? "" : "`" + value.value().replace("|", "\\|") + "`";
            boolean settled = value == null && component.getType().isRecord();
            documented.put(snake(component.getName()), settled ? "*as below*" : given);
        }
        assertThat(tables()).contains(documented);
    }

    private static List<Map<String, String>> tables() throws IOException {
        List<Map<String, String>> tables = new ArrayList<>();
        for (String block :
                Files.readString(Repository.root().resolve("docs/recipes.md")).split("\n\n")) {
            Map<String, String> rows = new LinkedHashMap<>();
            block.lines()
                    .map(line -> ROW.matcher(line.replace("\\|", "\u0000")))
                    .filter(Matcher::matches)
                    .forEach(row -> rows.put(row.group(1), row.group(2).replace("\u0000", "\\|")));
            if (!rows.isEmpty()) tables.add(rows);
        }
        return tables;
    }

    private static String snake(String name) {
        return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(java.util.Locale.ROOT);
    }
}
