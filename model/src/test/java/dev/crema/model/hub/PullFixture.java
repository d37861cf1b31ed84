package dev.crema.model.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** A hub on loopback with a model of two files, and a folder to pull it to. */
abstract class PullFixture {
    static final RepositoryName REPOSITORY = RepositoryName.parse("o/n");
    static final Patience SHORT = new Patience(4, Duration.ofMillis(5), Duration.ofSeconds(2), Duration.ofMillis(300));
    static final String WEIGHTS = "model.safetensors";

    final byte[] config = "{\"model_type\": \"llama\"}".getBytes(StandardCharsets.UTF_8);
    final byte[] weights = new byte[3_000_000];
    final LoopbackHub hub = new LoopbackHub().with("config.json", config);
    final List<String> waits = new ArrayList<>();

    @TempDir
    Path temporary;

    PullFixture() {
        new Random(1).nextBytes(weights);
        hub.withLarge(WEIGHTS, weights);
    }

    @AfterEach
    void close() {
        hub.close();
    }

    Path folder() {
        return temporary.resolve("model");
    }

    PulledModel pull(String... patterns) {
        return pullWith("", patterns);
    }

    PulledModel pullWith(String token, String... patterns) {
        try (Hub client = new Hub(hub.uri(), token, SHORT, listener())) {
            return client.pull(REPOSITORY, "main", List.of(patterns), folder());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    PullListener listener() {
        return new PullListener() {
            @Override
            public void starts(long bytes, long present) {}

            @Override
            public void at(long bytes, String file) {}

            @Override
            public void waiting(String why, Duration pause) {
                waits.add(why);
            }
        };
    }

    List<String> names() throws IOException {
        if (!Files.exists(folder())) return List.of();
        try (Stream<Path> files = Files.walk(folder())) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder().relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    void isWhole() throws IOException {
        assertThat(names()).containsExactly("config.json", WEIGHTS);
        assertThat(folder().resolve("config.json")).hasBinaryContent(config);
        assertThat(folder().resolve(WEIGHTS)).hasBinaryContent(weights);
        assertThat(folder().resolve(".pull")).doesNotExist();
    }

    void refuses(String message) throws IOException {
        assertThatThrownBy(this::pull).isInstanceOf(InputException.class).hasMessageContaining(message);
        assertThat(names()).doesNotContain(WEIGHTS);
    }
}
