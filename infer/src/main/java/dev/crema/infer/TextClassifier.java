package dev.crema.infer;

import dev.crema.model.Encoder;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.EncoderInput;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import dev.crema.text.WordTokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Labels texts, or each of their words, by an encoder with a classifier's head. It owns its model.
 *
 * <p>Words are runs of letters and digits, with hyphens, apostrophes and decimal points inside; each other sign is a word, and so is each
 * Chinese character, as in the data that word classifiers learn from.
 */
public final class TextClassifier implements AutoCloseable {
    private static final String LETTERS = "[\\p{L}\\p{M}\\p{N}&&[^\\p{IsHan}]]+";
    private static final String JOIN = "(?:['’-]|(?<=\\p{N})[.,](?=\\p{N}))";
    private static final Pattern WORD = Pattern.compile("\\p{IsHan}|" + LETTERS + "(?:" + JOIN + LETTERS + ")*|\\S");

    private final Encoder encoder;
    private final Tokenizer tokenizer;
    private final List<String> labels;

    private TextClassifier(Encoder encoder, Tokenizer tokenizer, List<String> labels) {
        this.encoder = encoder;
        this.tokenizer = tokenizer;
        this.labels = labels;
    }

    /** What is said of a text or a word. */
    public record Label(String name, float probability) {}

    /**
     * A text's labels.
     *
     * @param labels all of them, the likeliest first
     * @param cut whether the text was longer than the model reads
     */
    public record Labelled(List<Label> labels, boolean cut) {}

    public record Word(String word, Label label) {}

    /**
     * A text's words.
     *
     * @param words those that the model has read
     * @param cut whether there were more
     */
    public record Tagged(List<Word> words, boolean cut) {}

    /**
     * Loads a classifier's folder.
     *
     * @throws InputException if it holds no classifier, a file is malformed, or tokenizer and model do not belong together
     */
    public static TextClassifier load(Path folder, DType dtype, Device device) {
        ModelFolder source = ModelFolder.open(folder);
        Tokenizer tokenizer = source.tokenizer();
        try {
            Encoder encoder = source.load(Encoder.class, dtype, device);
            return switch (encoder.config().head()) {
                case Head.SequenceClassification head -> new TextClassifier(encoder, tokenizer, head.labels());
                case Head.TokenClassification head -> new TextClassifier(encoder, tokenizer, head.labels());
                case Head.None none -> throw refused(encoder, folder);
                case Head.Pooler pooler -> throw refused(encoder, folder);
                case Head.MaskedLanguage language -> throw refused(encoder, folder);
            };
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    private static InputException refused(Encoder encoder, Path folder) {
        encoder.close();
        return new InputException(
                folder + " is an encoder without a classifier's head; teach it one by the stage classify"
                        + " (recipes/classify.yaml, recipes/ner.yaml)");
    }

    /** Returns the labels in the order of their numbers. */
    public List<String> labels() {
        return labels;
    }

    /** Tells whether words have labels, not texts. */
    public boolean ofWords() {
        return encoder.config().head() instanceof Head.TokenClassification;
    }

    /** Returns the longest text that the model reads, in tokens. */
    public int maxTokens() {
        return encoder.config().context();
    }

    /**
     * Labels texts; the results are in their order.
     *
     * @throws InputException if a text is empty and the tokenizer puts nothing around it
     * @throws IllegalStateException if the model labels words
     */
    public List<Labelled> label(List<String> texts) {
        if (ofWords()) throw new IllegalStateException("the model labels words");
        List<int[]> ids = texts.stream().map(this::tokens).toList();
        List<float[]> probabilities = probabilities(ids);
        List<Labelled> results = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            boolean cut =
                    ids.get(i).length == maxTokens() && tokenizer.encodeWithSpecials(texts.get(i)).length > maxTokens();
            results.add(new Labelled(ranked(probabilities.get(i)), cut));
        }
        return results;
    }

    private int[] tokens(String text) {
        int[] ids = tokenizer.encodeWithSpecials(text, maxTokens());
        if (ids.length == 0) throw empty();
        return ids;
    }

    private static InputException empty() {
        return new InputException("an empty text cannot be labelled with this tokenizer; give one with words");
    }

    private List<Label> ranked(float[] probabilities) {
        List<Label> ranked = new ArrayList<>();
        for (int i = 0; i < probabilities.length; i++) ranked.add(new Label(labels.get(i), probabilities[i]));
        ranked.sort((a, b) -> Float.compare(b.probability, a.probability));
        return ranked;
    }

    /**
     * Labels the words of texts, each by its first token; the results are in the order of the texts.
     *
     * @throws InputException if a text is empty and the tokenizer puts nothing around it
     * @throws IllegalStateException if the model labels texts
     */
    public List<Tagged> tag(List<String> texts) {
        if (!ofWords()) throw new IllegalStateException("the model labels texts");
        List<List<String>> words = texts.stream().map(TextClassifier::words).toList();
        List<WordTokens> tokens = words.stream()
                .map(each -> WordTokens.of(each, tokenizer, maxTokens()))
                .toList();
        if (tokens.stream().anyMatch(each -> each.ids().length == 0)) throw empty();
        List<float[]> probabilities =
                probabilities(tokens.stream().map(WordTokens::ids).toList());
        List<Tagged> results = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            results.add(tagged(words.get(i), tokens.get(i), probabilities.get(i)));
        }
        return results;
    }

    /** Returns the words of a text. */
    static List<String> words(String text) {
        return WORD.matcher(text).results().map(MatchResult::group).toList();
    }

    /** @param probabilities {@code [T, labels]} */
    private Tagged tagged(List<String> words, WordTokens tokens, float[] probabilities) {
        List<Word> tagged = new ArrayList<>();
        for (int token = 0; token < tokens.ids().length; token++) {
            int word = tokens.words()[token];
            if (word == WordTokens.NONE) continue;
            int from = token * labels.size();
            Label label = ranked(Arrays.copyOfRange(probabilities, from, from + labels.size()))
                    .getFirst();
            tagged.add(new Word(words.get(word), label));
        }
        return new Tagged(tagged, tokens.ids().length == maxTokens() && tagged.size() < words.size());
    }

    /** Returns what the head says of each text: {@code [labels]}, or {@code [T, labels]} of words. */
    private List<float[]> probabilities(List<int[]> texts) {
        float[][] results = new float[texts.size()][];
        for (int[] batch : LengthBatches.of(texts)) {
            try (Scope scope = Scope.open();
                    var off = Autograd.off()) {
                List<int[]> chosen = Arrays.stream(batch).mapToObj(texts::get).toList();
                Tensor hidden = encoder.hiddenStates(EncoderInput.of(chosen, encoder.device())); // [B, T, D]
                Tensor logits = encoder.logits(hidden).to(DType.FP32); // [B, labels] or [B, T, labels]
                Tensor probabilities = Functions.softmax(logits, -1);
                for (int row = 0; row < batch.length; row++)
                    results[batch[row]] = probabilities.select(0, row).toFloats();
            }
        }
        return List.of(results);
    }

    @Override
    public void close() {
        encoder.close();
        tokenizer.close();
    }
}
