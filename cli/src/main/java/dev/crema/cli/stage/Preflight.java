package dev.crema.cli.stage;

import dev.crema.cli.recipe.Recipe;
import dev.crema.model.ArchConfig;
import dev.crema.model.EncoderConfig;
import dev.crema.model.ModelConfig;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.SystemMemory;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Finds, before the first stage runs, what a later one would fail of: sizes that do not fit each other or the memory. */
final class Preflight {
    /** What a stage leaves for those after it. */
    private sealed interface Output {
        record Words(int vocabulary) implements Output {}

        record Model(ModelConfig config) implements Output {}

        record Nothing() implements Output {}
    }

    private final LongSupplier memory;
    private final Map<String, Output> outputs = new LinkedHashMap<>();

    /** @param memory bytes that may be taken */
    Preflight(LongSupplier memory) {
        this.memory = memory;
    }

    /**
     * Checks all stages.
     *
     * @throws InputException if a stage cannot run as its settings ask
     */
    void check(Recipe recipe) {
        for (Recipe.Step step : recipe.stages()) {
            try {
                outputs.put(step.name(), check(step));
            } catch (InputException e) {
                throw new InputException("stages." + step.name() + ": " + e.getMessage(), e);
            }
        }
    }

    private Output check(Recipe.Step step) {
        return switch (step.stage()) {
            case TokenizerStage stage -> new Output.Words(stage.vocabulary());
            case PretrainStage stage -> {
                ModelConfig config = stage.model().description(vocabulary(stage.tokenizer()), 0);
                stage.auxiliary().checkFit(config);
                rowsFit(config, stage.batch());
                memoryFits(config, stage.batch(), stage.training());
                yield new Output.Model(config);
            }
            case SftStage stage -> {
                ModelConfig config = model(stage.from());
                stage.auxiliary().checkFit(config);
                rowsFit(config, stage.batch());
                memoryFits(config, stage.batch(), stage.training());
                yield new Output.Model(config);
            }
            case ClassifyStage stage -> {
                if (!(model(stage.from()) instanceof EncoderConfig encoder)) {
                    throw new InputException(
                            "the model from '" + stage.from() + "' is no encoder, which classify needs");
                }
                if (stage.columns() > encoder.context()) {
                    throw new InputException("columns is " + stage.columns() + ", more than the model's context of "
                            + encoder.context() + "; lower columns");
                }
                memoryFits(
                        MemoryEstimate.training(
                                DecoderShape.of(encoder),
                                stage.training().precision().dtype(),
                                stage.rows(),
                                stage.columns(),
                                false),
                        "rows or columns");
                yield new Output.Model(encoder);
            }
            case GrpoStage stage -> {
                ArchConfig config = decoder(stage.from());
                completionsFit(config, stage.maxTokens());
                // A sample longer than a row has one for itself.
                long row = Math.max(stage.rowTokens(), Math.min(stage.maxTokens(), config.context()));
                memoryFits(
                        MemoryEstimate.training(
                                config, stage.training().precision().dtype(), stage.rowsOfPass(), row, false),
                        "rows_of_pass or row_tokens");
                yield new Output.Model(config);
            }
            case EvalStage stage -> {
                stage.of().forEach(name -> completionsFit(writer(name), stage.maxTokens()));
                yield new Output.Nothing();
            }
            default -> new Output.Nothing();
        };
    }

    private int vocabulary(String from) {
        if (Models.isPath(from)) {
            try (Tokenizer tokenizer = Tokenizer.load(Path.of(from))) {
                return tokenizer.vocabularySize();
            }
        }
        if (outputs.get(from) instanceof Output.Words words) return words.vocabulary();
        throw new InputException("tokenizer is '" + from + "', a stage that makes no tokenizer");
    }

    private ArchConfig decoder(String from) {
        if (model(from) instanceof ArchConfig decoder) return decoder;
        throw new InputException("the model from '" + from + "' is no decoder, which this stage needs");
    }

    private ModelConfig writer(String from) {
        ModelConfig config = model(from);
        if (!(config instanceof EncoderConfig)) return config;
        throw new InputException("the model from '" + from + "' is an encoder, which writes no text to judge");
    }

    private ModelConfig model(String from) {
        if (Models.isPath(from)) {
            ModelFolder folder = ModelFolder.open(Path.of(from));
            try (Tokenizer tokenizer = Tokenizer.load(folder.path())) {
                Models.checkFit(folder, tokenizer);
            }
            return folder.description();
        }
        if (outputs.get(from) instanceof Output.Model made) return made.config();
        throw new InputException("the model is to come from '" + from + "', a stage that makes none");
    }

    private static void rowsFit(ModelConfig config, RowSettings batch) {
        if (batch.columns() > config.context()) {
            throw new InputException("batch.columns is " + batch.columns() + ", more than the model's context of "
                    + config.context() + "; lower batch.columns or take a model with a longer context");
        }
    }

    private static void completionsFit(ModelConfig config, int maxTokens) {
        if (maxTokens >= config.context()) {
            throw new InputException("max_tokens is " + maxTokens + ", which leaves no room for a prompt in the model's"
                    + " context of " + config.context() + "; lower max_tokens");
        }
    }

    private void memoryFits(ModelConfig config, RowSettings batch, TrainingSettings training) {
        MemoryEstimate estimate = MemoryEstimate.training(
                DecoderShape.of(config),
                training.precision().dtype(),
                batch.rows(),
                batch.columns(),
                batch.recompute());
        memoryFits(
                estimate,
                batch.recompute()
                        ? "batch.rows or batch.columns, or take a model with fewer layers"
                        : "batch.rows or batch.columns, set batch.recompute=true, or take a model with fewer layers");
    }

    private void memoryFits(MemoryEstimate estimate, String remedy) {
        long have = memory.getAsLong();
        if (estimate.bytes() > have) {
            throw new InputException("training needs about " + SystemMemory.gigabytes(estimate.bytes())
                    + " of memory (" + SystemMemory.gigabytes(estimate.weights()) + " for weights and optimizer, "
                    + SystemMemory.gigabytes(estimate.activations()) + " for activations), and "
                    + SystemMemory.gigabytes(have) + " are free; lower " + remedy);
        }
    }
}
