package dev.crema.model.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.model.hub.LoopbackHub.Request;
import dev.crema.text.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Refuses what a hub must not bring about: files outside the folder, lists that lie, redirects to elsewhere. */
class HostileHubTest extends PullFixture {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "../up.json", "/etc/passwd.json", "a/../../b.json", "a//b.json", "..\\up.json", "C:\\up.json",
                        "c:up.json",
                "con.json", "AUX.txt", "lpt1.json", "nul .json", "a\u0000b.json", "a\nb.json", "\u001b[31mred.json",
                "\u202Egnp.json", "a?.json", "CONFIG.json", "config.json/x.json", "x. /a.json", " a.json",
                        "1/2/3/4/5/6/7/8/9.json",
                ".bashrc.json", "\ud800.json"
            })
    void refusesHostileNames(String name) throws IOException {
        hub.with(name, config);
        assertThatThrownBy(() -> pull(name.contains("/") ? new String[] {"**.{json,txt}"} : new String[0]))
                .isInstanceOf(InputException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContainPattern("\\p{Cc}"));
        assertThat(names()).isEmpty();
        try (Stream<Path> beside = Files.list(temporary)) {
            assertThat(beside).isEmpty();
        }
    }

    @Test
    void refusesNamesThatAreTooLong() throws IOException {
        hub.with("x".repeat(300) + ".json", config);
        refuses("has more than 200 bytes");
    }

    @Test
    void asksForRoomFirst() throws IOException {
        hub.listed(WEIGHTS).withObject("lfs").put("size", 1L << 43);
        refuses("make room, or name another place with --out");
        assertThat(hub.requests).allMatch(r -> r.path().startsWith("/api/"));
        assertThat(folder()).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"size, -1", "size, 9223372036854775807", "size, 1.5", "oid, ff", "oid, ''", "oid, ../../etc"})
    void refusesAListThatLies(String key, String value) throws IOException {
        hub.listed(WEIGHTS)
                .withObject("lfs")
                .putPOJO(
                        key,
                        new com.fasterxml.jackson.databind.util.RawValue(
                                key.equals("oid") ? '"' + value + '"' : value));
        refuses("");
        assertThat(hub.requests).noneMatch(Request::cdn);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:///etc/passwd",
                "ftp://127.0.0.1/x",
                "http://",
                "::",
                "",
                "/o/n/resolve/" + LoopbackHub.COMMIT + "/config.json"
            })
    void refusesRedirectsToWhatIsNoWebAddressOrTheSameAgain(String location) throws IOException {
        LoopbackHub.Fault fault = LoopbackHub.status(302, "Location", location);
        LoopbackHub.Fault[] faults = new LoopbackHub.Fault[12];
        Arrays.fill(faults, fault);
        hub.failing("config.json", faults);
        refuses("redirects");
    }

    @Test
    void refusesWhatIsNoHub() throws IOException {
        hub.failing("/api/models/o/n/revision/main", LoopbackHub.sending("<html>".getBytes(StandardCharsets.UTF_8)));
        refuses("does not answer as a hub does");
        hub.failing(
                "/api/models/o/n/revision/main",
                LoopbackHub.sending("{\"sha\": \"..\"}".getBytes(StandardCharsets.UTF_8)));
        refuses("does not tell its commit");
        // On a busy machine so much may take longer than the client waits: whoever asks again gets the same.
        LoopbackHub.Fault[] large = new LoopbackHub.Fault[12];
        Arrays.fill(large, LoopbackHub.sending(new byte[17 << 20]));
        hub.failing("/api/models/o/n/revision/main", large);
        refuses("more than 16777216 bytes");
        hub.failing("/api/models/o/n/revision/main");
        hub.failing(
                "/api/models/o/n/tree/" + LoopbackHub.COMMIT,
                LoopbackHub.sending("{}".getBytes(StandardCharsets.UTF_8)));
        refuses("is no list");
        hub.failing("/api/models/o/n/tree/" + LoopbackHub.COMMIT, (exchange, content) -> {
            exchange.getResponseHeaders().set("Link", "<http://127.0.0.2/x>; rel=\"next\"");
            LoopbackHub.sending("[]".getBytes(StandardCharsets.UTF_8)).answer(exchange, content);
        });
        refuses("which is not the hub");
    }

    @ParameterizedTest
    @ValueSource(strings = {"n", "o/n/m", "../n", "o/..", "o/n?x", "o /n", "o/", "/n", "o/n#", "o/.git", "ö/n"})
    void refusesWhatIsNoRepository(String name) {
        assertThatThrownBy(() -> RepositoryName.parse(name)).isInstanceOf(InputException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://x", "huggingface.co", "https://user:password@x", "https://x?a=b", "http:///"})
    void refusesWhatIsNoEndpoint(String uri) {
        assertThatThrownBy(() -> new Hub(URI.create(uri), "", SHORT, listener()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("HF_ENDPOINT");
    }
}
