package dev.crema.train.run;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Hashes files by their content, on all cores.
 *
 * <p>SHA-256 is sequential, so a file is cut into chunks of 64 MB that are hashed side by side; the hash of the file is
 * the SHA-256 of its chunks' hashes, a Merkle tree of one level. Files of one chunk are hashed the same way.
 */
public final class ContentHash {
    /** The name that a manifest gives the algorithm. */
    static final String ALGORITHM = "sha256-of-sha256-of-64MiB-chunks";

    private static final long CHUNK = 64L << 20;
    private static final int BUFFER = 1 << 20;

    private ContentHash() {}

    /** Returns the hash of a file's content as 64 hexadecimal digits. */
    public static String of(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            List<byte[]> chunks = LongStream.range(0, Math.ceilDiv(size, CHUNK))
                    .parallel()
                    .mapToObj(chunk -> ofRange(channel, chunk * CHUNK, Math.min(size, (chunk + 1) * CHUNK)))
                    .toList();
            MessageDigest whole = sha256();
            chunks.forEach(whole::update);
            return HexFormat.of().formatHex(whole.digest());
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static byte[] ofRange(FileChannel channel, long from, long to) {
        MessageDigest digest = sha256();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER, to - from));
        try {
            for (long at = from; at < to; ) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), to - at));
                int read = channel.read(buffer, at);
                if (read < 0) {
                    throw new EOFException("file became shorter while it was hashed");
                }
                digest.update(buffer.flip());
                at += read;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return digest.digest();
    }

    /** Returns a new SHA-256, which every Java platform has. */
    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
