package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fetches one file into a partial file named by its hash, checks it, and gives it its name. What an interrupted attempt
 * has left is hashed and gone on from; if the whole then does not have its hash, it is fetched once more from the start.
 */
final class Download {
    private static final int BUFFER = 1 << 18;
    /** So much has to come for earlier failures to be forgotten. */
    private static final long PROGRESS = 1 << 20;

    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");

    private final HubClient client;
    private final URI uri;
    private final RemoteFile file;
    private final Retry retry;
    private final Progress progress;
    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    private MessageDigest digest;
    private long position;

    /** Hears how many bytes of the file there are. */
    interface Progress {
        void at(long bytes);
    }

    private Download(HubClient client, URI uri, RemoteFile file, Retry retry, Progress progress, FileChannel channel) {
        this.client = client;
        this.uri = uri;
        this.file = file;
        this.retry = retry;
        this.progress = progress;
        this.channel = channel;
        this.digest = file.hash().begin(file.size());
    }

    /**
     * Fetches a file.
     *
     * @param part where it grows; may hold the beginning of it
     * @param target its name in the end
     * @throws InputException if the hub refuses it, gives up on it, or sends something else
     */
    static void run(HubClient client, URI uri, RemoteFile file, Path part, Path target, Retry retry, Progress progress)
            throws IOException {
        try (FileChannel channel =
                FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            new Download(client, uri, file, retry, progress, channel).fetch();
            channel.force(true);
        }
        Files.createDirectories(target.getParent());
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Refuses what is not what the hub tells of, and keeps nothing of it. */
    private InputException altered(String how) {
        restart();
        return new InputException(SafeNames.shown(file.path()) + " as sent " + how
                + ": it was damaged on the way, or altered; nothing of it was kept");
    }

    private void fetch() throws IOException {
        boolean resumed = resume();
        while (true) {
            while (position < file.size()) {
                long before = position;
                try {
                    receive();
                } catch (IOException e) {
                    if (position - before >= PROGRESS) retry.progressed();
                    retry.failed(e);
                }
            }
            if (file.hash().matches(digest)) return;
            if (!resumed) {
                throw altered("does not have the hash " + file.hash().hex() + " that the hub tells of");
            }
            resumed = false;
            restart();
        }
    }

    /** Takes in what is there already; tells whether there was anything. */
    private boolean resume() throws IOException {
        if (channel.size() > file.size()) channel.truncate(0);
        for (int n = channel.read(buffer.clear()); n >= 0; n = channel.read(buffer.clear())) {
            digest.update(buffer.flip());
            position += n;
        }
        progress.at(position);
        return position > 0;
    }

    private void restart() {
        try {
            channel.truncate(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        digest = file.hash().begin(file.size());
        position = 0;
        progress.at(0);
    }

    private void receive() throws IOException {
        HttpResponse<InputStream> response = client.get(uri, position, SafeNames.shown(file.path()));
        try (InputStream body = response.body();
                StallGuard guard = new StallGuard(body, client.silence())) {
            if (position > 0 && !continues(response)) {
                restart();
                if (response.statusCode() != 200) throw new IOException("the hub does not go on where it was");
            } else if (position == 0 && response.statusCode() != 200) {
                throw new IOException("the hub answers with status " + response.statusCode());
            }
            for (int n = body.read(buffer.array()); n >= 0; n = body.read(buffer.array())) {
                guard.alive();
                if (n > file.size() - position) {
                    throw altered("is larger than the " + file.size() + " bytes that the hub tells of");
                }
                take(n);
            }
        }
        if (position < file.size()) {
            throw new IOException("the connection ended after " + position + " of " + file.size() + " bytes");
        }
    }

    private boolean continues(HttpResponse<?> response) {
        if (response.statusCode() != 206) return false;
        Matcher range = CONTENT_RANGE.matcher(
                response.headers().firstValue("Content-Range").orElse(""));
        return range.matches()
                && Long.parseLong(range.group(1)) == position
                && (range.group(2).equals("*") || Long.parseLong(range.group(2)) == file.size());
    }

    /** A disk that fails is not a network that fails: no other attempt is made. */
    private void take(int n) {
        buffer.clear().limit(n);
        digest.update(buffer.array(), 0, n);
        try {
            for (long at = position; buffer.hasRemaining(); ) at += channel.write(buffer, at);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        position += n;
        progress.at(position);
    }
}
