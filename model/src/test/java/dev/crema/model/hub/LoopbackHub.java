package dev.crema.model.hub;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A hub on loopback that behaves as Hugging Face's does: a revision stands for a commit, files are listed with their
 * hashes, large ones are redirected to another server with a signed address, ranges are served. On top of that each path
 * may misbehave a number of times.
 */
final class LoopbackHub implements AutoCloseable {
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private final HttpServer hub = server(), cdn = server();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, byte[]> contents = new LinkedHashMap<>();
    private final Map<String, ObjectNode> listing = new LinkedHashMap<>();
    private final Map<String, Deque<Fault>> faults = new HashMap<>();
    final List<Request> requests = new CopyOnWriteArrayList<>();
    int pageSize = 1000;

    /** What came in; {@code cdn} tells at which of the two servers. */
    record Request(boolean cdn, String path, String authorization, String range) {}

    /** Answers a request in another way than the right one. */
    interface Fault {
        void answer(HttpExchange exchange, byte[] content) throws IOException;
    }

    LoopbackHub() {
        hub.createContext("/", exchange -> handle(false, exchange));
        cdn.createContext("/", exchange -> handle(true, exchange));
        for (HttpServer server : List.of(hub, cdn)) {
            server.setExecutor(threads);
            server.start();
        }
    }

    private static HttpServer server() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    URI uri() {
        return uri(hub);
    }

    private static URI uri(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Adds a file that git holds itself. */
    LoopbackHub with(String path, byte[] content) {
        return with(path, content, ContentHash.Kind.GIT_BLOB);
    }

    /** Adds a file of the large store, which the hub redirects to the other server. */
    LoopbackHub withLarge(String path, byte[] content) {
        return with(path, content, ContentHash.Kind.SHA256);
    }

    private LoopbackHub with(String path, byte[] content, ContentHash.Kind kind) {
        contents.put(path, content);
        ObjectNode node = JsonMapper.builder().build().createObjectNode();
        node.put("type", "file").put("path", path).put("size", content.length);
        if (kind == ContentHash.Kind.SHA256) {
            node.put("oid", "f".repeat(40));
            node.putObject("lfs")
                    .put("oid", hash(content, kind))
                    .put("size", content.length)
                    .put("pointerSize", 130);
        } else {
            node.put("oid", hash(content, kind));
        }
        listing.put(path, node);
        return this;
    }

    static String hash(byte[] content, ContentHash.Kind kind) {
        String none = "0".repeat(kind == ContentHash.Kind.SHA256 ? 64 : 40);
        var digest = new ContentHash(kind, none).begin(content.length);
        return java.util.HexFormat.of().formatHex(digest.digest(content));
    }

    /** Returns what the list of files says of a path, to be changed. */
    ObjectNode listed(String path) {
        return Objects.requireNonNull(listing.get(path));
    }

    /** Lets the next request of a path (of a large file: at the other server) misbehave; several in turn. */
    LoopbackHub failing(String path, Fault... each) {
        faults.put(path, new ArrayDeque<>(Arrays.asList(each)));
        return this;
    }

    static Fault status(int status, String... headers) {
        return (exchange, content) -> {
            for (int i = 0; i < headers.length; i += 2)
                exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
            exchange.sendResponseHeaders(status, -1);
        };
    }

    /** Sends the beginning and ends the connection. */
    static Fault cutAt(int bytes) {
        return (exchange, content) -> {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content, 0, bytes);
            exchange.getResponseBody().flush();
        };
    }

    /** Sends all of other bytes, whatever was asked for. */
    static Fault sending(byte[] other) {
        return (exchange, content) -> {
            exchange.sendResponseHeaders(200, other.length);
            exchange.getResponseBody().write(other);
        };
    }

    private void handle(boolean atCdn, HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            var headers = exchange.getRequestHeaders();
            requests.add(new Request(
                    atCdn,
                    path,
                    Objects.requireNonNullElse(headers.getFirst("Authorization"), ""),
                    Objects.requireNonNullElse(headers.getFirst("Range"), "")));
            String file = path.replaceFirst(atCdn ? "^/signed/" : "^/o/n/resolve/" + COMMIT + "/", "");
            boolean large = listing.containsKey(file) && listed(file).has("lfs");
            Deque<Fault> fault = faults.get(file);
            if (fault != null && !fault.isEmpty() && large == atCdn) {
                fault.poll().answer(exchange, contents.getOrDefault(file, new byte[0]));
            } else if (path.startsWith("/api/models/o/n/revision/")) {
                send(exchange, ("{\"sha\": \"" + COMMIT + "\", \"private\": false}").getBytes(StandardCharsets.UTF_8));
            } else if (path.equals("/api/models/o/n/tree/" + COMMIT)) {
                list(exchange);
            } else if (!contents.containsKey(file)) {
                status(404, "X-Error-Code", "EntryNotFound").answer(exchange, new byte[0]);
            } else if (large && !atCdn) {
                URI to = uri(cdn).resolve("/signed/" + Hub.encodedPath(file) + "?signature=abc%2Fdef");
                status(
                                302,
                                "Location",
                                to.toString(),
                                "X-Linked-Etag",
                                '"' + listed(file).path("lfs").path("oid").asText() + '"')
                        .answer(exchange, new byte[0]);
            } else {
                serve(exchange, Objects.requireNonNull(contents.get(file)));
            }
        }
    }

    private void list(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        int from = query.contains("cursor=") ? Integer.parseInt(query.replaceFirst(".*cursor=", "")) : 0;
        List<ObjectNode> all = List.copyOf(listing.values());
        int to = Math.min(all.size(), from + pageSize);
        ArrayNode page = JsonMapper.builder().build().createArrayNode();
        page.addObject().put("type", "directory").put("path", "onnx").put("oid", "0".repeat(40));
        all.subList(from, to).forEach(page::add);
        if (to < all.size()) {
            URI next = uri().resolve(exchange.getRequestURI().getPath() + "?recursive=true&cursor=" + to);
            exchange.getResponseHeaders().set("Link", "<" + next + ">; rel=\"next\"");
        }
        send(exchange, page.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void serve(HttpExchange exchange, byte[] content) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            send(exchange, content);
            return;
        }
        int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        exchange.sendResponseHeaders(206, content.length - from);
        exchange.getResponseBody().write(content, from, content.length - from);
    }

    private static void send(HttpExchange exchange, byte[] content) throws IOException {
        exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
        exchange.getResponseBody().write(content);
    }

    @Override
    public void close() {
        hub.stop(0);
        cdn.stop(0);
        threads.shutdownNow();
    }
}
