import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Formats every Java source below a root ({@code write}), or names those that are not formatted ({@code check}). */
final class Format {
    private static final Formatter FORMATTER = Formatter.createFormatter(JavaFormatterOptions.builder()
            .style(JavaFormatterOptions.Style.PALANTIR)
            .formatJavadoc(false)
            .build());

    public static void main(String[] args) throws IOException {
        boolean write = args[0].equals("write");
        Path root = Path.of(args[1]).normalize();
        List<Path> unformatted = sources(root).parallelStream()
                .filter(file -> differs(file, write))
                .toList();
        for (Path file : unformatted) {
            System.out.println((write ? "Formatted " : "Not formatted: ") + root.relativize(file));
        }
        if (!write && !unformatted.isEmpty()) {
            System.out.println("Format with: ./mvnw -q -pl format verify -Dformat=write");
            System.exit(1);
        }
    }

    private static List<Path> sources(Path root) throws IOException {
        try (var files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !root.relativize(file).toString().matches("(.*[/\\\\])?target[/\\\\].*"))
                    .sorted()
                    .toList();
        }
    }

    private static boolean differs(Path file, boolean write) {
        try {
            String before = Files.readString(file);
            String after = format(before);
            if (after.equals(before)) {
                return false;
            }
            if (write) {
                Files.writeString(file, after);
            }
            return true;
        } catch (FormatterException e) {
            System.out.println(file + " cannot be parsed: " + e.getMessage());
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String format(String source) throws FormatterException {
        String ordered = ImportOrderer.reorderImports(source, JavaFormatterOptions.Style.PALANTIR);
        return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
    }
}
