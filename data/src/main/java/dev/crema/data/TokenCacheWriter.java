package dev.crema.data;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes the files of a cache into an empty folder, in one pass, with a fixed amount of memory. */
final class TokenCacheWriter implements AutoCloseable {
    private final Path folder;
    private final int vocabularySize;
    private final int tokenBytes;
    private final Output tokens;
    private final Output mask;
    private final Output index;
    private long count;
    private long documents;
    private long lossTokens;
    private long emptyExamples;
    private int maskByte;
    private boolean open;
    private long documentStart;
    private long hash;

    TokenCacheWriter(Path folder, int vocabularySize) throws IOException {
        this.folder = folder;
        this.vocabularySize = vocabularySize;
        this.tokenBytes = vocabularySize <= 1 << 16 ? 2 : 4;
        this.tokens = new Output(folder.resolve(CacheManifest.TOKENS));
        this.mask = new Output(folder.resolve(CacheManifest.MASK));
        this.index = new Output(folder.resolve(CacheManifest.INDEX));
    }

    /** Appends an example, or a part of one. An example of fewer than two tokens predicts nothing and is left out. */
    void append(TokenizedExample example) throws IOException {
        int[] ids = example.ids();
        if (example.part() == Example.Part.WHOLE && ids.length < 2) {
            emptyExamples++;
            return;
        }
        if (!open) {
            documentStart = count;
            hash = 0;
            open = true;
        }
        for (int i = 0; i < ids.length; i++) {
            append(ids[i], example.loss().get(i));
        }
        if (example.part().ends()) {
            endDocument();
        }
    }

    /** Writes what remains and the manifest, and forces all of it to the disk. */
    CacheManifest finish(String key, String tokenizer, long skippedRecords) throws IOException {
        if (open) {
            endDocument();
        }
        if ((count & 7) != 0) {
            mask.room(1).put((byte) maskByte);
        }
        index.room(Long.BYTES).putLong(count);
        close();
        CacheManifest manifest = new CacheManifest(
                CacheManifest.VERSION,
                key,
                tokenizer,
                vocabularySize,
                tokenBytes,
                documents,
                count,
                lossTokens,
                emptyExamples,
                skippedRecords,
                Seals.seal(folder));
        byte[] json = JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsBytes(manifest);
        try (Output out = new Output(folder.resolve(CacheManifest.NAME))) {
            out.room(json.length).put(json);
        }
        return manifest;
    }

    @Override
    public void close() throws IOException {
        tokens.close();
        mask.close();
        index.close();
    }

    private void append(int id, boolean loss) throws IOException {
        if (id < 0 || id >= vocabularySize) {
            throw new InputException("the tokenizer gave token " + id + ", beyond its vocabulary of " + vocabularySize);
        }
        if (tokenBytes == 2) {
            tokens.room(2).putShort((short) id);
        } else {
            tokens.room(4).putInt(id);
        }
        if (loss) {
            maskByte |= 1 << (count & 7);
            lossTokens++;
        }
        count++;
        if ((count & 7) == 0) {
            mask.room(1).put((byte) maskByte);
            maskByte = 0;
        }
        hash = Mix.mix(hash, id);
    }

    private void endDocument() throws IOException {
        open = false;
        if (count - documentStart < 2) {
            throw new IllegalStateException("a document in parts has fewer than two tokens");
        }
        index.room(TokenCache.INDEX_ENTRY).putLong(documentStart).putLong(hash);
        documents++;
    }

    /** A buffered little-endian file, forced to the disk when it is closed. */
    private static final class Output implements AutoCloseable {
        private final FileChannel channel;
        private ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

        Output(Path file) throws IOException {
            channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        }

        ByteBuffer room(int bytes) throws IOException {
            if (buffer.remaining() < bytes) {
                flush();
                if (buffer.capacity() < bytes) {
                    buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
                }
            }
            return buffer;
        }

        @Override
        public void close() throws IOException {
            if (channel.isOpen()) {
                try (channel) {
                    flush();
                    channel.force(true);
                }
            }
        }

        private void flush() throws IOException {
            buffer.flip();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            buffer.clear();
        }
    }
}
