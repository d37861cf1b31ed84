package dev.crema.data;

import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Texts with labels, tokenized, in memory.
 *
 * @param key names what they were made from
 * @param unit what has a label
 * @param labels the labels, in the order of their numbers
 * @param texts tokens of each text, with what the tokenizer puts around it
 * @param targets of each text the number of its label, or of each token's, {@link #NONE} where it has none
 */
public record LabelledTexts(String key, Unit unit, List<String> labels, List<int[]> texts, List<int[]> targets) {
    /** The target of a token without a label, which bears no loss. */
    public static final int NONE = -100;

    /** What has a label: a whole text, or each word of it, by its first token. */
    public enum Unit {
        TEXT,
        WORD
    }

    /** Some texts and their labels. */
    public record Batch(List<int[]> texts, List<int[]> targets) {
        /** Counts the tokens. */
        public long tokens() {
            return texts.stream().mapToLong(text -> text.length).sum();
        }

        /** Counts the labels. */
        public long labelled() {
            return targets.stream()
                    .flatMapToInt(Arrays::stream)
                    .filter(target -> target != NONE)
                    .count();
        }
    }

    /** What is trained on, and what is held out. */
    public record Sides(LabelledTexts train, LabelledTexts validation) {}

    /**
     * Reads records of prompt and completion, of which the completion is the label, or of tagged words.
     *
     * @param maxTokens of a text; the rest is cut off
     * @param known the labels in the order of their numbers; if empty, those that occur, sorted, {@code O} first
     * @throws InputException if a record is of another kind or has a label that is not known, or all have one label
     */
    public static LabelledTexts read(ExampleSource source, Tokenizer tokenizer, int maxTokens, List<String> known) {
        LabelNames names = new LabelNames(source.name(), known);
        List<int[]> texts = new ArrayList<>();
        List<String[]> named = new ArrayList<>();
        EnumSet<Unit> units = EnumSet.noneOf(Unit.class);
        try (ExampleReader reader = source.open()) {
            while (reader.hasNext()) {
                switch (reader.next()) {
                    case Example.Completion(String text, String label) -> {
                        units.add(Unit.TEXT);
                        texts.add(tokenizer.encodeWithSpecials(text, maxTokens));
                        named.add(new String[] {label.strip()});
                    }
                    case Example.Tagged tagged -> {
                        units.add(Unit.WORD);
                        TaggedWords words = TaggedWords.of(tagged, tokenizer, maxTokens);
                        texts.add(words.ids());
                        named.add(words.tags());
                    }
                    default ->
                        throw new InputException(
                                source.name() + ": a classifier learns from records of prompt and completion,"
                                        + " the completion being the label, or of tokens and ner_tags; set format to"
                                        + " completion or tagged");
                }
            }
        }
        if (units.size() > 1) {
            throw new InputException(source.name() + " has labels of whole texts and of words; classify one kind");
        }
        List<String> labels = names.of(named);
        Map<String, Integer> numbers = new HashMap<>();
        for (String label : labels) numbers.put(label, numbers.size());
        List<int[]> targets = new ArrayList<>();
        for (String[] each : named) {
            int[] target = new int[each.length];
            Arrays.setAll(target, i -> each[i].isEmpty() ? NONE : numbers.getOrDefault(names.name(each[i]), NONE));
            targets.add(target);
        }
        Unit unit = units.contains(Unit.WORD) ? Unit.WORD : Unit.TEXT;
        return new LabelledTexts(source.key() + ", texts of " + maxTokens, unit, labels, texts, targets);
    }

    /** Holds a part out, chosen by a seed. */
    public Sides split(double fraction, long seed) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) order.add(i);
        Collections.shuffle(order, new Random(seed));
        int held = (int) Math.round(texts.size() * fraction);
        return new Sides(select(order.subList(held, order.size())), select(order.subList(0, held)));
    }

    private LabelledTexts select(List<Integer> chosen) {
        return new LabelledTexts(
                key,
                unit,
                labels,
                chosen.stream().map(texts::get).toList(),
                chosen.stream().map(targets::get).toList());
    }

    /** Cuts the texts into batches of like length, so that little of a batch is padding. */
    public List<Batch> batches(int rows) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) order.add(i);
        order.sort((a, b) -> Integer.compare(texts.get(a).length, texts.get(b).length));
        List<Batch> batches = new ArrayList<>();
        for (int from = 0; from < order.size(); from += rows) {
            LabelledTexts part = select(order.subList(from, Math.min(order.size(), from + rows)));
            batches.add(new Batch(part.texts(), part.targets()));
        }
        return batches;
    }
}
