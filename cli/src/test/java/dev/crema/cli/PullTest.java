package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls a model through the command line, from a hub on loopback, and looks into it. */
final class PullTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path temporary;

    @Test
    void bringsAModelThatCanBeUsed() throws IOException {
        Path model = TinyModel.write(temporary.resolve("model"), 600, 128);
        HttpServer hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/api/models/o/n/revision/main", exchange -> send(exchange, "{\"sha\": \"" + COMMIT + "\"}"));
        hub.createContext("/api/models/o/n/tree/" + COMMIT, exchange -> send(exchange, listing(model)));
        String files = "/o/n/resolve/" + COMMIT + "/";
        hub.createContext(files, exchange -> {
            String name = exchange.getRequestURI().getPath().substring(files.length());
            send(exchange, Files.readAllBytes(model.resolve(name)));
        });
        hub.start();
        try {
            Path out = temporary.resolve("pulled");
            CommandRun run = pull(hub, "o/n", "--out", out.toString(), "--json");
            assertThat(run.exitCode()).as(run.err()).isZero();
            JsonNode document = JSON.readTree(run.out());
            assertThat(document.path("commit").asText()).isEqualTo(COMMIT);
            assertThat(document.path("fetched").asLong()).isPositive();
            assertThat(document.path("files").findValuesAsText("path")).contains("config.json", "model.safetensors");
            assertThat(CommandRun.of("inspect", out.toString()).out()).contains("llama");
            run = pull(hub, "o/n", "--out", out.toString());
            assertThat(run.out()).contains("of which 0 were fetched");
        } finally {
            hub.stop(0);
        }
    }

    @Test
    void saysInOneLineWhatIsWrong() throws IOException {
        HttpServer none = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        none.start();
        try {
            String out = temporary.resolve("out").toString();
            assertThat(pull(none, "o/n", "--out", out).err())
                    .contains("status 404")
                    .hasLineCount(1);
            assertThat(pull(none, "model", "--out", out).err())
                    .contains("give OWNER/NAME")
                    .hasLineCount(1);
            assertThat(pull(none, "o/n", "--out", out, "--revision", "../..").err())
                    .contains("is no revision");
            assertThat(run(Map.of("HF_ENDPOINT", "no address"), "o/n").err()).contains("HF_ENDPOINT is \"no address\"");
            assertThat(temporary.resolve("out")).doesNotExist();
        } finally {
            none.stop(0);
        }
    }

    private static CommandRun pull(HttpServer hub, String... words) {
        return run(Map.of("HF_ENDPOINT", "http://127.0.0.1:" + hub.getAddress().getPort()), words);
    }

    private static CommandRun run(Map<String, String> environment, String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(), err = new ByteArrayOutputStream();
        int code = CremaCommand.commandLine(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        List.of(new Pull(environment)))
                .execute(Stream.concat(Stream.of("pull"), Stream.of(words)).toArray(String[]::new));
        return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static String listing(Path model) throws IOException {
        ArrayNode list = JSON.createArrayNode();
        try (Stream<Path> files = Files.list(model)) {
            for (Path file : files.sorted().toList()) {
                byte[] content = Files.readAllBytes(file);
                list.addObject()
                        .put("type", "file")
                        .put("path", file.getFileName().toString())
                        .put("size", content.length)
                        .put("oid", blob(content));
            }
        }
        return list.toString();
    }

    private static String blob(byte[] content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest.digest(content));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void send(HttpExchange exchange, String text) throws IOException {
        send(exchange, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, byte[] content) throws IOException {
        try (exchange) {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
        }
    }
}
