package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.ArchConfig;
import dev.crema.model.Decoder;
import dev.crema.model.EncoderConfig;
import dev.crema.model.EncoderDecoderConfig;
import dev.crema.model.Model;
import dev.crema.model.ModelConfig;
import dev.crema.model.ParameterSpec;
import dev.crema.model.Weights;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.text.Tokenizer;
import dev.crema.text.gguf.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model in Hugging Face's form: {@code config.json} and {@code model.safetensors} or shards with an index; or a GGUF
 * file, which holds the same in its own.
 */
public final class ModelFolder {
    /** As transformers writes them. */
    private static final long MAX_SHARD = 5_000_000_000L;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path folder;
    private final Family family;
    private final ModelConfig config;
    private final StoredWeights stored;

    private ModelFolder(Path folder, Family family, ModelConfig config, StoredWeights stored) {
        this.folder = folder;
        this.family = family;
        this.config = config;
        this.stored = stored;
    }

    /**
     * Reads the configuration of a model.
     *
     * @param folder the model's folder, or a GGUF file
     * @throws InputException if the folder has no {@code config.json} or the model cannot be built
     */
    public static ModelFolder open(Path folder) {
        if (GgufFile.isGguf(folder)) {
            FamilyConfig.Read read = GgufLoading.config(folder);
            return new ModelFolder(folder, read.family(), read.config(), read.weights());
        }
        if (!Files.isDirectory(folder)) throw new InputException("There is no model folder " + folder);
        FamilyConfig.Read read = FamilyConfig.read(folder.resolve("config.json"));
        return new ModelFolder(folder, read.family(), read.config(), read.weights()).settled();
    }

    /**
     * Decides what config.json leaves open and the weights tell: whether there is a pooler, a head, or layers that predict
     * further ahead, which other programs leave out when they save a model.
     */
    private ModelFolder settled() {
        return switch (config) {
            case EncoderConfig encoder
            when encoder.head() instanceof EncoderConfig.Head.Pooler ->
                holds("pooler.dense.weight") ? this : with(encoder.with(new EncoderConfig.Head.None()));
            case EncoderDecoderConfig both
            when !both.head().shared() ->
                holds("lm_head.weight") ? this : with(both.with(EncoderDecoderConfig.Head.SHARED));
            case ArchConfig decoder
            when decoder.multiTokenLayers() > 0 ->
                holds("model.layers." + decoder.layers() + ".eh_proj.weight")
                        ? this
                        : with(decoder.withMultiTokenLayers(0));
            default -> this;
        };
    }

    private ModelFolder with(ModelConfig other) {
        return new ModelFolder(folder, family, other, stored);
    }

    private boolean holds(String ending) {
        try (Shards shards = Shards.open(folder)) {
            return shards.entries().keySet().stream().anyMatch(name -> name.endsWith(ending));
        }
    }

    public Path path() {
        return folder;
    }

    public Family family() {
        return family;
    }

    /** Returns the description of the model, whatever its kind. */
    public ModelConfig description() {
        return config;
    }

    /**
     * Loads the tokenizer, which is the caller's to close.
     *
     * @throws InputException if it is missing or malformed, or has tokens that the model does not know
     */
    public Tokenizer tokenizer() {
        Tokenizer tokenizer = Tokenizer.load(folder);
        int tokens = tokenizer.vocabularySize(), rows = config.vocabularySize();
        if (tokens <= rows) return tokenizer;
        tokenizer.close();
        throw new InputException(folder + ": the tokenizer has " + tokens + " tokens, the model " + rows
                + ": they do not belong together");
    }

    /**
     * Returns the description of a decoder.
     *
     * @throws InputException if the model is none
     */
    public ArchConfig config() {
        if (config instanceof ArchConfig decoder) return decoder;
        throw otherKind(Family.Kind.DECODER.label());
    }

    private InputException otherKind(String wanted) {
        return new InputException(folder + " holds a " + family.modelType() + " model, which is "
                + family.kind().label() + "; this needs a model that is " + wanted);
    }

    /** Lists the files that hold the weights. */
    public List<Path> weightFiles() {
        return GgufFile.isGguf(folder) ? List.of(folder) : Shards.files(folder);
    }

    /** Returns the type in which the weights are stored; BF16 of those in FP8, FP32 of others that are quantised. */
    public DType storedDtype() {
        if (GgufFile.isGguf(folder)) return GgufLoading.storedDtype(folder);
        try (Shards shards = Shards.open(folder)) {
            Collection<Safetensors.Entry> entries = shards.entries().values();
            boolean codes = entries.stream().map(Safetensors.Entry::dtype).anyMatch(StoredWeights::isCode);
            return codes ? DType.BF16 : entries.iterator().next().dtype();
        }
    }

    /**
     * Loads the model, converting its weights.
     *
     * @throws InputException if a weight is missing, left over, or of another shape
     */
    public Decoder load(DType dtype, Device device) {
        return load(Decoder.class, dtype, device);
    }

    /**
     * Loads a model of a kind, or of any as {@code Model.class}, converting its weights. No weight exists twice on the way;
     * the files' pages are the system's cache and not the process's.
     *
     * @throws InputException if the model is of another kind, or a weight is missing, left over, or of another shape
     */
    public <M extends Model> M load(Class<M> kind, DType dtype, Device device) {
        if (!kind.isAssignableFrom(family.kind().model()))
            throw otherKind(Family.Kind.of(kind).label());
        if (GgufFile.isGguf(folder)) return kind.cast(GgufLoading.load(folder, family, config(), dtype, device));
        try (Shards shards = Shards.open(folder)) {
            List<ParameterSpec> specs = ParameterSpec.of(config);
            check(specs, shards);
            Weights weights = Weights.empty(config, dtype, device);
            try (Scope scope = Scope.open();
                    var off = Autograd.off()) {
                TensorReads reads = new TensorReads();
                for (ParameterSpec spec : specs) {
                    Tensor weight = weights.get(spec.name());
                    for (WeightNames.Part part : parts(spec, shards)) {
                        Tensor target = place(weight, part);
                        stored.read(
                                reads, shards, find(shards, part), part.transposed() ? target.transpose(0, 1) : target);
                    }
                }
                reads.run();
                return kind.cast(Model.of(config, weights));
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }

    /** Compares all names and shapes, before any memory is taken for the weights. */
    private void check(List<ParameterSpec> specs, Shards shards) {
        Set<String> left = new TreeSet<>(shards.entries().keySet());
        for (ParameterSpec spec : specs) {
            for (WeightNames.Part part : parts(spec, shards)) {
                Safetensors.Entry entry = find(shards, part);
                left.remove(entry.name());
                stored.besides(shards, entry).forEach(left::remove);
                List<Long> wanted = shape(spec, part);
                if (part.transposed()) Collections.reverse(wanted);
                if (!wanted.equals(Arrays.stream(entry.shape()).boxed().toList())) {
                    throw new InputException(folder + ": " + entry.name() + " has the shape "
                            + Arrays.toString(entry.shape()) + ", config.json wants " + wanted);
                }
            }
        }
        left.removeIf(name -> WeightNames.harmless(config, name));
        SharedCopies.of(config).forEach((copy, original) -> {
            if (left.remove(copy)) SharedCopies.check(shards, copy, original);
        });
        if (!left.isEmpty()) {
            throw new InputException(folder + " holds " + left.size() + " tensors that a " + family.modelType()
                    + " does not have, such as " + left.iterator().next());
        }
    }

    /** Returns the names under which the checkpoint has a weight: one for each expert, or one for all. */
    private List<WeightNames.Part> parts(ParameterSpec spec, Shards shards) {
        return WeightNames.stacked(family, config, spec)
                .filter(part -> shards.entries().containsKey(part.name()))
                .map(List::of)
                .orElseGet(() -> WeightNames.parts(family, config, spec.name(), rows(spec)));
    }

    /** Returns the rows of a parameter; those of experts {@code [E, O, I]} lie one below the other. */
    static long rows(ParameterSpec spec) {
        return spec.elements() / spec.elementsOfRow();
    }

    /** Returns the shape that a checkpoint's part of a parameter has, as it lies in ours. */
    static List<Long> shape(ParameterSpec spec, WeightNames.Part part) {
        if (part.whole()) return new ArrayList<>(spec.shape());
        return new ArrayList<>(
                spec.shape().size() == 1 ? List.of(part.rows()) : List.of(part.rows(), spec.elementsOfRow()));
    }

    private static Tensor place(Tensor weight, WeightNames.Part part) {
        return part.whole() ? weight : matrix(weight).narrow(0, part.firstRow(), part.rows());
    }

    /** Returns the weights of experts {@code [E, O, I]} as the rows of one matrix {@code [E O, I]}, others as they are. */
    static Tensor matrix(Tensor weight) {
        return weight.rank() == 3 ? weight.reshape(-1, weight.size(2)) : weight;
    }

    private Safetensors.Entry find(Shards shards, WeightNames.Part part) {
        return shards.find(WeightNames.spellings(family, part.name()));
    }

    /**
     * Writes a model that transformers loads: {@code config.json} and {@code model.safetensors}, or shards of at most 5 GB
     * with an index; each file atomically.
     */
    public static void save(Path folder, Family family, Model model) throws IOException {
        save(folder, family, model.config(), model.weights().byName(), model.dtype());
    }

    /** Writes weights by our names as a model; the type is that of the file's configuration. */
    public static void save(Path folder, Family family, ModelConfig config, Map<String, Tensor> weights, DType dtype)
            throws IOException {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Map<String, Tensor> tensors = SharedCopies.with(config, theirs(family, config, weights));
            write(folder, FamilyConfig.write(family, config, dtype), tensors);
        }
    }

    /** Writes a model from the content of its {@code config.json} and its tensors by Hugging Face's names. */
    public static void write(Path folder, ObjectNode config, Map<String, Tensor> tensors) throws IOException {
        Files.createDirectories(folder);
        ShardIndex.write(folder, tensors, MAX_SHARD);
        AtomicFile.write(
                folder.resolve("config.json"),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config));
    }

    /** Returns views of weights (or of their gradients) under the names of the family; the innermost scope's. */
    public static Map<String, Tensor> theirs(Family family, ModelConfig config, Map<String, Tensor> ours) {
        Map<String, Tensor> result = new LinkedHashMap<>();
        ours.forEach((name, tensor) -> {
            Tensor matrix = matrix(tensor.detach());
            for (WeightNames.Part part : WeightNames.parts(family, config, name, matrix.size(0))) {
                Tensor rows = matrix.narrow(0, part.firstRow(), part.rows());
                result.put(part.name(), part.transposed() ? rows.transpose(0, 1) : rows);
            }
        });
        return result;
    }
}
