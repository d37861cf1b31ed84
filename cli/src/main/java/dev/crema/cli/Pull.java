package dev.crema.cli;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.model.hub.Hub;
import dev.crema.model.hub.Patience;
import dev.crema.model.hub.PullListener;
import dev.crema.model.hub.PulledModel;
import dev.crema.model.hub.RepositoryName;
import dev.crema.text.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings a model from a hub. */
@Command(
        name = "pull",
        description = "Bring a model from Hugging Face, or from a hub of its kind.",
        footer = {
            "",
            "HF_ENDPOINT names the hub (default: https://huggingface.co), HF_TOKEN lets in to private and gated models.",
            "What was interrupted goes on with the same command; every file is checked against the hub's hash."
        })
final class Pull extends Verb {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    private final Map<String, String> environment;

    @Parameters(paramLabel = "OWNER/NAME", description = "The repository.")
    private String repository;

    @Option(names = "--revision", defaultValue = "main", description = "Branch, tag or commit (default: main).")
    private String revision;

    @Option(names = "--out", description = "Folder of the model (default: models/OWNER/NAME).")
    private Optional<Path> out;

    @Option(
            names = "--file",
            paramLabel = "PATTERN",
            description = "Only files that match, such as '*Q8_0.gguf'; may be repeated.")
    private List<String> patterns = List.of();

    Pull(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    void run(Console console) throws IOException {
        RepositoryName name = RepositoryName.parse(repository);
        Path folder = out.orElseGet(() -> Path.of("models", name.owner(), name.name()));
        try (Shown shown = new Shown(console, name.toString());
                Hub hub = new Hub(endpoint(), environment.getOrDefault("HF_TOKEN", ""), Patience.USUAL, shown)) {
            PulledModel pulled = hub.pull(name, revision, patterns, folder);
            shown.close();
            console.out()
                    .println(String.format(
                            Locale.ROOT,
                            "%s at %s: %d files, %,d bytes, of which %,d were fetched, in %s",
                            pulled.repository(),
                            pulled.commit().substring(0, 12),
                            pulled.files().size(),
                            pulled.bytes(),
                            pulled.fetched(),
                            folder));
            console.document(JSON.<Map<String, Object>>convertValue(
                    pulled, JSON.getTypeFactory().constructMapType(Map.class, String.class, Object.class)));
        }
    }

    private URI endpoint() {
        String text = environment.getOrDefault("HF_ENDPOINT", "");
        try {
            return text.isBlank() ? Hub.HUGGING_FACE : URI.create(text.strip());
        } catch (IllegalArgumentException e) {
            throw new InputException("HF_ENDPOINT is \"" + text + "\"; it has to be as https://huggingface.co", e);
        }
    }

    /** Shows a pull as it goes, in units that fit its size. */
    private static final class Shown implements PullListener, AutoCloseable {
        private final Console console;
        private final String what;
        private @Nullable Progress progress;
        private long unit = 1;

        Shown(Console console, String what) {
            this.console = console;
            this.what = what;
        }

        @Override
        public void starts(long bytes, long present) {
            unit = bytes < 100_000_000 ? 1_000 : 1_000_000;
            progress = console.progress(what, bytes / unit, unit == 1_000 ? "kB" : "MB")
                    .resumedAt(present / unit);
        }

        @Override
        public void at(long bytes, String file) {
            if (progress != null) progress.at(bytes / unit, file);
        }

        @Override
        public void waiting(String why, Duration pause) {
            console.note(why + "; trying again in " + Math.max(1, pause.toSeconds()) + " s");
        }

        @Override
        public void close() {
            if (progress != null) progress.close();
        }
    }
}
