package dev.crema.model.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A hub of Hugging Face's kind: tells what its repositories hold, and gives it. */
public final class Hub implements AutoCloseable {
    public static final URI HUGGING_FACE = URI.create("https://huggingface.co");

    private static final int MOST_BYTES = 16 << 20, MOST_PAGES = 100;
    private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"next\"");
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,250}");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final HubClient client;
    private final Patience patience;
    private final PullListener listener;

    /**
     * Makes a client of a hub.
     *
     * @param token for repositories that not everybody may read; empty for none. It is sent to the endpoint alone
     * @throws InputException if the endpoint is no web address, or the token would go to it unencrypted
     */
    public Hub(URI endpoint, String token, Patience patience, PullListener listener) {
        this.client = new HubClient(endpoint, token, patience);
        this.patience = patience;
        this.listener = listener;
    }

    /**
     * Brings a repository's model to a folder, or what {@code patterns} match. Files that are there with the right content
     * stay; what an interrupted pull has left is gone on from; each file has its name only when it is whole and checked.
     *
     * @param revision a branch, a tag or a commit
     * @throws InputException if the hub refuses, the disk has no room, or a name or a content is not as it should be
     */
    public PulledModel pull(RepositoryName repository, String revision, List<String> patterns, Path folder)
            throws IOException {
        String commit = commit(repository, revision);
        List<RemoteFile> files = Selection.choose(repository, files(repository, commit), patterns);
        SafeNames.check(files);
        return new Pull(client, repository, commit, files, folder, () -> new Retry(patience, listener), listener).run();
    }

    /** Finds the commit that a branch or tag stands for now, so that all files are of one. */
    private String commit(RepositoryName repository, String revision) {
        if (!REVISION.matcher(revision).matches() || revision.contains("..") || revision.contains("//")) {
            throw new InputException("\"" + revision + "\" is no revision: give a branch, a tag or a commit");
        }
        JsonNode sha = json(api(repository, "revision", revision), what(repository, revision))
                .body
                .path("sha");
        if (!sha.asText().matches("[0-9a-f]{40}")) {
            throw new InputException(what(repository, revision) + ": the hub does not tell its commit");
        }
        return sha.asText();
    }

    private List<RemoteFile> files(RepositoryName repository, String commit) {
        List<RemoteFile> files = new ArrayList<>();
        URI page = URI.create(api(repository, "tree", commit) + "?recursive=true");
        for (int i = 0; i < MOST_PAGES; i++) {
            Answer answer = json(page, what(repository, commit));
            if (!answer.body.isArray()) throw new InputException(repository + ": the hub's list of files is no list");
            for (JsonNode entry : answer.body) {
                if (entry.path("type").asText().equals("file")) files.add(file(repository, entry));
            }
            Matcher next = NEXT.matcher(answer.link);
            if (!next.find()) return files;
            page = following(page, next.group(1));
        }
        throw new InputException(repository + " has more than " + MOST_PAGES + " pages of files");
    }

    private URI following(URI page, String link) {
        try {
            URI next = page.resolve(link);
            if (next.getHost() != null && HubClient.sameOrigin(next, client.endpoint())) return next;
        } catch (IllegalArgumentException e) {
            // is told below
        }
        throw new InputException(
                "the hub's list of files goes on at \"" + SafeNames.shown(link) + "\", which is not the hub");
    }

    private static RemoteFile file(RepositoryName repository, JsonNode entry) {
        JsonNode lfs = entry.path("lfs");
        String path = entry.path("path").asText();
        JsonNode size = lfs.isObject() ? lfs.path("size") : entry.path("size");
        String oid = (lfs.isObject() ? lfs : entry).path("oid").asText();
        if (path.isEmpty() || !size.canConvertToLong() || !size.isIntegralNumber()) {
            throw new InputException(repository + ": the hub does not tell name and size of each file");
        }
        return new RemoteFile(
                path,
                size.asLong(),
                new ContentHash(lfs.isObject() ? ContentHash.Kind.SHA256 : ContentHash.Kind.GIT_BLOB, oid));
    }

    private record Answer(JsonNode body, String link) {}

    private Answer json(URI uri, String what) {
        return new Retry(patience, listener).until(() -> {
            HttpResponse<InputStream> response = client.get(uri, 0, what);
            try (InputStream body = response.body();
                    StallGuard guard = new StallGuard(body, client.silence())) {
                byte[] bytes = body.readNBytes(MOST_BYTES + 1);
                if (bytes.length > MOST_BYTES) {
                    throw new InputException(what + ": the hub's answer has more than " + MOST_BYTES + " bytes");
                }
                JsonNode json = JSON.readTree(bytes);
                return new Answer(json, String.join(", ", response.headers().allValues("Link")));
            } catch (JsonProcessingException e) {
                throw new InputException(
                        what + ": " + uri.getHost() + " does not answer as a hub does; is HF_ENDPOINT right?", e);
            }
        });
    }

    private URI api(RepositoryName repository, String kind, String revision) {
        return URI.create(client.endpoint() + "/api/models/" + repository + "/" + kind + "/" + encoded(revision));
    }

    private static String what(RepositoryName repository, String revision) {
        return repository + " at " + revision;
    }

    /** Encodes one part of an address. */
    static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Encodes a path, part by part. */
    static String encodedPath(String path) {
        return Arrays.stream(path.split("/")).map(Hub::encoded).collect(Collectors.joining("/"));
    }

    @Override
    public void close() {
        client.close();
    }
}
