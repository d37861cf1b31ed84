package dev.crema.train;

import dev.crema.data.Batch;
import dev.crema.data.Batches;
import dev.crema.data.ConcatenatedRows;
import dev.crema.data.DocumentBoundary;
import dev.crema.data.Documents;
import dev.crema.data.Example;
import dev.crema.data.ExampleTokenizer;
import dev.crema.data.Order;
import dev.crema.data.Source;
import dev.crema.data.TokenCache;
import dev.crema.data.TokenCaches;
import dev.crema.data.TokenizedExample;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.Activation;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ArchConfig.NormSpec;
import dev.crema.model.ArchConfig.PositionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.RotaryScaling;
import dev.crema.model.RoutingSpec;
import dev.crema.model.Weights;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import dev.crema.train.metrics.Metrics;
import dev.crema.train.metrics.MetricsLog;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A small model, and a small text on disk to train it on: what a run of the product has, in milliseconds a step. */
final class Toy implements AutoCloseable {
    static final int COLUMNS = 32;
    private static final int CHARACTERS = 128;
    private static final Order SHUFFLED = new Order.Shuffled(5);

    private static ArchConfig llama(int hiddenSize) {
        return new ArchConfig(
                CHARACTERS,
                hiddenSize,
                2,
                COLUMNS,
                new AttentionSpec.GroupedQuery(4, 2, 8, false, false),
                new FeedForwardSpec.Gated(48, Activation.SILU, false),
                new NormSpec.RmsNorm(1e-6),
                new PositionSpec.Rotary(10_000, new RotaryScaling.None()),
                true);
    }

    private final TokenCache cache;
    private final Documents.Sides sides;

    private Toy(TokenCache cache) {
        this.cache = cache;
        this.sides = Documents.split(cache, 0.1);
    }

    /** Writes the text into a folder and tokenizes it, or opens what is there. */
    static Toy in(Path folder) throws IOException {
        Path text = folder.resolve("sums.txt");
        if (!Files.exists(text)) Files.writeString(text, sums());
        Source source = Source.of(text.toString()).documents(new DocumentBoundary.BlankLines());
        return new Toy(TokenCaches.of(source, new Characters(), folder.resolve("caches")));
    }

    private static String sums() {
        return IntStream.range(0, 300)
                .mapToObj(i -> "%d plus %d is %d.".formatted(i % 17, i % 23, i % 17 + i % 23))
                .collect(Collectors.joining("\n\n"));
    }

    /** Starts a model, always the same. */
    static Decoder model(DType dtype) {
        return model(32, dtype);
    }

    /** Starts a model of another width. */
    static Decoder wider() {
        return model(40, DType.FP32);
    }

    /** Starts a model whose norms are over the batch. */
    static Decoder batchNormed(DType dtype) {
        return model(llama(32).with(new NormSpec.BatchNorm(1e-5, 0.1)), dtype);
    }

    /** Starts a model of eight experts, two active, whose biases send every token to the same two. */
    static Decoder skewedExperts(DType dtype) {
        RoutingSpec routing = new RoutingSpec(
                8,
                2,
                RoutingSpec.Score.SIGMOID,
                new RoutingSpec.Groups.All(),
                true,
                true,
                1,
                new RoutingSpec.Capacity.Dropless());
        Decoder model = model(
                new ArchConfig(
                        CHARACTERS,
                        32,
                        2,
                        COLUMNS,
                        new AttentionSpec.GroupedQuery(4, 2, 8, false, false),
                        new FeedForwardSpec.Experts(16, routing, new FeedForwardSpec.SharedExpert.None()),
                        new NormSpec.RmsNorm(1e-6),
                        new PositionSpec.Rotary(10_000, new RotaryScaling.None()),
                        true),
                dtype);
        try (Scope scope = Scope.open()) {
            for (int layer = 0; layer < 2; layer++) {
                Tensor bias = model.weights().get("blocks." + layer + ".feedForward.router.correction");
                bias.narrow(0, 0, 2).fillInPlace(0.5);
            }
        }
        return model;
    }

    /** Starts a model with two layers that predict further ahead. */
    static Decoder lookingAhead(DType dtype) {
        return model(llama(32).withMultiTokenLayers(2), dtype);
    }

    private static Decoder model(int hiddenSize, DType dtype) {
        return model(llama(hiddenSize), dtype);
    }

    private static Decoder model(ArchConfig config, DType dtype) {
        return Decoder.of(config, Weights.random(config, dtype, Device.CPU, 0.08, 7));
    }

    /** Returns the training rows from their beginning. */
    Batches training(int rows) {
        return new Batches(new ConcatenatedRows(sides.train(), COLUMNS, SHUFFLED), rows);
    }

    /** Learns the text, 8 rows a step. */
    TokenPrediction<Decoder, Batch> nextToken() {
        return nextToken(8);
    }

    /** Learns the text in one backward pass a step. */
    TokenPrediction<Decoder, Batch> nextToken(int rows) {
        return TokenPrediction.next(training(rows), validation(), PassPlan.ONE);
    }

    private List<Batch> validation() {
        List<Batch> batches = new ArrayList<>();
        Batches.onePass(new ConcatenatedRows(sides.validation(), COLUMNS, new Order.Stored()), 8)
                .forEachRemaining(batches::add);
        return batches;
    }

    @Override
    public void close() {
        cache.close();
    }

    /** Trains by AdamW at a constant rate, without checkpoints, measurements or an early stop unless asked for. */
    static TrainingPlan plan(long steps) {
        return plan(steps, 0, 0, 0);
    }

    static TrainingPlan plan(long steps, long evaluateEvery, long checkpointEvery, int patience) {
        var adamW = new Optimizer.Settings.AdamWSettings(3e-3, 0.9, 0.95, 1e-8, 0.1);
        return new TrainingPlan(
                steps,
                new Schedule.Constant(5),
                adamW,
                1,
                evaluateEvery,
                checkpointEvery,
                2,
                patience,
                "val_loss",
                false);
    }

    /** Trains in a run folder. */
    static Trainer.Result train(
            Decoder model,
            TrainingPlan plan,
            Method<Decoder> method,
            Path folder,
            StopSignal stop,
            Consumer<Metrics> progress)
            throws IOException {
        try (RunFolder run = RunFolder.open(folder)) {
            return new Trainer<>(plan, method, run, progress, stop).train(model);
        }
    }

    /** Trains in a run folder to the end. */
    static Trainer.Result train(Decoder model, TrainingPlan plan, Method<Decoder> method, Path folder)
            throws IOException {
        return train(model, plan, method, folder, StopSignal.none(), metrics -> {});
    }

    /** Returns one figure of every step that a run has logged. */
    static double[] logged(Path folder, String name) throws IOException {
        return MetricsLog.read(folder).stream()
                .mapToDouble(metrics -> metrics.values().getOrDefault(name, Double.NaN))
                .toArray();
    }

    /** Returns all weights one after another. */
    static float[] weights(Decoder model) {
        List<float[]> parts = new ArrayList<>();
        for (var weight : model.weights().all()) parts.add(weight.toFloats());
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** A token is an ASCII character; zero ends a document. */
    private record Characters() implements ExampleTokenizer {
        @Override
        public List<TokenizedExample> tokenize(List<Example> examples) {
            return examples.stream().map(Characters::tokenize).toList();
        }

        private static TokenizedExample tokenize(Example example) {
            Example.PlainText text = (Example.PlainText) example;
            int[] ids = (text.text() + '\0').chars().toArray();
            BitSet loss = new BitSet();
            loss.set(0, ids.length);
            return new TokenizedExample(ids, loss, text.part());
        }

        @Override
        public int vocabularySize() {
            return CHARACTERS;
        }

        @Override
        public String fingerprint() {
            return "ascii";
        }
    }
}
