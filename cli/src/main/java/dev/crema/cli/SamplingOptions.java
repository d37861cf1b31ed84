package dev.crema.cli;

import dev.crema.infer.Sampling;
import dev.crema.infer.TextOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Says how a verb chooses tokens, and when it ends. */
final class SamplingOptions {
    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "Divides the logits; 0 takes the likeliest token. Default: what generation_config.json says if"
                            + " it samples, else 0.")
    private Optional<Double> temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Draw from the K likeliest tokens; 0 from all.")
    private Optional<Integer> topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Draw from the fewest tokens that together have probability P; 1 from all.")
    private Optional<Double> topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Draw from tokens at least P times as likely as the likeliest; 0 from all.")
    private Optional<Double> minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            description = "Makes tokens that have come less likely; 1 changes nothing.")
    private Optional<Double> repetitionPenalty;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "512",
            description = "New tokens at most. Default: ${DEFAULT-VALUE}.")
    private int maxTokens;

    @Option(names = "--stop", paramLabel = "TEXT", description = "Ends the text and is not shown; may be repeated.")
    private List<String> stops = new ArrayList<>();

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "The same seed draws the same text. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** Returns the options over the model's own sampling. */
    TextOptions over(Sampling model) {
        Sampling sampling = new Sampling(
                temperature.orElse(model.temperature()),
                topK.orElse(model.topK()),
                topP.orElse(model.topP()),
                minP.orElse(model.minP()),
                repetitionPenalty.orElse(model.repetitionPenalty()));
        if (sampling.temperature() == 0 && Stream.of(topK, topP, minP).anyMatch(Optional::isPresent)) {
            throw new ParameterException(
                    command.commandLine(),
                    "--top-k, --top-p and --min-p choose among tokens, which a temperature of 0 does not:"
                            + " give --temperature as well");
        }
        return new TextOptions(maxTokens, sampling, stops, seed);
    }
}
