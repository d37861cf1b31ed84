package dev.crema.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Tokens on disk, mapped into memory: a corpus of any size costs no heap, and is tokenized once.
 *
 * <p>A folder of four files: {@code tokens.bin} (little-endian, 2 bytes a token where the vocabulary fits, else 4),
 * {@code mask.bin} (a bit a token: is it to be predicted), {@code index.bin} (for each document the first token and the
 * hash of its content, then the count of tokens), and {@code manifest.json}. Close it when no row is to be read any more.
 */
public final class TokenCache implements Documents, AutoCloseable {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final int INDEX_ENTRY = 16;

    private final Path folder;
    private final CacheManifest manifest;
    private final Arena arena;
    private final MemorySegment tokens;
    private final MemorySegment mask;
    private final MemorySegment index;

    private TokenCache(Path folder, CacheManifest manifest, Arena arena) throws IOException {
        this.folder = folder;
        this.manifest = manifest;
        this.arena = arena;
        this.tokens = map(folder.resolve(CacheManifest.TOKENS), arena);
        this.mask = map(folder.resolve(CacheManifest.MASK), arena);
        this.index = map(folder.resolve(CacheManifest.INDEX), arena);
    }

    /** Opens a cache folder. Throws InputException where a file is missing, cut short or changed. */
    @SuppressWarnings("MustBeClosedChecker") // the cache owns the arena and closes it
    public static TokenCache open(Path folder) {
        Path file = folder.resolve(CacheManifest.NAME);
        Arena arena = Arena.ofShared();
        try {
            CacheManifest manifest = new JsonMapper().readValue(Files.readString(file), CacheManifest.class);
            Seals.check(folder, manifest);
            return new TokenCache(folder, manifest, arena);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            arena.close();
            throw new InputException(file + ": not a manifest of a token cache; delete " + folder, e);
        } catch (IOException e) {
            arena.close();
            throw new InputException(folder + ": not a token cache: " + e.getMessage() + "; delete the folder", e);
        } catch (InputException e) {
            arena.close();
            throw e;
        }
    }

    /** Returns the hash of everything that the tokens were made from. */
    public String key() {
        return manifest.key();
    }

    /** Counts the tokens. */
    public long tokens() {
        return manifest.tokens();
    }

    /** Counts the tokens that are to be predicted. */
    public long lossTokens() {
        return manifest.lossTokens();
    }

    /** Counts the records that could not be read and were left out. */
    public long skippedRecords() {
        return manifest.skippedRecords();
    }

    /** Counts the examples left out because they have fewer than two tokens. */
    public long emptyExamples() {
        return manifest.emptyExamples();
    }

    /** Returns one more than the highest token id. */
    public int vocabularySize() {
        return manifest.vocabularySize();
    }

    /** Returns the token at a place of the whole cache. */
    public int token(long at) {
        int id = manifest.tokenBytes() == 2 ? Short.toUnsignedInt(tokens.get(SHORT, at * 2)) : tokens.get(INT, at * 4);
        if (id < 0 || id >= manifest.vocabularySize()) {
            throw new InputException(folder + ": token " + at + " is " + id + ", beyond the vocabulary of "
                    + manifest.vocabularySize() + ": the cache is damaged; delete the folder");
        }
        return id;
    }

    /** Tells whether the token at a place is to be predicted. */
    public boolean loss(long at) {
        return (mask.get(ValueLayout.JAVA_BYTE, at >>> 3) >>> (at & 7) & 1) != 0;
    }

    /** Returns the hash of a document's tokens. */
    public long hash(long document) {
        return index.get(LONG, document * INDEX_ENTRY + 8);
    }

    @Override
    public long count() {
        return manifest.documents();
    }

    @Override
    public long predictions() {
        return manifest.tokens() - manifest.documents();
    }

    @Override
    public long firstPrediction(long document) {
        return firstToken(document) - document;
    }

    @Override
    public long firstToken(long document) {
        return index.get(LONG, document * INDEX_ENTRY);
    }

    @Override
    public TokenCache cache() {
        return this;
    }

    @Override
    public void close() {
        arena.close();
    }

    @Override
    public String toString() {
        return "TokenCache[" + folder + ", " + count() + " documents, " + tokens() + " tokens]";
    }

    /** Finds the document that the token at a place belongs to. */
    long documentAtToken(long at) {
        long low = 0;
        long high = count() - 1;
        while (low < high) {
            long middle = (low + high + 1) >>> 1;
            if (firstToken(middle) <= at) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private static MemorySegment map(Path file, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }
}
