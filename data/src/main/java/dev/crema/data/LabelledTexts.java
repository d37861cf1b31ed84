package dev.crema.data;

import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

/**
 * Texts with labels, tokenized, in memory.
 *
 * @param key names what they were made from
 * @param labels the labels that occur, sorted
 * @param texts tokens of each text, with what the tokenizer puts around it
 * @param targets number of each text's label
 */
public record LabelledTexts(String key, List<String> labels, List<int[]> texts, int[] targets) {
    /** Some texts and their labels. */
    public record Batch(List<int[]> texts, int[] targets) {
        /** Counts the tokens. */
        public long tokens() {
            return texts.stream().mapToLong(text -> text.length).sum();
        }
    }

    /** What is trained on, and what is held out. */
    public record Sides(LabelledTexts train, LabelledTexts validation) {}

    /**
     * Reads records of prompt and completion, of which the completion is the label.
     *
     * @param maxTokens of a text; the rest is cut off
     * @throws InputException if a record is of another kind, or all have one label
     */
    public static LabelledTexts read(ExampleSource source, Tokenizer tokenizer, int maxTokens) {
        List<int[]> texts = new ArrayList<>();
        List<String> names = new ArrayList<>();
        try (ExampleReader reader = source.open()) {
            while (reader.hasNext()) {
                if (!(reader.next() instanceof Example.Completion(String text, String label))) {
                    throw new InputException(
                            source.name() + ": a classifier learns from records of prompt and completion,"
                                    + " the completion being the label; set format to completion");
                }
                texts.add(tokenizer.encodeWithSpecials(text, maxTokens));
                names.add(label.strip());
            }
        }
        List<String> labels = List.copyOf(new TreeSet<>(names));
        if (labels.size() < 2) {
            throw new InputException(source.name() + ": a classifier needs two labels or more, and these "
                    + names.size() + " records have " + labels.size());
        }
        int[] targets = names.stream()
                .mapToInt(name -> Collections.binarySearch(labels, name))
                .toArray();
        return new LabelledTexts(source.key() + ", texts of " + maxTokens, labels, texts, targets);
    }

    /** Holds a part out, chosen by a seed. */
    public Sides split(double fraction, long seed) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < targets.length; i++) order.add(i);
        Collections.shuffle(order, new Random(seed));
        int held = (int) Math.round(targets.length * fraction);
        return new Sides(select(order.subList(held, order.size())), select(order.subList(0, held)));
    }

    private LabelledTexts select(List<Integer> chosen) {
        return new LabelledTexts(
                key,
                labels,
                chosen.stream().map(texts::get).toList(),
                chosen.stream().mapToInt(i -> targets[i]).toArray());
    }

    /** Cuts the texts into batches of like length, so that little of a batch is padding. */
    public List<Batch> batches(int rows) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < targets.length; i++) order.add(i);
        order.sort((a, b) -> Integer.compare(texts.get(a).length, texts.get(b).length));
        List<Batch> batches = new ArrayList<>();
        for (int from = 0; from < order.size(); from += rows) {
            LabelledTexts part = select(order.subList(from, Math.min(order.size(), from + rows)));
            batches.add(new Batch(part.texts(), part.targets()));
        }
        return batches;
    }
}
