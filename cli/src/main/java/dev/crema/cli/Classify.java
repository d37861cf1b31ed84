package dev.crema.cli;

import dev.crema.infer.TextClassifier;
import dev.crema.infer.TextClassifier.Label;
import dev.crema.infer.TextClassifier.Labelled;
import dev.crema.infer.TextClassifier.Tagged;
import dev.crema.infer.TextClassifier.Word;
import dev.crema.tensor.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Labels texts, or their words, by a classifier. */
@Command(name = "classify", description = "Label texts, or each of their words, by a classifier.")
final class Classify extends Verb {
    @Parameters(paramLabel = "MODEL", description = "Folder of a classifier, in Hugging Face's form.")
    private Path folder;

    @Mixin
    private TextArguments texts;

    @Option(
            names = "--dtype",
            defaultValue = "FP32",
            description = "Type of the weights: ${COMPLETION-CANDIDATES}. Default: fp32.")
    private Precision precision;

    /** What {@code --json} prints: in order, what was said of each text. */
    record Document(List<String> labels, List<Row> texts) {}

    sealed interface Row {}

    /** Of a text that has a label. */
    record TextRow(String text, String label, float probability, Map<String, Float> probabilities, boolean truncated)
            implements Row {}

    /** Of a text whose words have labels. */
    record WordsRow(String text, List<WordRow> words, boolean truncated) implements Row {}

    record WordRow(String word, String label, float probability) {}

    @Override
    void run(Console console) throws IOException {
        List<String> all = texts.all("classify");
        try (TextClassifier classifier = TextClassifier.load(Folders.model(folder), precision.dtype(), Device.best())) {
            List<Row> rows = classifier.ofWords() ? words(classifier, all, console) : texts(classifier, all, console);
            console.document(new Document(classifier.labels(), rows));
        }
    }

    private static List<Row> texts(TextClassifier classifier, List<String> all, Console console) {
        List<Labelled> labelled = classifier.label(all);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            Labelled one = labelled.get(i);
            Map<String, Float> probabilities = new LinkedHashMap<>();
            for (Label label : one.labels()) probabilities.put(label.name(), label.probability());
            Label best = one.labels().getFirst();
            rows.add(new TextRow(all.get(i), best.name(), best.probability(), probabilities, one.cut()));
            console.out().println(line(best.name(), best));
        }
        note(labelled.stream().filter(Labelled::cut).count(), classifier, console);
        return rows;
    }

    /** Prints a word and its label on each line, and an empty line between texts. */
    private static List<Row> words(TextClassifier classifier, List<String> all, Console console) {
        List<Tagged> tagged = classifier.tag(all);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (i > 0) console.out().println();
            List<WordRow> words = new ArrayList<>();
            for (Word word : tagged.get(i).words()) {
                words.add(new WordRow(
                        word.word(), word.label().name(), word.label().probability()));
                console.out().println(line(word.word() + "\t" + word.label().name(), word.label()));
            }
            rows.add(new WordsRow(all.get(i), words, tagged.get(i).cut()));
        }
        note(tagged.stream().filter(Tagged::cut).count(), classifier, console);
        return rows;
    }

    private static String line(String said, Label label) {
        return said + "\t" + String.format(Locale.ROOT, "%.4f", label.probability());
    }

    private static void note(long cut, TextClassifier classifier, Console console) {
        if (cut > 0) console.note("[" + cut + " texts were cut to " + classifier.maxTokens() + " tokens]");
    }
}
