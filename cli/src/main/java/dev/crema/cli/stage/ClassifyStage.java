package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.cli.recipe.Stage;
import dev.crema.cli.recipe.StageContext;
import dev.crema.data.LabelledRows;
import dev.crema.data.LabelledTexts;
import dev.crema.model.Activations;
import dev.crema.model.Dropout;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.EncoderConfig.PoolerActivation;
import dev.crema.model.Weights;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.text.Tokenizer;
import dev.crema.train.method.Classification;
import dev.crema.train.method.PassPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Teaches an encoder to label texts, or the words of texts: its head is replaced by a sequence or token classifier's.
 *
 * @param from the stage that made the encoder, or a model folder
 * @param data records of prompt and completion, of which the completion is the label, or of tokens and ner_tags
 * @param labels in the order of their numbers; if empty, those that occur
 * @param rows texts of a backward pass
 * @param columns tokens of a text; the rest is cut off
 * @param backwardPasses batches of a step
 * @param validation the part of the texts that is held out
 * @param deviation standard deviation of the head's first weights
 */
public record ClassifyStage(
        String from,
        DataSettings data,
        @Default("[]") List<String> labels,
        @Default("32") int rows,
        @Default("128") int columns,
        @Default("1") int backwardPasses,
        @Default("0.05") double validation,
        @Default("0.02") double deviation,
        TrainingSettings training)
        implements Stage {
    public ClassifyStage {
        Check.atLeast("rows", rows, 1);
        Check.atLeast("columns", columns, 3);
        Check.atLeast("backwardPasses", backwardPasses, 1);
        Check.that(
                validation >= 0 && validation < 1, "validation", validation, "a part from 0 up to, not including, 1");
        Check.positive("deviation", deviation);
    }

    @Override
    public List<Input> inputs() {
        List<Input> inputs = new ArrayList<>(data.inputs());
        inputs.add(Models.input(from));
        return inputs;
    }

    @Override
    public void run(StageContext context) throws IOException {
        ModelFolder folder = ModelFolder.open(Models.folder(from, context));
        LabelledTexts texts;
        try (Tokenizer tokenizer = Tokenizer.load(folder.path())) {
            texts = LabelledTexts.read(data.source(context.seed()), tokenizer, columns, labels);
        }
        LabelledTexts.Sides sides = texts.split(validation, context.seed());
        try (Encoder model = classifier(folder, texts, context.seed())) {
            boolean words = texts.unit() == LabelledTexts.Unit.WORD;
            Classification method = new Classification(
                    new LabelledRows(sides.train(), rows, context.seed()),
                    sides.validation().batches(rows),
                    new PassPlan(backwardPasses, Activations.KEEP, new Dropout(training.dropout(), context.seed())));
            TrainingRun.train(
                    context,
                    model,
                    folder.family(),
                    folder.path(),
                    method,
                    training.plan(words ? "val_f1" : "val_accuracy", true));
        }
    }

    /** Returns the encoder with a new head; where it has a pooler already, that stays. */
    private Encoder classifier(ModelFolder folder, LabelledTexts texts, long seed) {
        PoolerActivation activation =
                folder.family() == Family.DISTILBERT ? PoolerActivation.RELU : PoolerActivation.TANH;
        try (Encoder pretrained =
                        folder.load(Encoder.class, training.precision().dtype(), Device.CPU);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Head head = texts.unit() == LabelledTexts.Unit.WORD
                    ? new Head.TokenClassification(texts.labels())
                    : new Head.SequenceClassification(activation, texts.labels());
            EncoderConfig config = pretrained.config().with(head);
            Weights weights = Weights.random(config, pretrained.dtype(), Device.CPU, deviation, seed);
            weights.byName().forEach((name, weight) -> {
                boolean fresh = name.startsWith("classifier.");
                if (!fresh && pretrained.weights().has(name)) {
                    weight.copyInPlace(pretrained.weights().get(name));
                }
            });
            return Encoder.of(config, weights);
        }
    }
}
