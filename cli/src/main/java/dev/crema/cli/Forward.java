package dev.crema.cli;

import dev.crema.model.ArchConfig;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.Model;
import dev.crema.model.ModelConfig;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.model.checkpoint.SafetensorsWriter;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.SystemMemory;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a model once over tokens and writes the results, to be compared with what another implementation computes. */
@Command(
        name = "forward",
        description = "Run a model once over tokens and write their logits; of an encoder, its hidden states too.")
final class Forward extends Verb {
    @Parameters(paramLabel = "MODEL", description = "Folder of the model, in Hugging Face's form, or a GGUF file.")
    private Path folder;

    @ArgGroup(multiplicity = "1")
    private Input input = new Input();

    @Option(
            names = "--decoder-ids",
            paramLabel = "ID,ID,...",
            description = "A row of an encoder-decoder's decoder for each row of its input. Default: its start token.")
    private List<String> decoderIds = new ArrayList<>();

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description =
                    "Safetensors file to write, in fp32: logits [B, T, V]; of an encoder last_hidden_state [B, T, D].")
    private Path out;

    @Option(
            names = "--dtype",
            defaultValue = "FP32",
            description = "Type of the weights: ${COMPLETION-CANDIDATES}. Default: fp32.")
    private Precision precision;

    /** What {@code --json} prints: the main result, and the shapes of all by name. */
    record Document(String out, String tensor, long[] shape, String dtype, Map<String, long[]> tensors) {}

    /** What is run: ids or text. */
    private static final class Input {
        @Option(
                names = "--ids",
                paramLabel = "ID,ID,...",
                description = "A row of token ids; more rows behind a semicolon or another --ids.")
        private List<String> ids = new ArrayList<>();

        @Option(names = "--text", paramLabel = "TEXT", description = "A text, with what the tokenizer puts around it.")
        private List<String> texts = new ArrayList<>();

        List<int[]> rows(Path folder) {
            if (texts.isEmpty()) return Forward.rows(ids);
            try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                return texts.stream().map(tokenizer::encodeWithSpecials).toList();
            }
        }
    }

    private static List<int[]> rows(List<String> ids) {
        return ids.stream()
                .flatMap(row -> Arrays.stream(row.split(";", -1)))
                .map(Forward::row)
                .toList();
    }

    private static int[] row(String ids) {
        return Arrays.stream(ids.split(",", -1))
                .map(String::strip)
                .mapToInt(Forward::id)
                .toArray();
    }

    private static int id(String id) {
        try {
            return Integer.parseInt(id);
        } catch (NumberFormatException e) {
            throw new InputException("'" + id + "' is not a token id; --ids takes whole numbers and commas", e);
        }
    }

    @Override
    void run(Console console) throws IOException {
        ModelFolder source = ModelFolder.open(Folders.model(folder));
        Folders.writable(out);
        ForwardPass pass = pass(source.description());
        try (Model model = source.load(Model.class, precision.dtype(), Device.best());
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Map<String, Tensor> results = pass.run(model);
            SafetensorsWriter.write(out, results);
            Map<String, long[]> shapes = new LinkedHashMap<>();
            results.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
            shapes.forEach(
                    (name, shape) -> console.out().println(out + ": " + name + " " + Arrays.toString(shape) + " fp32"));
            String main = shapes.keySet().iterator().next();
            console.document(
                    new Document(out.toString(), main, Objects.requireNonNull(shapes.get(main)), "fp32", shapes));
        }
    }

    private ForwardPass pass(ModelConfig config) {
        List<int[]> rows = input.rows(folder), decoderRows = rows(decoderIds);
        check(rows, config);
        switch (config) {
            case ArchConfig decoder -> checkOneLength(rows);
            case EncoderConfig encoder -> {}
            case EncoderDecoderConfig both -> {
                if (decoderRows.isEmpty()) {
                    decoderRows = Collections.nCopies(rows.size(), new int[] {both.startId()});
                }
                check(decoderRows, config);
                checkOneLength(decoderRows);
                if (decoderRows.size() != rows.size()) {
                    throw new InputException(decoderRows.size() + " rows of --decoder-ids do not go with " + rows.size()
                            + " rows of input; give one for each");
                }
            }
        }
        if (!(config instanceof EncoderDecoderConfig) && !decoderRows.isEmpty()) {
            throw new InputException(
                    "--decoder-ids goes with an encoder-decoder, which this model is not; leave it out");
        }
        ForwardPass pass = new ForwardPass(rows, decoderRows);
        checkMemory(pass.bytes(config), rows);
        return pass;
    }

    private static void checkOneLength(List<int[]> rows) {
        int tokens = rows.getFirst().length;
        for (int[] row : rows) {
            if (row.length != tokens) {
                throw new InputException("rows of " + tokens + " and of " + row.length
                        + " tokens do not make one tensor; give rows of one length");
            }
        }
    }

    private static void check(List<int[]> rows, ModelConfig config) {
        for (int[] row : rows) {
            for (int id : row) {
                if (id < 0 || id >= config.vocabularySize()) {
                    throw new InputException("token id " + id + " is outside the vocabulary; ids go from 0 to "
                            + (config.vocabularySize() - 1));
                }
            }
            if (row.length == 0 || row.length > config.context()) {
                throw new InputException(
                        "a row of " + row.length + " tokens cannot be run; the model takes 1 to " + config.context());
            }
        }
    }

    private static void checkMemory(double needed, List<int[]> rows) {
        long memory = SystemMemory.available();
        if (needed > memory) {
            throw new InputException(String.format(
                    Locale.ROOT,
                    "%d rows of %d tokens need %.1f GB for logits and scores, %.1f are free; give fewer",
                    rows.size(),
                    rows.getFirst().length,
                    needed / 1e9,
                    memory / 1e9));
        }
    }
}
