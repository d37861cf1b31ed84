package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.data.Batch;
import dev.crema.data.BatchSource;
import dev.crema.data.Batches;
import dev.crema.data.ConcatenatedRows;
import dev.crema.data.CroppedRows;
import dev.crema.data.Documents;
import dev.crema.data.ExampleSource;
import dev.crema.data.ExampleTokenizer;
import dev.crema.data.LongExample;
import dev.crema.data.Order;
import dev.crema.data.PackedRows;
import dev.crema.data.PairBatch;
import dev.crema.data.PairRows;
import dev.crema.data.PairSource;
import dev.crema.data.PairTokenizer;
import dev.crema.data.RowSource;
import dev.crema.data.TokenCache;
import dev.crema.data.TokenCaches;
import dev.crema.model.Activations;
import dev.crema.model.Dropout;
import dev.crema.text.Tokenizer;
import dev.crema.train.method.PassPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * How examples become rows of tokens.
 *
 * @param rows rows of a backward pass
 * @param columns tokens of a row
 * @param packing how examples fill rows
 * @param backwardPasses batches of a step
 * @param validation the part of the data that is held out
 * @param validationBatches how many batches are measured on at most
 * @param longExamples what becomes of an example longer than a row
 * @param recompute whether blocks run again in the backward pass, to save memory
 */
record RowSettings(
        @Default("16") int rows,
        @Default("256") int columns,
        @Default("concatenated") Packing packing,
        @Default("1") int backwardPasses,
        @Default("0.01") double validation,
        @Default("20") int validationBatches,
        @Default("truncate") LongExample longExamples,
        @Default("false") boolean recompute) {
    RowSettings {
        Check.atLeast("rows", rows, 1);
        Check.atLeast("columns", columns, 2);
        Check.atLeast("backwardPasses", backwardPasses, 1);
        Check.that(
                validation >= 0 && validation < 1, "validation", validation, "a part from 0 up to, not including, 1");
    }

    /** Returns the same with rows of another length. */
    RowSettings withColumns(int other) {
        return new RowSettings(
                rows, other, packing, backwardPasses, validation, validationBatches, longExamples, recompute);
    }

    /** Returns how the passes of a step run. */
    PassPlan passes(TrainingSettings training, long seed) {
        return new PassPlan(backwardPasses, Activations.recompute(recompute), new Dropout(training.dropout(), seed));
    }

    /** How examples fill rows. */
    enum Packing {
        /** One after the other, cut wherever a row ends; nothing is wasted. */
        CONCATENATED,
        /** Whole examples, as many as fit. */
        WHOLE,
        /** Pieces of one long text at random places. */
        CROPPED
    }

    /** Batches to train on without end, and some to measure on; close it when the training is over. */
    record Data(TokenCache cache, BatchSource training, List<Batch> validation) implements AutoCloseable {
        @Override
        public void close() {
            cache.close();
        }
    }

    /** Pairs to train on without end, and some to measure on; close it when the training is over. */
    record Pairs(TokenCache cache, PairSource training, List<PairBatch> validation) implements AutoCloseable {
        @Override
        public void close() {
            cache.close();
        }
    }

    /** Opens pairs for an encoder-decoder, {@code rows} of them in a batch, of which a side has at most {@code columns}. */
    Pairs openPairs(ExampleSource source, Tokenizer tokenizer, int start, Path caches, long seed) {
        TokenCache cache = TokenCaches.of(source, new PairTokenizer(tokenizer), caches);
        Order order = new Order.Shuffled(seed);
        if (validation == 0) {
            return new Pairs(cache, new PairRows(cache, rows, columns, order, start), List.of());
        }
        Documents.Sides sides = Documents.split(cache, validation);
        List<PairBatch> measured = new ArrayList<>();
        var pass = new PairRows(sides.validation(), rows, columns, new Order.Stored(), start).onePass();
        while (pass.hasNext() && measured.size() < validationBatches) measured.add(pass.next());
        return new Pairs(cache, new PairRows(sides.train(), rows, columns, order, start), measured);
    }

    Data open(ExampleSource source, ExampleTokenizer tokenizer, Path caches, long seed) {
        TokenCache cache = TokenCaches.of(source, tokenizer, caches);
        if (validation == 0) return new Data(cache, new Batches(arrange(cache, seed), rows), List.of());
        // By hash a few documents could all fall on one side.
        Documents.Sides sides = packing == Packing.CROPPED || cache.count() < 20 / validation
                ? Documents.splitTrailing(cache, validation)
                : Documents.split(cache, validation);
        return new Data(cache, new Batches(arrange(sides.train(), seed), rows), measured(sides.validation(), seed));
    }

    private List<Batch> measured(Documents documents, long seed) {
        List<Batch> batches = new ArrayList<>();
        Iterator<Batch> pass = Batches.onePass(arrange(documents, seed), rows);
        while (pass.hasNext() && batches.size() < validationBatches) batches.add(pass.next());
        return batches;
    }

    private RowSource arrange(Documents documents, long seed) {
        Order order = new Order.Shuffled(seed);
        return switch (packing) {
            case CONCATENATED -> new ConcatenatedRows(documents, columns, order);
            case WHOLE -> new PackedRows(documents, columns, order, longExamples);
            case CROPPED -> new CroppedRows(documents, columns, order);
        };
    }
}
