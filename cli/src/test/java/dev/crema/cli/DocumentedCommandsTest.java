package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Parses every {@code ./crema} line in a bash block of the documents: its verb and its options must exist. */
final class DocumentedCommandsTest {
    private static final Pattern BLOCK = Pattern.compile("```bash\n(.*?)```", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|([^\\s\"']+)");

    static Stream<String> commands() throws IOException {
        List<String> commands = new ArrayList<>();
        for (Path document : Repository.documents()) {
            Matcher block = BLOCK.matcher(Files.readString(document).replace("\\\n", " "));
            while (block.find()) {
                block.group(1)
                        .lines()
                        .map(String::strip)
                        .filter(line -> line.startsWith("./crema"))
                        .forEach(commands::add);
            }
        }
        return commands.stream().distinct();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void parses(String command) {
        assertThatCode(() -> parse(command)).doesNotThrowAnyException();
    }

    @Test
    void refusesAVerbAndAnOptionThatDoNotExist() {
        assertThatThrownBy(() -> parse("./crema no-such-verb --rate 3")).hasMessageContaining("no-such-verb");
        assertThatThrownBy(() -> parse("./crema --no-such-option")).hasMessageContaining("--no-such-option");
    }

    @Test
    void splitsAsAShellDoes() {
        assertThat(words("./crema chat \"two words\" --system 'a b' | tee log # why"))
                .containsExactly("chat", "two words", "--system", "a b");
    }

    private static void parse(String command) {
        CommandLine line = CremaCommand.commandLine(System.out, System.err, CremaCommand.verbs());
        line.parseArgs(words(command).toArray(String[]::new));
    }

    /** Returns the arguments of a command, up to a comment, a pipe or a redirection. */
    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(command.substring("./crema".length()));
        while (word.find()) {
            String plain = word.group(3);
            if (plain != null && plain.matches("#.*|\\||&&|;|\\d?[<>].*")) {
                break;
            }
            words.add(plain != null ? plain : word.group(1) != null ? word.group(1) : word.group(2));
        }
        return words;
    }
}
