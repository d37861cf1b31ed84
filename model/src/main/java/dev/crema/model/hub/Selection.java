package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * Chooses what of a repository is needed. No file is taken that could hold code: pickles ({@code .bin}, {@code .pt}) and
 * scripts stay where they are, and so do the same weights in formats of other libraries.
 */
final class Selection {
    private static final int MOST_FILES = 5_000;
    static final String SINGLE = "model.safetensors", INDEX = "model.safetensors.index.json";
    private static final Pattern KNOWN =
            Pattern.compile("(?s).*\\.(safetensors|gguf|json|txt|jinja|md)|(.*/)?(LICENSE|NOTICE)[^/]*");
    private static final Pattern SHARD = Pattern.compile("model-\\d+-of-\\d+\\.safetensors");
    /** The configuration of a sentence encoder's steps, such as {@code 1_Pooling/config.json}. */
    private static final Pattern STEP = Pattern.compile("\\d+_\\w+/config\\.json");

    private static final Pattern WEIGHTS_OF_OTHERS = Pattern.compile("consolidated.*\\.safetensors|.*\\.index\\.json");

    private Selection() {}

    /**
     * Chooses a whole model, or what {@code patterns} match if there are any.
     *
     * @param patterns as a shell's: {@code *} within a folder, {@code **} across folders
     * @throws InputException if nothing fits, with what there is instead
     */
    static List<RemoteFile> choose(RepositoryName repository, List<RemoteFile> all, List<String> patterns) {
        List<RemoteFile> known = keep(all, path -> KNOWN.matcher(path).matches());
        List<RemoteFile> chosen =
                patterns.isEmpty() ? model(repository, all, known) : matching(repository, known, patterns);
        if (chosen.size() > MOST_FILES) {
            throw new InputException(repository + " has " + chosen.size() + " files to pull, of at most " + MOST_FILES
                    + ": choose with --file");
        }
        return chosen;
    }

    private static List<RemoteFile> model(RepositoryName repository, List<RemoteFile> all, List<RemoteFile> known) {
        List<RemoteFile> root = keep(known, path -> path.indexOf('/') < 0 && !path.endsWith(".gguf"));
        boolean single = has(root, SINGLE), sharded = !single && has(root, INDEX);
        List<RemoteFile> weights = keep(
                root,
                path -> single
                        ? path.equals(SINGLE)
                        : sharded
                                ? SHARD.matcher(path).matches() || path.equals(INDEX)
                                : path.endsWith(".safetensors")
                                        && !WEIGHTS_OF_OTHERS.matcher(path).matches());
        if (weights.isEmpty()) throw new InputException(repository + " holds no safetensors" + instead(all));
        List<RemoteFile> chosen = new ArrayList<>(keep(
                root,
                path -> !path.endsWith(".safetensors")
                        && !WEIGHTS_OF_OTHERS.matcher(path).matches()));
        chosen.addAll(keep(known, path -> STEP.matcher(path).matches()));
        chosen.addAll(weights);
        return chosen;
    }

    private static String instead(List<RemoteFile> all) {
        List<RemoteFile> gguf = keep(all, path -> path.endsWith(".gguf"));
        if (!gguf.isEmpty()) {
            return ", but GGUF files, of which --file chooses: "
                    + gguf.stream()
                            .limit(20)
                            .map(file -> SafeNames.shown(file.path()))
                            .collect(Collectors.joining(", "));
        }
        return all.stream().anyMatch(file -> file.path().matches(".*\\.(bin|pt|pth|ckpt)"))
                ? "; its weights are pickles, which can hold code and are not read"
                : "; --file chooses other files";
    }

    private static List<RemoteFile> matching(RepositoryName repository, List<RemoteFile> known, List<String> patterns) {
        List<RemoteFile> chosen = new ArrayList<>();
        for (String pattern : patterns) {
            List<RemoteFile> found = keep(known, matcher(pattern));
            if (found.isEmpty()) {
                throw new InputException(
                        repository + " has no safetensors, GGUF, JSON or text file that matches \"" + pattern + "\"");
            }
            found.stream().filter(file -> !chosen.contains(file)).forEach(chosen::add);
        }
        return chosen;
    }

    private static Predicate<String> matcher(String pattern) {
        try {
            PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
            return path -> {
                try {
                    return matcher.matches(Path.of(path));
                } catch (InvalidPathException e) {
                    return false;
                }
            };
        } catch (PatternSyntaxException e) {
            throw new InputException("\"" + pattern + "\" is no pattern: " + e.getDescription(), e);
        }
    }

    private static boolean has(List<RemoteFile> files, String path) {
        return files.stream().anyMatch(file -> file.path().equals(path));
    }

    private static List<RemoteFile> keep(List<RemoteFile> files, Predicate<String> wanted) {
        return files.stream().filter(file -> wanted.test(file.path())).toList();
    }
}
