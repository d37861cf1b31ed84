package dev.crema.text;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Turns text into token ids and back, as the Hugging Face tokenizer in the same folder, or llama.cpp with the same GGUF
 * file, does.
 *
 * <p>The work is done by the Rust library that transformers itself uses, but for SentencePiece vocabularies in GGUF. Any number of threads may share a tokenizer;
 * after {@link #close} its methods throw {@link IllegalStateException}. A lone surrogate, which no UTF-8 text can hold,
 * is read as U+FFFD.
 */
public final class Tokenizer implements AutoCloseable {
    private final TokenizerEngine engine;
    private final Vocabulary vocabulary;
    private final SpecialTokens specials;
    private final String fingerprint;

    private Tokenizer(TokenizerEngine engine, Vocabulary vocabulary, SpecialTokens specials, String fingerprint) {
        this.engine = engine;
        this.vocabulary = vocabulary;
        this.specials = specials;
        this.fingerprint = fingerprint;
    }

    /**
     * Load from a model folder, from a {@code tokenizer.json} and the files beside it, or from a GGUF file.
     *
     * @throws InputException when there is none or a file is malformed
     */
    public static Tokenizer load(Path model) {
        TokenizerFiles files = TokenizerFiles.read(model);
        Vocabulary vocabulary = files.vocabulary();
        SpecialTokens specials = files.specials(vocabulary);
        try {
            return new Tokenizer(files.engine(), vocabulary, specials, sha256(files.json()));
        } catch (RuntimeException e) {
            throw new InputException("The tokenizer at " + model + " is malformed: " + e.getMessage(), e);
        }
    }

    /** Encode without adding special tokens; those that stand in the text are recognised. */
    public int[] encode(String text) {
        return engine.encode(wellFormed(text), false);
    }

    /** Encode with what the tokenizer puts around a text, such as a first BOS. */
    public int[] encodeWithSpecials(String text) {
        return engine.encode(wellFormed(text), true);
    }

    /**
     * Encode with what the tokenizer puts around a text, of which the end is cut off where it is too long.
     *
     * @throws InputException when there is no room for the text at all
     */
    public int[] encodeWithSpecials(String text, int maxTokens) {
        int[] ids = encodeWithSpecials(text);
        if (ids.length <= maxTokens) {
            return ids;
        }
        int[] bare = encode(text);
        int around = ids.length - bare.length;
        int before = 0;
        while (before < around && !Arrays.equals(ids, before, before + bare.length, bare, 0, bare.length)) {
            before++;
        }
        int kept = maxTokens - around;
        if (kept < 1) {
            throw new InputException("texts of " + maxTokens + " tokens leave no room for words beside the " + around
                    + " that the tokenizer puts around them; give more");
        }
        int[] cut = Arrays.copyOf(ids, maxTokens);
        System.arraycopy(ids, before + bare.length, cut, before + kept, around - before);
        return cut;
    }

    /** Encode many texts on all cores; each as {@link #encode} would. */
    public List<int[]> encodeAll(List<String> texts) {
        String[] sound = texts.stream().map(Tokenizer::wellFormed).toArray(String[]::new);
        return List.of(engine.encodeAll(sound));
    }

    /** Encode as {@link #encode} does and say where in the text each token stands. */
    public TokenizedText tokenize(String text) {
        return engine.tokenize(wellFormed(text));
    }

    /** Decode, writing special tokens out; ids beyond the vocabulary (a padded embedding has some) give no text. */
    public String decode(int[] ids) {
        return engine.decode(checked(ids), false);
    }

    /** Decode, leaving special tokens out. */
    public String decodeText(int[] ids) {
        return engine.decode(checked(ids), true);
    }

    /** Give the largest id plus one. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /**
     * Give the id of a token as the vocabulary spells it.
     *
     * @throws InputException when there is none; names the nearest
     */
    public int id(String token) {
        return vocabulary.id(token);
    }

    /** Tell whether the vocabulary has this token. */
    public boolean has(String token) {
        return vocabulary.has(token);
    }

    /**
     * Give a token as the vocabulary spells it.
     *
     * @throws InputException when no token has this id
     */
    public String token(int id) {
        return vocabulary.token(id);
    }

    /** Give the tokens that begin, end, pad. */
    public SpecialTokens specials() {
        return specials;
    }

    /** Start a stream whose pieces join to what {@link #decode} gives. */
    public Detokenizer detokenizer() {
        return new Detokenizer(this::decode);
    }

    /** Start a stream whose pieces join to what {@link #decodeText} gives. */
    public Detokenizer textDetokenizer() {
        return new Detokenizer(this::decodeText);
    }

    /** Give the SHA-256 of the tokenizer, in hexadecimal: two with the same fingerprint encode alike. */
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public void close() {
        engine.close();
    }

    private static int[] checked(int[] ids) {
        for (int id : ids) {
            if (id < 0) {
                throw new IllegalArgumentException("Token id " + id + " in " + Arrays.toString(ids) + " is negative");
            }
        }
        return ids;
    }

    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return text.codePoints()
                        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            }
        }
        return text;
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }
}
