package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sends requests to a hub and, where it redirects, to others; the token goes to the hub alone.
 *
 * <p>What another attempt may mend is an {@link IOException}; what it cannot is an {@link InputException}.
 */
final class HubClient implements AutoCloseable {
    private static final int MOST_REDIRECTS = 10;

    private final HttpClient client;
    private final URI endpoint;
    private final String token;
    private final Patience patience;

    /** A server that asks for patience: too many requests, or a fault of its own. */
    static final class Busy extends IOException {
        private static final long serialVersionUID = 1L;
        final transient Duration wait;

        Busy(String message, Duration wait) {
            super(message);
            this.wait = wait;
        }
    }

    /** @param token sent as a bearer's; empty for none */
    HubClient(URI endpoint, String token, Patience patience) {
        this.endpoint = checked(endpoint);
        this.token = token;
        this.patience = patience;
        if (!token.matches("[\\x21-\\x7e]*")) {
            throw new InputException("HF_TOKEN holds spaces or characters that a token does not have");
        }
        if (!token.isEmpty() && endpoint.getScheme().equals("http") && !loopback(endpoint.getHost())) {
            throw new InputException("HF_TOKEN would go to " + endpoint + " unencrypted: use https, or unset HF_TOKEN");
        }
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(patience.silence())
                .build();
    }

    private static URI checked(URI endpoint) {
        boolean web = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
        if (!web
                || endpoint.getHost() == null
                || endpoint.getRawUserInfo() != null
                || endpoint.getRawQuery() != null
                || endpoint.getRawFragment() != null) {
            throw new InputException("HF_ENDPOINT is \"" + endpoint + "\"; it has to be as https://huggingface.co");
        }
        return URI.create(endpoint.toString().replaceAll("/+$", ""));
    }

    private static boolean loopback(String host) {
        return host.equals("localhost") || host.equals("[::1]") || host.matches("127(\\.\\d{1,3}){3}");
    }

    URI endpoint() {
        return endpoint;
    }

    Duration silence() {
        return patience.silence();
    }

    /**
     * Asks for a file, from byte {@code from} on.
     *
     * @param what names it in errors
     * @return status 200, 206 or 416, with a body to close
     * @throws IOException if it may work later
     * @throws InputException if the hub refuses it
     */
    HttpResponse<InputStream> get(URI uri, long from, String what) throws IOException {
        URI at = uri;
        for (int hops = 0; hops <= MOST_REDIRECTS; hops++) {
            HttpResponse<InputStream> response = send(at, from);
            int status = response.statusCode();
            if (status == 200 || status == 206 || status == 416) return response;
            try (InputStream body = response.body()) {
                if (status / 100 != 3) throw refused(response, what);
                at = next(at, response);
            }
        }
        throw new InputException(what + ": the hub redirects more than " + MOST_REDIRECTS + " times");
    }

    private HttpResponse<InputStream> send(URI uri, long from) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).header("User-Agent", "crema").header("Accept-Encoding", "identity");
        if (from > 0) request.header("Range", "bytes=" + from + "-");
        if (!token.isEmpty() && sameOrigin(uri, endpoint)) request.header("Authorization", "Bearer " + token);
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(request.build(), BodyHandlers.ofInputStream());
        try {
            return answer.get(patience.silence().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException(
                    uri.getHost() + " has not answered for "
                            + patience.silence().toSeconds() + " s",
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) throw cause;
            throw new IOException(String.valueOf(e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /** Two addresses are of one origin if scheme, host and port are the same: a token for one may go to the other. */
    static boolean sameOrigin(URI a, URI b) {
        return a.getScheme().equalsIgnoreCase(b.getScheme())
                && a.getHost().equalsIgnoreCase(b.getHost())
                && port(a) == port(b);
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    }

    private static URI next(URI from, HttpResponse<?> response) {
        String location = response.headers().firstValue("Location").orElse("");
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new InputException(
                    from.getHost() + " redirects to \"" + SafeNames.shown(location) + "\", which is no address", e);
        }
        String scheme = Objects.requireNonNullElse(to.getScheme(), "").toLowerCase(Locale.ROOT);
        boolean downgrade = from.getScheme().equalsIgnoreCase("https") && !scheme.equals("https");
        if (location.isEmpty()
                || to.getHost() == null
                || downgrade
                || !List.of("http", "https").contains(scheme)) {
            throw new InputException(from.getHost() + " redirects to \"" + SafeNames.shown(location)
                    + "\", which is no web address, or less safe than the one before");
        }
        return to;
    }

    private IOException refused(HttpResponse<?> response, String what) throws InputException {
        int status = response.statusCode();
        String host = response.uri().getHost();
        if (status == 408 || status == 429 || status >= 500) {
            return new Busy(host + " answers with status " + status, wait(response));
        }
        String code = response.headers().firstValue("X-Error-Code").orElse("");
        String remedy = switch (status) {
            case 401 ->
                token.isEmpty()
                        ? "it is private, gated or does not exist; if you may read it, set HF_TOKEN"
                        : "it does not exist, or HF_TOKEN is not valid or may not read it";
            case 403 -> "access is restricted; accept its terms on its page, with the account that HF_TOKEN belongs to";
            case 404 ->
                code.equals("RevisionNotFound")
                        ? "there is no such revision"
                        : "there is no such repository, revision or file";
            default -> code.isEmpty() ? "the hub refuses it" : SafeNames.shown(code);
        };
        throw new InputException(what + ": " + host + " answers with status " + status + ": " + remedy);
    }

    /** Reads {@code Retry-After}: seconds, or a date. */
    private static Duration wait(HttpResponse<?> response) {
        String text = response.headers().firstValue("Retry-After").orElse("0").strip();
        if (text.matches("\\d{1,9}")) return Duration.ofSeconds(Long.parseLong(text));
        try {
            Instant then = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration wait = Duration.between(Instant.now(), then);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException e) {
            return Duration.ZERO;
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
