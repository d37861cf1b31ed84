package dev.crema.train.method;

import dev.crema.data.Batch;
import dev.crema.model.Decoder;
import dev.crema.model.Visibility;
import dev.crema.tensor.Tensor;
import dev.crema.train.method.PolicyUpdate.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Samples as a batch. Those of a prompt that stand in the same row share it: it is read once, and each completion is a
 * branch behind it. So a prompt costs once what its samples would each cost.
 *
 * @param branches the number of each token's branch within its document; 0 is the prompt
 * @param places of the hidden states that predict completion tokens, sample by sample; the last of a prompt stands for
 *     several
 * @param firsts where each sample's begin among them, and the end
 */
record PackedSamples(
        Batch batch, int[] branches, int[] places, int[] targets, int[] firsts, double[] advantages, float[] old) {

    /** Fills rows of at most so many tokens one after the other; a longer sample has a row for itself. */
    static List<List<Sample>> rows(List<Sample> samples, int most) {
        List<List<Sample>> rows = new ArrayList<>();
        int used = 0;
        for (Sample sample : samples) {
            boolean opens = rows.isEmpty();
            if (!opens) {
                int more = shares(rows.getLast(), sample) ? sample.completion().length : sample.tokens();
                opens = used + more > most;
                used += more;
            }
            if (opens) {
                rows.add(new ArrayList<>());
                used = sample.tokens();
            }
            rows.getLast().add(sample);
        }
        return rows;
    }

    /** Tells whether a sample has the prompt of the last of a row. */
    private static boolean shares(List<Sample> row, Sample sample) {
        return !row.isEmpty() && Arrays.equals(row.getLast().prompt(), sample.prompt());
    }

    static PackedSamples of(List<List<Sample>> rows) {
        List<Sample> samples = rows.stream().flatMap(List::stream).toList();
        List<Row> packed = rows.stream().map(Row::of).toList();
        int columns = packed.stream().mapToInt(Row::length).max().orElse(1);
        int count = samples.stream().mapToInt(s -> s.completion().length).sum();
        Filling filling = new Filling(rows.size(), columns, samples.size(), count);
        for (int row = 0; row < packed.size(); row++) filling.fill(row * columns, packed.get(row));
        return filling.packed();
    }

    /** A row's samples by prompt. */
    private record Row(List<List<Sample>> documents) {
        static Row of(List<Sample> samples) {
            List<List<Sample>> documents = new ArrayList<>();
            for (Sample sample : samples) {
                if (documents.isEmpty() || !shares(documents.getLast(), sample)) documents.add(new ArrayList<>());
                documents.getLast().add(sample);
            }
            return new Row(documents);
        }

        int length() {
            int length = 0;
            for (List<Sample> document : documents) {
                length += document.getFirst().prompt().length;
                for (Sample sample : document) length += sample.completion().length;
            }
            return length;
        }
    }

    /** Writes rows of samples one after the other. */
    private static final class Filling {
        private final int rows, columns;
        private final int[] ids, targets, positions, documents, branches, places, chosen, firsts;
        private final double[] advantages;
        private final float[] old;
        private int samples;
        private int predicted;
        private long tokens;

        Filling(int rows, int columns, int samples, int predictions) {
            int size = Math.multiplyExact(rows, columns);
            this.rows = rows;
            this.columns = columns;
            this.ids = new int[size];
            this.targets = new int[size];
            this.positions = new int[size];
            this.documents = new int[size];
            this.branches = new int[size];
            this.places = new int[predictions];
            this.chosen = new int[predictions];
            this.firsts = new int[samples + 1];
            this.advantages = new double[samples];
            this.old = new float[predictions];
            Arrays.fill(targets, Batch.NO_LOSS);
            Arrays.fill(documents, Batch.PADDING);
            firsts[samples] = predictions;
        }

        void fill(int begin, Row row) {
            int at = begin;
            for (int d = 0; d < row.documents().size(); d++) {
                List<Sample> document = row.documents().get(d);
                int[] prompt = document.getFirst().prompt();
                write(at, prompt, d, 0, 0);
                int last = at + prompt.length - 1;
                at += prompt.length;
                for (int branch = 0; branch < document.size(); branch++) {
                    Sample sample = document.get(branch);
                    write(at, sample.completion(), d, branch + 1, prompt.length);
                    predict(sample, last, at);
                    at += sample.completion().length;
                }
            }
            tokens += at - begin;
        }

        private void write(int at, int[] part, int document, int branch, int position) {
            System.arraycopy(part, 0, ids, at, part.length);
            Arrays.fill(documents, at, at + part.length, document);
            Arrays.fill(branches, at, at + part.length, branch);
            for (int i = 0; i < part.length; i++) positions[at + i] = position + i;
        }

        /** @param last place of the prompt's last token; the completion begins {@code at} */
        private void predict(Sample sample, int last, int at) {
            int length = sample.completion().length;
            firsts[samples] = predicted;
            advantages[samples++] = sample.advantage();
            System.arraycopy(sample.logProbabilities(), 0, old, predicted, length);
            System.arraycopy(sample.completion(), 0, chosen, predicted, length);
            for (int i = 0; i < length; i++) places[predicted++] = i == 0 ? last : at + i - 1;
        }

        PackedSamples packed() {
            Batch batch = new Batch(rows, columns, ids, targets, positions, documents, tokens);
            return new PackedSamples(batch, branches, places, chosen, firsts, advantages, old);
        }
    }

    /** Returns the hidden states that predict completion tokens, {@code [N, D]}; the innermost scope's. */
    Tensor hiddenStates(Decoder model) {
        Visibility visibility = new Visibility.Branches(
                ModelBatch.ofTokens(model, batch, batch.documents()), ModelBatch.ofTokens(model, batch, branches));
        return ModelBatch.at(ModelBatch.hiddenStates(model, batch, visibility), places);
    }
}
