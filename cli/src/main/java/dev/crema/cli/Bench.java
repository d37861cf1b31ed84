package dev.crema.cli;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.cli.bench.ExpertsBenchmark;
import dev.crema.cli.bench.LatentBenchmark;
import dev.crema.cli.bench.LoadBenchmark;
import dev.crema.cli.bench.RolloutBenchmark;
import dev.crema.cli.bench.TrainBenchmark;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures this machine at training, generating and loading. */
@Command(
        name = "bench",
        description =
                "Measure training, batched generation, loading a model, experts beside a dense model, latent beside"
                        + " multi-head attention, or the quickstart over seeds.")
final class Bench extends Verb {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    @Parameters(paramLabel = "WHAT", index = "0", description = "train, rollout, load, experts, latent or quickstart.")
    private What what;

    @Parameters(
            paramLabel = "MODEL",
            index = "1",
            arity = "0..1",
            description = "load: the model's folder, or a GGUF file.")
    private Optional<Path> model;

    @Option(
            names = "--dtype",
            description = "${COMPLETION-CANDIDATES} (default: bf16 where the processor multiplies in it, else fp32;"
                    + " load: as the files are).")
    private Optional<Precision> dtype;

    @Option(
            names = "--steps",
            defaultValue = "4",
            description = "train, experts, latent: steps of each of five repetitions.")
    private int steps;

    @Option(names = "--batch", description = "rollout, latent: sequences at once (default: 64; latent 4).")
    private Optional<Integer> batch;

    @Option(
            names = "--shape",
            defaultValue = "deepseek-v2",
            description = "latent: ${COMPLETION-CANDIDATES} (default: deepseek-v2).")
    private LatentBenchmark.Shape shape;

    @Option(names = "--samples", defaultValue = "1", description = "rollout: sequences of each prompt (default: 1).")
    private int samples;

    @Option(names = "--new-tokens", defaultValue = "128", description = "rollout: tokens of each sequence.")
    private int newTokens;

    @Option(names = "--seeds", split = ",", defaultValue = "1,2,3", description = "quickstart: seeds to run.")
    private long[] seeds;

    @Option(names = "--out", defaultValue = "runs", description = "quickstart: where the runs go.")
    private Path out;

    @Spec
    private CommandSpec command;

    enum What {
        TRAIN,
        ROLLOUT,
        LOAD,
        EXPERTS,
        LATENT,
        QUICKSTART
    }

    @Override
    void run(Console console) throws Exception {
        if (steps < 1 || batch.orElse(1) < 1 || samples < 1 || newTokens < 2) {
            throw new ParameterException(
                    command.commandLine(), "--steps, --batch and --samples are at least 1, --new-tokens 2");
        }
        if (batch.orElse(64) % samples != 0) {
            throw new ParameterException(
                    command.commandLine(), "--batch is a multiple of --samples, not " + batch.orElse(64));
        }
        if ((what == What.LOAD) != model.isPresent()) {
            throw new ParameterException(command.commandLine(), "bench load takes a MODEL, and nothing else does");
        }
        DType type = dtype.map(Precision::dtype).orElseGet(this::usual);
        Map<String, Object> document = switch (what) {
            case TRAIN -> map(TrainBenchmark.run(type, steps));
            case ROLLOUT -> map(RolloutBenchmark.run(type, batch.orElse(64), samples, newTokens));
            case LOAD -> map(LoadBenchmark.run(Folders.model(model.orElseThrow()), type));
            case EXPERTS -> map(ExpertsBenchmark.run(type, steps));
            case LATENT -> map(LatentBenchmark.run(shape, type, batch.orElse(4), steps));
            case QUICKSTART -> QuickstartReport.overSeeds(seeds, out, console);
        };
        document.forEach((key, value) -> console.out().println(key + ": " + value));
        console.document(document);
    }

    /** Returns what training would take, and of a model that is loaded what its files hold. */
    private DType usual() {
        if (what != What.LOAD) return Precision.fastest().dtype();
        DType stored = ModelFolder.open(Folders.model(model.orElseThrow())).storedDtype();
        return stored == DType.FP32 ? DType.FP32 : DType.BF16;
    }

    private static Map<String, Object> map(Record result) {
        return new LinkedHashMap<>(JSON.convertValue(
                result, JSON.getTypeFactory().constructMapType(LinkedHashMap.class, String.class, Object.class)));
    }
}
