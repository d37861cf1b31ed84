package dev.crema.text.bpe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.stream.IntStream;

/** Gathers strings into blocks. */
final class TextBlocks implements Iterator<Block> {
    private static final int SIZE = 4 << 20;

    private final Iterator<String> texts;

    TextBlocks(Iterator<String> texts) {
        this.texts = texts;
    }

    @Override
    public boolean hasNext() {
        return texts.hasNext();
    }

    @Override
    public Block next() {
        var bytes = new byte[1 << 12];
        int length = 0;
        var ends = IntStream.builder();
        while (texts.hasNext() && length < SIZE) {
            byte[] text = texts.next().getBytes(StandardCharsets.UTF_8);
            if (length + text.length > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(length + text.length, bytes.length * 2));
            }
            System.arraycopy(text, 0, bytes, length, text.length);
            length += text.length;
            ends.add(length);
        }
        return new Block(Arrays.copyOf(bytes, length), ends.build().toArray());
    }
}
