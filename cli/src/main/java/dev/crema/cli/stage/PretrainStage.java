package dev.crema.cli.stage;

import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.ExampleTokenizer;
import dev.crema.model.ArchConfig;
import dev.crema.model.Decoder;
import dev.crema.model.Weights;
import dev.crema.tensor.Device;
import dev.crema.text.Tokenizer;
import dev.crema.train.method.NextToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Trains a model from scratch to predict the next token.
 *
 * @param tokenizer the stage that made the tokenizer, or a folder that holds one
 */
public record PretrainStage(
        @Default("tokenizer") String tokenizer,
        DataSettings data,
        ModelSettings model,
        RowSettings batch,
        TrainingSettings training)
        implements Stage {
    @Override
    public List<Input> inputs() {
        List<Input> inputs = new ArrayList<>(data.inputs());
        inputs.add(Models.input(tokenizer));
        return inputs;
    }

    @Override
    public void run(StageContext context) throws IOException {
        Path companions = Models.tokenizer(tokenizer, context);
        try (Tokenizer words = Tokenizer.load(companions)) {
            ArchConfig config = model.architecture(words.vocabularySize());
            Weights weights =
                    Weights.random(config, training.precision().dtype(), Device.CPU, model.deviation(), context.seed());
            try (RowSettings.Data rows = batch.open(
                            data.source(context.seed()),
                            ExampleTokenizer.of(words),
                            context.folder().resolve("tokens"),
                            context.seed());
                    Decoder decoder = Decoder.of(config, weights)) {
                NextToken method =
                        new NextToken(rows.training(), rows.validation(), batch.backwardPasses(), batch.recompute());
                TrainingRun.train(
                        context, decoder, model.family(), companions, method, training.plan("val_loss", false));
            }
        }
    }
}
