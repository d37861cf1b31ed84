package dev.crema.model.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.model.hub.LoopbackHub.Request;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pulls from a hub on loopback that behaves as the real one does, and from one that fails. */
class HubTest extends PullFixture {
    @Test
    void bringsWhatAModelNeedsAndNoMore() throws IOException {
        byte[] some = {1};
        for (String name : List.of(
                "tokenizer.json",
                "merges.txt",
                "chat_template.jinja",
                "README.md",
                "LICENSE",
                "1_Pooling/config.json")) {
            hub.with(name, some);
        }
        for (String name : List.of(
                ".gitattributes",
                "pytorch_model.bin",
                "pytorch_model.bin.index.json",
                "tf_model.h5",
                "model.onnx",
                "run.py",
                "flax_model.msgpack",
                "tokenizer.model",
                "onnx/config.json",
                "consolidated.safetensors",
                "a.Q4_0.gguf",
                "model-00001-of-00001.safetensors",
                "../../hostile.bin")) {
            hub.with(name, some);
        }
        PulledModel pulled = pull();
        assertThat(names())
                .containsExactly(
                        "1_Pooling/config.json",
                        "LICENSE",
                        "README.md",
                        "chat_template.jinja",
                        "config.json",
                        "merges.txt",
                        WEIGHTS,
                        "tokenizer.json");
        assertThat(folder().resolve(WEIGHTS)).hasBinaryContent(weights);
        assertThat(pulled.commit()).isEqualTo(LoopbackHub.COMMIT);
        assertThat(pulled.fetched()).isEqualTo(pulled.bytes()).isEqualTo(weights.length + config.length + 6);
    }

    @Test
    void bringsShardsWithTheirIndex() throws IOException {
        try (LoopbackHub sharded = new LoopbackHub()) {
            sharded.with("config.json", config)
                    .with("model.safetensors.index.json", config)
                    .withLarge("model-00001-of-00002.safetensors", weights)
                    .withLarge("model-00002-of-00002.safetensors", new byte[0])
                    .withLarge("consolidated.00.safetensors", weights);
            sharded.pageSize = 2;
            try (Hub client = new Hub(sharded.uri(), "", SHORT, listener())) {
                client.pull(REPOSITORY, "v1.0/main", List.of(), folder());
            }
            assertThat(names())
                    .containsExactly(
                            "config.json",
                            "model-00001-of-00002.safetensors",
                            "model-00002-of-00002.safetensors",
                            "model.safetensors.index.json");
            assertThat(sharded.requests).anyMatch(r -> r.path().equals("/api/models/o/n/revision/v1.0/main"));
            Files.createFile(folder().resolve(WEIGHTS));
            try (Hub client = new Hub(sharded.uri(), "", SHORT, listener())) {
                assertThatThrownBy(() -> client.pull(REPOSITORY, "main", List.of(), folder()))
                        .hasMessageContaining("holds the model.safetensors of another model");
            }
        }
    }

    @Test
    void takesGgufFilesOnlyByPattern() throws IOException {
        hub.withLarge("q/m.Q8_0.gguf", config).withLarge("m.Q4_0.gguf", config);
        pull("**Q8_0.gguf", "config.json");
        assertThat(names()).containsExactly("config.json", "q/m.Q8_0.gguf");
        assertThatThrownBy(() -> pull("*.bin"))
                .hasMessageContaining("no safetensors, GGUF, JSON or text file that matches");
        assertThatThrownBy(() -> pull("[")).hasMessageContaining("is no pattern");
    }

    @Test
    void saysWhatThereIsInsteadOfSafetensors() throws IOException {
        try (LoopbackHub other = new LoopbackHub().with("config.json", config).with("pytorch_model.bin", config)) {
            try (Hub client = new Hub(other.uri(), "", SHORT, listener())) {
                assertThatThrownBy(() -> client.pull(REPOSITORY, "main", List.of(), folder()))
                        .hasMessageContaining("its weights are pickles");
                other.with("m.Q4_0.gguf", config);
                assertThatThrownBy(() -> client.pull(REPOSITORY, "main", List.of(), folder()))
                        .hasMessageContaining("of which --file chooses: m.Q4_0.gguf");
            }
        }
    }

    @Test
    void givesTheTokenToTheHubAlone() throws IOException {
        pullWith("hf_secret");
        assertThat(hub.requests)
                .filteredOn(Request::cdn)
                .hasSize(1)
                .allMatch(r -> r.authorization().isEmpty());
        assertThat(hub.requests)
                .filteredOn(r -> !r.cdn())
                .hasSize(4)
                .allMatch(r -> r.authorization().equals("Bearer hf_secret"));
        assertThatThrownBy(() -> new Hub(URI.create("http://hub.example"), "hf_secret", SHORT, listener()))
                .hasMessageContaining("unencrypted")
                .hasMessageNotContaining("hf_secret");
        assertThatThrownBy(() -> new Hub(hub.uri(), "hf\nsecret", SHORT, listener()))
                .hasMessageContaining("HF_TOKEN holds");
    }

    @Test
    void keepsWhatIsThereAndReplacesWhatHasChanged() throws IOException {
        pull();
        hub.requests.clear();
        assertThat(pull().fetched()).isZero();
        assertThat(hub.requests).allMatch(r -> r.path().startsWith("/api/"));
        Files.writeString(folder().resolve("config.json"), "{\"model_type\": \"other\"}");
        assertThat(pull().fetched()).isEqualTo(config.length);
        isWhole();
    }

    @Test
    void goesOnAfterACutWhereItWas() throws IOException {
        hub.failing(WEIGHTS, LoopbackHub.cutAt(1_000_000));
        pull();
        isWhole();
        List<String> ranges =
                hub.requests.stream().filter(Request::cdn).map(Request::range).toList();
        assertThat(ranges).hasSize(2);
        assertThat(ranges.getFirst()).isEmpty();
        assertThat(ranges.getLast()).matches("bytes=[1-9]\\d*-");
        assertThat(waits).hasSize(1);
    }

    private Path part(byte[] content) throws IOException {
        Path part = folder().resolve(".pull/" + LoopbackHub.hash(weights, ContentHash.Kind.SHA256) + ".part");
        Files.createDirectories(part.getParent());
        return Files.write(part, content);
    }

    @Test
    void goesOnWithWhatAnEarlierPullHasLeft() throws IOException {
        part(Arrays.copyOf(weights, 2_000_000));
        assertThat(pull().fetched()).isEqualTo(weights.length + config.length - 2_000_000);
        isWhole();
        assertThat(hub.requests)
                .filteredOn(Request::cdn)
                .extracting(Request::range)
                .containsExactly("bytes=2000000-");
    }

    @Test
    void fetchesAgainWhatIsDamagedOrTooLong() throws IOException {
        part(new byte[2_000_000]);
        pull();
        isWhole();
        assertThat(hub.requests)
                .filteredOn(Request::cdn)
                .extracting(Request::range)
                .containsExactly("bytes=2000000-", "");
        Files.delete(folder().resolve(WEIGHTS));
        part(new byte[4_000_000]);
        pull();
        isWhole();
    }

    @Test
    void startsAgainWhereRangesAreNotServed() throws IOException {
        part(Arrays.copyOf(weights, 2_000_000));
        hub.failing(WEIGHTS, LoopbackHub.sending(weights));
        pull();
        isWhole();
        Files.delete(folder().resolve(WEIGHTS));
        part(Arrays.copyOf(weights, 2_000_000));
        hub.failing(WEIGHTS, LoopbackHub.status(416));
        pull();
        isWhole();
        Files.delete(folder().resolve(WEIGHTS));
        part(Arrays.copyOf(weights, 2_000_000));
        hub.failing(WEIGHTS, LoopbackHub.status(206, "Content-Range", "bytes 5-2999999/3000000"));
        pull();
        isWhole();
    }

    @Test
    void waitsWhereTheHubIsBusy() throws IOException {
        hub.failing(
                WEIGHTS,
                LoopbackHub.status(429, "Retry-After", "1"),
                LoopbackHub.status(503),
                LoopbackHub.status(500, "Retry-After", "no date"));
        long begin = System.nanoTime();
        pull();
        isWhole();
        assertThat(System.nanoTime() - begin).isGreaterThan(1_000_000_000L);
        assertThat(waits).hasSize(3).first().asString().contains("status 429");
    }

    @Test
    void givesUpInTheEnd() throws IOException {
        LoopbackHub.Fault busy = LoopbackHub.status(503);
        hub.failing(WEIGHTS, busy, busy, busy, busy);
        refuses("status 503; given up after 4 attempts");
        hub.failing(WEIGHTS, LoopbackHub.status(429, "Retry-After", "86400"));
        refuses("status 429; given up");
        hub.close();
        refuses("no connection");
    }

    @Test
    void doesNotWaitForEverForAServerThatIsSilent() throws IOException {
        hub.failing(
                WEIGHTS,
                (exchange, content) -> {
                    exchange.sendResponseHeaders(200, content.length);
                    exchange.getResponseBody().write(content, 0, 100);
                    exchange.getResponseBody().flush();
                    sleep();
                },
                (exchange, content) -> sleep());
        pull();
        isWhole();
        assertThat(waits).hasSize(2).last().asString().contains("has not answered");
    }

    private static void sleep() {
        try {
            Thread.sleep(2_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void keepsNothingThatIsNotWhatTheHubTellsOf() throws IOException {
        byte[] other = weights.clone();
        other[17]++;
        hub.failing(WEIGHTS, LoopbackHub.sending(other));
        refuses("does not have the hash");
        hub.failing(WEIGHTS, LoopbackHub.sending(Arrays.copyOf(weights, weights.length + 1)));
        refuses("is larger than the 3000000 bytes");
        LoopbackHub.Fault shorter = LoopbackHub.sending(new byte[10]);
        hub.failing(WEIGHTS, shorter, shorter, shorter, shorter, shorter);
        refuses("given up");
        pull();
        isWhole();
    }

    @ParameterizedTest
    @CsvSource({
        "401, '', set HF_TOKEN",
        "403, GatedRepo, accept its terms",
        "404, RevisionNotFound, no such revision",
        "404, RepoNotFound, no such repository",
        "400, Odd, Odd"
    })
    void saysWhyTheHubRefuses(int status, String code, String message) throws IOException {
        hub.failing(WEIGHTS, LoopbackHub.status(status, "X-Error-Code", code));
        refuses(message);
        assertThat(waits).isEmpty();
    }
}
