package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.Batch;
import dev.crema.data.CorruptedSpans;
import dev.crema.data.ExampleTokenizer;
import dev.crema.data.MaskedBatches;
import dev.crema.data.Masking;
import dev.crema.data.PairBatch;
import dev.crema.data.SpanCorruption;
import dev.crema.data.WordPieces;
import dev.crema.model.Decoder;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.Model;
import dev.crema.model.ModelConfig;
import dev.crema.model.Weights;
import dev.crema.tensor.Device;
import dev.crema.text.SpecialTokens.SpecialToken;
import dev.crema.text.Tokenizer;
import dev.crema.train.Method;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains a model from scratch: a decoder to predict the next token, an encoder to find hidden tokens, an encoder-decoder to
 * write the spans that were taken out of a text.
 *
 * @param tokenizer the stage that made the tokenizer, or a folder that holds one
 * @param masking of an encoder's data
 * @param spans of an encoder-decoder's data
 * @param auxiliary what a decoder learns besides
 */
public record PretrainStage(
        @Default("tokenizer") String tokenizer,
        DataSettings data,
        ModelSettings model,
        MaskingSettings masking,
        SpanSettings spans,
        AuxiliarySettings auxiliary,
        RowSettings batch,
        TrainingSettings training)
        implements Stage {
    /** Held-out batches are hidden from in another way than those of any step. */
    private static final long HELD_OUT = -1;

    public PretrainStage {
        Check.that(
                model.multiTokenLayers() == 0 || auxiliary.multiTokenWeight() > 0,
                "auxiliary.multiTokenWeight",
                auxiliary.multiTokenWeight(),
                "above 0, as model.multi_token_layers learn by it alone");
    }

    @Override
    public List<Input> inputs() {
        List<Input> inputs = new ArrayList<>(data.inputs());
        inputs.add(Models.input(tokenizer));
        return inputs;
    }

    @Override
    public void run(StageContext context) throws IOException {
        try (Tokenizer words = Tokenizer.load(Models.tokenizer(tokenizer, context))) {
            int padId = words.specials().pad().map(SpecialToken::id).orElse(0);
            ModelConfig config = model.description(words.vocabularySize(), padId);
            auxiliary.checkFit(config);
            Weights weights =
                    Weights.random(config, training.precision().dtype(), Device.CPU, model.deviation(), context.seed());
            try (Model made = Model.of(config, weights)) {
                switch (made) {
                    case Decoder decoder -> nextTokens(decoder, words, context);
                    case Encoder encoder -> hiddenTokens(encoder, words, context);
                    case EncoderDecoder both -> spans(both, words, context);
                }
            }
        }
    }

    private void nextTokens(Decoder decoder, Tokenizer words, StageContext context) throws IOException {
        try (RowSettings.Data rows = open(batch, words, context)) {
            train(
                    context,
                    decoder,
                    TokenPrediction.next(
                            rows.training(),
                            rows.validation(),
                            batch.passes(training, context.seed()),
                            auxiliary.with(model.balance())));
        }
    }

    private void hiddenTokens(Encoder encoder, Tokenizer words, StageContext context) throws IOException {
        WordPieces pieces = WordPieces.of(words);
        Masking hiding = new Masking(pieces, masking.rate(), masking.wholeWords(), context.seed());
        try (RowSettings.Data rows = open(batch.withColumns(batch.columns() - pieces.around()), words, context)) {
            List<Batch> validation = new ArrayList<>();
            for (Batch each : rows.validation()) validation.add(hiding.apply(each, HELD_OUT - validation.size()));
            MaskedBatches hidden = new MaskedBatches(rows.training(), hiding);
            train(context, encoder, TokenPrediction.hidden(hidden, validation, batch.passes(training, context.seed())));
        }
    }

    private void spans(EncoderDecoder both, Tokenizer words, StageContext context) throws IOException {
        int start = both.config().startId();
        SpanCorruption corruption = SpanCorruption.of(words, spans.density(), spans.meanSpan(), start, context.seed());
        try (RowSettings.Data rows = open(batch.withColumns(corruption.textTokens(batch.columns())), words, context)) {
            List<PairBatch> validation = new ArrayList<>();
            for (Batch each : rows.validation()) validation.add(corruption.apply(each, HELD_OUT - validation.size()));
            CorruptedSpans pairs = new CorruptedSpans(rows.training(), corruption);
            train(context, both, TokenPrediction.pairs(pairs, validation, batch.passes(training, context.seed())));
        }
    }

    private RowSettings.Data open(RowSettings rows, Tokenizer words, StageContext context) {
        return rows.open(
                data.source(context.seed()),
                ExampleTokenizer.of(words),
                context.folder().resolve("tokens"),
                context.seed());
    }

    private <M extends Model> void train(StageContext context, M made, Method<M> method) throws IOException {
        Path companions = Models.tokenizer(tokenizer, context);
        TrainingRun.train(context, made, model.family(), companions, method, training.plan("val_loss", false));
    }
}
