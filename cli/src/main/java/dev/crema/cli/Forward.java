package dev.crema.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.Decoder;
import dev.crema.model.Visibility;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.model.checkpoint.SafetensorsWriter;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a model once over tokens and writes the logits, to be compared with what another implementation computes. */
@Command(name = "forward", description = "Run a model once over tokens and write their logits.")
final class Forward extends Verb {
    @Parameters(paramLabel = "MODEL", description = "Folder of the model, in Hugging Face's form, or a GGUF file.")
    private Path folder;

    @ArgGroup(multiplicity = "1")
    private Input input = new Input();

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "Safetensors file to write: logits [B, T, V] in fp32.")
    private Path out;

    @Option(
            names = "--dtype",
            defaultValue = "FP32",
            description = "Type of the weights: ${COMPLETION-CANDIDATES}. Default: fp32.")
    private Precision precision;

    /** What {@code --json} prints. */
    record Document(String out, String tensor, long[] shape, String dtype) {}

    /** What is run: ids or text. */
    private static final class Input {
        @Option(
                names = "--ids",
                paramLabel = "ID,ID,...",
                description = "A row of token ids; more rows behind a semicolon or another --ids.")
        private List<String> ids = new ArrayList<>();

        @Option(names = "--text", paramLabel = "TEXT", description = "A text, with what the tokenizer puts before it.")
        private List<String> texts = new ArrayList<>();

        List<int[]> rows(Path folder) {
            if (texts.isEmpty()) {
                return ids.stream()
                        .flatMap(row -> Arrays.stream(row.split(";", -1)))
                        .map(Input::row)
                        .toList();
            }
            try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                return texts.stream().map(tokenizer::encodeWithSpecials).toList();
            }
        }

        private static int[] row(String ids) {
            return Arrays.stream(ids.split(",", -1))
                    .map(String::strip)
                    .mapToInt(Input::id)
                    .toArray();
        }

        private static int id(String id) {
            try {
                return Integer.parseInt(id);
            } catch (NumberFormatException e) {
                throw new InputException("'" + id + "' is not a token id; --ids takes whole numbers and commas", e);
            }
        }
    }

    @Override
    void run(Console console) throws IOException {
        ModelFolder model = ModelFolder.open(Folders.model(folder));
        Folders.writable(out);
        List<int[]> rows = input.rows(folder);
        check(rows, model.config());
        try (Decoder decoder = model.load(precision.dtype(), Device.best());
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor logits = logits(decoder, rows);
            SafetensorsWriter.write(out, Map.of("logits", logits));
            console.out().println(out + ": logits " + Arrays.toString(logits.shape()) + " fp32");
            console.document(new Document(out.toString(), "logits", logits.shape(), "fp32"));
        }
    }

    /** Returns {@code [B, T, V]} fp32, run row by row, so that attention's scores are those of one row. */
    private static Tensor logits(Decoder decoder, List<int[]> rows) {
        int tokens = rows.getFirst().length;
        Tensor logits = Tensors.empty(
                DType.FP32, Device.CPU, rows.size(), tokens, decoder.config().vocabularySize());
        for (int row = 0; row < rows.size(); row++) {
            try (Scope scope = Scope.open()) {
                Tensor ids = Tensors.of(rows.get(row), 1, tokens).to(decoder.device());
                Tensor hidden = decoder.hiddenStates(ids, decoder.positions(1, tokens), new Visibility.Causal());
                logits.narrow(0, row, 1).copyInPlace(decoder.logits(hidden)); // [1, T, V]
            }
        }
        return logits;
    }

    private static void check(List<int[]> rows, ArchConfig config) {
        int tokens = rows.getFirst().length;
        for (int[] row : rows) {
            if (row.length != tokens) {
                throw new InputException("rows of " + tokens + " and of " + row.length
                        + " tokens do not make one tensor; give rows of one length");
            }
            for (int id : row) {
                if (id < 0 || id >= config.vocabularySize()) {
                    throw new InputException("token id " + id + " is outside the vocabulary; ids go from 0 to "
                            + (config.vocabularySize() - 1));
                }
            }
        }
        if (tokens == 0 || tokens > config.context()) {
            throw new InputException(
                    "a row of " + tokens + " tokens cannot be run; the model takes 1 to " + config.context());
        }
        long memory = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
        long heads = ((AttentionSpec.GroupedQuery) config.attention()).heads();
        double needed = 4.0 * rows.size() * tokens * config.vocabularySize() + 8.0 * heads * tokens * tokens;
        if (needed > memory) {
            throw new InputException(String.format(
                    Locale.ROOT,
                    "%d rows of %d tokens need %.1f GB for logits and scores, this machine has %.1f; give fewer",
                    rows.size(),
                    tokens,
                    needed / 1e9,
                    memory / 1e9));
        }
    }
}
