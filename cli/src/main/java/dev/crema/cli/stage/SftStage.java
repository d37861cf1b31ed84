package dev.crema.cli.stage;

import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.ExampleTokenizer;
import dev.crema.model.Decoder;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Device;
import dev.crema.text.ChatTemplate;
import dev.crema.text.Tokenizer;
import dev.crema.train.method.NextToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Fine-tunes a model on examples: what the assistant says, or the completion, is what it learns to write.
 *
 * @param from the stage that made the model, or a model folder
 */
public record SftStage(String from, DataSettings data, RowSettings batch, TrainingSettings training) implements Stage {
    @Override
    public List<Input> inputs() {
        List<Input> inputs = new ArrayList<>(data.inputs());
        inputs.add(Models.input(from));
        return inputs;
    }

    @Override
    public void run(StageContext context) throws IOException {
        ModelFolder folder = ModelFolder.open(Models.folder(from, context));
        Path source = folder.path();
        try (Tokenizer tokenizer = Tokenizer.load(source);
                RowSettings.Data rows = batch.open(
                        data.source(context.seed()),
                        ExampleTokenizer.of(tokenizer, ChatTemplate.load(source)),
                        context.folder().resolve("tokens"),
                        context.seed());
                Decoder model = folder.load(training.precision().dtype(), Device.CPU)) {
            NextToken method =
                    new NextToken(rows.training(), rows.validation(), batch.backwardPasses(), batch.recompute());
            TrainingRun.train(context, model, folder.family(), source, method, training.plan("val_loss", false));
        }
    }
}
