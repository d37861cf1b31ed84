package dev.crema.cli.stage;

import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.ExampleTokenizer;
import dev.crema.model.Decoder;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.Model;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Device;
import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import dev.crema.train.Method;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Fine-tunes a model on examples: what the assistant says, or the completion, is what it learns to write; an
 * encoder-decoder reads the rest.
 *
 * @param from the stage that made the model, or a model folder
 * @param auxiliary what a decoder learns besides
 */
public record SftStage(
        String from, DataSettings data, AuxiliarySettings auxiliary, RowSettings batch, TrainingSettings training)
        implements Stage {
    @Override
    public List<Input> inputs() {
        List<Input> inputs = new ArrayList<>(data.inputs());
        inputs.add(Models.input(from));
        return inputs;
    }

    @Override
    public void run(StageContext context) throws IOException {
        ModelFolder folder = ModelFolder.open(Models.folder(from, context));
        auxiliary.checkFit(folder.description());
        try (Tokenizer tokenizer = Tokenizer.load(folder.path());
                Model model = folder.load(Model.class, training.precision().dtype(), Device.CPU)) {
            switch (model) {
                case Decoder decoder -> completions(decoder, folder, tokenizer, context);
                case EncoderDecoder both -> pairs(both, folder, tokenizer, context);
                case Encoder encoder ->
                    throw new InputException(
                            folder.path() + " holds a " + folder.family().modelType()
                                    + " model, which writes no text; sft takes a decoder or an encoder-decoder");
            }
        }
    }

    private void completions(Decoder model, ModelFolder folder, Tokenizer tokenizer, StageContext context)
            throws IOException {
        try (RowSettings.Data rows = batch.open(
                data.source(context.seed()),
                ExampleTokenizer.of(tokenizer, ChatTemplate.load(folder.path())),
                context.folder().resolve("tokens"),
                context.seed())) {
            train(
                    model,
                    folder,
                    TokenPrediction.next(
                            rows.training(),
                            rows.validation(),
                            batch.passes(training, context.seed()),
                            auxiliary.with(0)),
                    context);
        }
    }

    private void pairs(EncoderDecoder model, ModelFolder folder, Tokenizer tokenizer, StageContext context)
            throws IOException {
        try (RowSettings.Pairs pairs = batch.openPairs(
                data.source(context.seed()),
                tokenizer,
                model.config().startId(),
                context.folder().resolve("tokens"),
                context.seed())) {
            train(
                    model,
                    folder,
                    TokenPrediction.pairs(pairs.training(), pairs.validation(), batch.passes(training, context.seed())),
                    context);
        }
    }

    private <M extends Model> void train(M model, ModelFolder folder, Method<M> method, StageContext context)
            throws IOException {
        TrainingRun.train(context, model, folder.family(), folder.path(), method, training.plan("val_loss", false));
    }
}
