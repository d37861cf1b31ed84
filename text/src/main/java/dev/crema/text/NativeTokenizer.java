package dev.crema.text;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;

/**
 * Owns one tokenizer of the Rust library, so that its pointer is never used after it is freed.
 *
 * <p>The library's JNI methods are called directly: DJL's own wrapper reports each use to its makers over the network
 * and copies six arrays where ids are wanted. Any number of threads may call; closing waits for them.
 */
final class NativeTokenizer implements TokenizerEngine {
    /** The library reads plain CPU text; on a machine with CUDA it would otherwise fetch another build of itself. */
    private static final String FLAVOR = "RUST_FLAVOR";

    static {
        if (System.getenv(FLAVOR) == null && System.getProperty(FLAVOR) == null) {
            System.setProperty(FLAVOR, "cpu");
        }
        LibUtils.checkStatus();
    }

    private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private long handle;

    /** Build from the text of a {@code tokenizer.json}; throws RuntimeException with the library's reason. */
    NativeTokenizer(String json) {
        handle = LIBRARY.createTokenizerFromString(json);
        // A file may carry the truncation and padding of whoever saved it; texts here are encoded whole.
        LIBRARY.disableTruncation(handle);
        LIBRARY.disablePadding(handle);
    }

    @Override
    public int[] encode(String text, boolean withSpecials) {
        return call(tokenizer -> {
            long encoding = LIBRARY.encode(tokenizer, text, withSpecials);
            try {
                return ints(LIBRARY.getTokenIds(encoding));
            } finally {
                LIBRARY.deleteEncoding(encoding);
            }
        });
    }

    @Override
    public int[][] encodeAll(String[] texts) {
        return call(tokenizer -> {
            long[] encodings = LIBRARY.batchEncode(tokenizer, texts, false);
            try {
                var ids = new int[encodings.length][];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = ints(LIBRARY.getTokenIds(encodings[i]));
                }
                return ids;
            } finally {
                for (long encoding : encodings) {
                    LIBRARY.deleteEncoding(encoding);
                }
            }
        });
    }

    @Override
    public TokenizedText tokenize(String text) {
        return call(tokenizer -> {
            long encoding = LIBRARY.encode(tokenizer, text, false);
            try {
                int[] ids = ints(LIBRARY.getTokenIds(encoding));
                CharSpan[] spans = LIBRARY.getTokenCharSpans(encoding);
                int[] units = unitOfCodePoint(text);
                var starts = new int[ids.length];
                var ends = new int[ids.length];
                for (int i = 0; i < ids.length; i++) {
                    starts[i] = units[spans[i].getStart()];
                    ends[i] = units[spans[i].getEnd()];
                }
                return new TokenizedText(ids, starts, ends);
            } finally {
                LIBRARY.deleteEncoding(encoding);
            }
        });
    }

    @Override
    public String decode(int[] ids, boolean skipSpecials) {
        var wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return call(tokenizer -> LIBRARY.decode(tokenizer, wide, skipSpecials));
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (handle != 0) {
                LIBRARY.deleteTokenizer(handle);
                handle = 0;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private <T> T call(LongFunction<T> use) {
        lock.readLock().lock();
        try {
            if (handle == 0) {
                throw new IllegalStateException("The tokenizer is closed");
            }
            return use.apply(handle);
        } catch (RuntimeException e) {
            if (e.getClass() == RuntimeException.class) { // so the library reports what it cannot do
                throw new InputException("The tokenizer cannot read this text: " + e.getMessage(), e);
            }
            throw e;
        } finally {
            lock.readLock().unlock();
        }
    }

    /** The library counts code points, Java UTF-16 units: give the unit at which each code point starts, and the end. */
    private static int[] unitOfCodePoint(String text) {
        var units = new int[text.codePointCount(0, text.length()) + 1];
        int unit = 0;
        for (int i = 0; i < units.length - 1; i++) {
            units[i] = unit;
            unit += Character.charCount(text.codePointAt(unit));
        }
        units[units.length - 1] = unit;
        return units;
    }

    private static int[] ints(long[] values) {
        var ints = new int[values.length];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = (int) values[i];
        }
        return ints;
    }
}
