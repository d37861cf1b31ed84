package dev.crema.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.LatentSpec;
import dev.crema.model.ParameterSpec;
import dev.crema.model.checkpoint.Family;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.model.checkpoint.Safetensors;
import dev.crema.text.ChatTemplate;
import dev.crema.text.InputException;
import dev.crema.text.SpecialTokens;
import dev.crema.text.Tokenizer;
import dev.crema.text.gguf.GgufFile;
import dev.crema.train.run.CheckpointStore;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tells what a model, a tokenizer, a file of tensors, a run or a checkpoint holds, without loading weights. */
@Command(
        name = "inspect",
        description = "Tell what a model's folder, a GGUF or .safetensors file, a tokenizer.json, a run's folder or a"
                + " checkpoint holds.")
final class Inspect extends Verb {
    private static final String MANIFEST = "manifest.json";

    @Parameters(paramLabel = "PATH", description = "The file or folder.")
    private Path path;

    @Option(names = "--weights", description = "List the tensors of a model.")
    private boolean weights;

    @Override
    void run(Console console) throws IOException {
        Facts facts = facts(Folders.present(path));
        facts.print(console.out());
        console.document(facts.document());
    }

    private Facts facts(Path found) throws IOException {
        if (GgufFile.isGguf(found)) {
            return GgufFacts.of(found, weights);
        }
        if (Files.isRegularFile(found)) {
            return found.toString().endsWith(".safetensors") ? tensors(found) : tokenizer(found);
        }
        if (Files.exists(found.resolve(MANIFEST))) {
            return checkpoint(found);
        }
        if (Files.isDirectory(found.resolve("checkpoints")) || Files.exists(found.resolve("recipe.yaml"))) {
            return run(found);
        }
        if (Files.exists(found.resolve("config.json"))) {
            return model(found);
        }
        throw new InputException(found + " is none of what inspect knows: it has no config.json (a model),"
                + " recipe.yaml or checkpoints (a run), or " + MANIFEST + " (a checkpoint)");
    }

    private Facts model(Path folder) throws IOException {
        ModelFolder model = ModelFolder.open(folder);
        Facts facts = new Facts()
                .with("kind", "model")
                .with("family", model.family().modelType())
                .with("type", model.family().kind().label());
        switch (model.description()) {
            case ArchConfig decoder -> architecture(facts, decoder);
            case EncoderConfig encoder -> architecture(facts, encoder);
            case EncoderDecoderConfig both -> architecture(facts, both);
        }
        facts.with("parameters", ParameterSpec.count(model.description()));
        long bytes = 0;
        TreeSet<String> dtypes = new TreeSet<>();
        for (Path file : model.weightFiles()) {
            try (Safetensors shard = Safetensors.open(file)) {
                for (Safetensors.Entry entry : shard.entries().values()) {
                    bytes += entry.memory().byteSize();
                    dtypes.add(entry.dtype().name().toLowerCase(java.util.Locale.ROOT));
                }
                if (weights) {
                    facts.withWeights(shard);
                }
            }
        }
        facts.with("dtype", String.join(", ", dtypes)).with("bytes", bytes);
        if (Files.exists(folder.resolve("tokenizer.json"))) {
            tokenizerFacts(facts, folder);
            if (model.family().kind() == Family.Kind.DECODER) chatTemplate(facts, folder);
        }
        return facts;
    }

    static void architecture(Facts facts, ArchConfig config) {
        facts.with("layers", config.layers())
                .with("hidden_size", config.hiddenSize())
                .with("heads", config.attention().heads());
        switch (config.attention()) {
            case AttentionSpec.GroupedQuery attention ->
                facts.with("key_value_heads", attention.keyValueHeads()).with("head_size", attention.headSize());
            case LatentSpec attention ->
                facts.with("latent_size", attention.latentSize())
                        .with("rotary_size", attention.rotarySize())
                        .with("query_size", attention.querySize())
                        .with("value_size", attention.valueSize());
        }
        facts.with("feed_forward", feedForward(config))
                .with("norm", part(config.norm()))
                .with("position", part(config.position()))
                .with("context", config.context())
                .with("vocabulary", config.vocabularySize())
                .with("tied_head", config.tiedHead());
        if (config.multiTokenLayers() > 0) facts.with("multi_token_layers", config.multiTokenLayers());
        if (ParameterSpec.active(config)
                < ParameterSpec.of(config).stream()
                        .mapToLong(ParameterSpec::elements)
                        .sum()) {
            facts.with("active_parameters", ParameterSpec.active(config));
        }
    }

    /** Tells of each kind of feed-forward part that the layers have, in their order. */
    private static String feedForward(ArchConfig config) {
        return IntStream.range(0, config.layers())
                .mapToObj(layer -> switch (config.feedForward().at(layer)) {
                    case FeedForwardSpec.Experts f ->
                        "Experts " + f.width() + ", " + f.routing().active() + " of "
                                + f.routing().experts();
                    case FeedForwardSpec.Part f -> part(f) + " " + f.width();
                })
                .distinct()
                .collect(Collectors.joining("; "));
    }

    private static void architecture(Facts facts, EncoderConfig config) {
        facts.with("layers", config.layers())
                .with("hidden_size", config.hiddenSize())
                .with("heads", config.heads())
                .with("head_size", config.headSize())
                .with(
                        "feed_forward",
                        part(config.feedForward()) + " " + config.feedForward().width())
                .with("norm", part(config.norm()))
                .with("position", "Learned")
                .with("context", config.context())
                .with("vocabulary", config.vocabularySize())
                .with("token_types", config.tokenTypes())
                .with("head", part(config.head()));
        switch (config.head()) {
            case Head.MaskedLanguage head -> facts.with("tied_head", head.tied());
            case Head.SequenceClassification head -> facts.with("labels", head.labels());
            case Head.TokenClassification head -> facts.with("labels", head.labels());
            case Head.None none -> {}
            case Head.Pooler pooler -> {}
        }
    }

    private static void architecture(Facts facts, EncoderDecoderConfig config) {
        facts.with("encoder_layers", config.encoderLayers())
                .with("decoder_layers", config.decoderLayers())
                .with("hidden_size", config.hiddenSize())
                .with("heads", config.heads())
                .with("head_size", config.headSize())
                .with(
                        "feed_forward",
                        part(config.feedForward()) + " " + config.feedForward().width())
                .with("norm", part(config.norm()))
                .with("position", "Relative " + config.buckets() + " to " + config.maxDistance())
                .with("vocabulary", config.vocabularySize())
                .with("tied_head", config.head().shared());
    }

    private static String part(Object spec) {
        return spec.getClass().getSimpleName();
    }

    static void chatTemplate(Facts facts, Path folder) {
        try {
            ChatTemplate.load(folder);
            facts.with("chat_template", true);
        } catch (InputException e) {
            facts.with("chat_template", false).with("why", String.valueOf(e.getMessage()));
        }
    }

    private static Facts tokenizer(Path file) {
        return tokenizerFacts(new Facts().with("kind", "tokenizer"), file);
    }

    static Facts tokenizerFacts(Facts facts, Path path) {
        try (Tokenizer tokenizer = Tokenizer.load(path)) {
            Map<String, String> specials = new LinkedHashMap<>();
            tokenizer
                    .specials()
                    .roles()
                    .forEach((SpecialTokens.Role role, SpecialTokens.SpecialToken token) ->
                            specials.put(role.key(), token.text()));
            return facts.with("tokens", tokenizer.vocabularySize())
                    .with("special_tokens", specials)
                    .with("stop_ids", tokenizer.specials().stopIds())
                    .with("fingerprint", tokenizer.fingerprint());
        }
    }

    private static Facts tensors(Path file) {
        try (Safetensors tensors = Safetensors.open(file)) {
            return new Facts()
                    .with("kind", "safetensors")
                    .with("tensors", tensors.entries().size())
                    .with("metadata", tensors.metadata())
                    .withWeights(tensors);
        }
    }

    private static Facts run(Path folder) throws IOException {
        CheckpointStore checkpoints = RunFolder.checkpointsOf(folder);
        Facts facts = new Facts()
                .with("kind", "run")
                .with("recipe", Files.exists(folder.resolve("recipe.yaml")))
                .with("checkpoints", checkpoints.steps());
        checkpoints.latest().ifPresent(latest -> facts.with("latest_whole", latest.step()));
        checkpoints.best().ifPresent(best -> facts.with("best", best.step()));
        Path metrics = folder.resolve("metrics.jsonl");
        if (Files.exists(metrics)) {
            try (var lines = Files.lines(metrics)) {
                facts.with("metrics_lines", lines.count());
            }
        }
        return facts;
    }

    private static Facts checkpoint(Path folder) throws IOException {
        JsonNode manifest = new ObjectMapper().readTree(Files.readAllBytes(folder.resolve(MANIFEST)));
        Map<String, Long> files = new LinkedHashMap<>();
        manifest.path("files")
                .forEach(file ->
                        files.put(file.path("path").asText(), file.path("bytes").asLong()));
        return new Facts()
                .with("kind", "checkpoint")
                .with("step", manifest.path("step").asLong())
                .with("files", files);
    }
}
