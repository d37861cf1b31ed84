package dev.crema.model.checkpoint;

import dev.crema.model.ArchConfig;
import dev.crema.model.Decoder;
import dev.crema.model.ParameterSpec;
import dev.crema.model.Weights;
import dev.crema.model.checkpoint.gguf.GgufModel;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Loads a model from a GGUF file, as {@link ModelFolder} does from a folder. */
final class GgufLoading {
    private final Path file;
    private final Family family;
    private final ArchConfig config;

    private GgufLoading(Path file, Family family, ArchConfig config) {
        this.file = file;
        this.family = family;
        this.config = config;
    }

    static FamilyConfig.Read config(Path file) {
        try (GgufModel model = GgufModel.open(file)) {
            return FamilyConfig.read(new ConfigJson(file, model.config()));
        }
    }

    static DType storedDtype(Path file) {
        try (GgufModel model = GgufModel.open(file)) {
            return model.storedDtype();
        }
    }

    /** Loads the weights; all names and shapes are compared before any memory is taken for them. */
    static Decoder load(Path file, Family family, ArchConfig config, DType dtype, Device device) {
        GgufLoading loading = new GgufLoading(file, family, config);
        try (GgufModel model = GgufModel.open(file)) {
            loading.check(model);
            Weights weights = Weights.empty(config, dtype, device);
            try {
                loading.fill(weights, model);
                return Decoder.of(config, weights);
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        }
    }

    private void check(GgufModel model) {
        Set<String> left = new TreeSet<>(model.weights().keySet());
        for (ParameterSpec spec : ParameterSpec.of(config)) {
            for (WeightNames.Part part : parts(spec)) {
                left.remove(part.name());
                long[] found = find(model, part.name()).shape();
                List<Long> wanted = ModelFolder.shape(spec, part);
                if (part.transposed()) Collections.reverse(wanted);
                if (!wanted.equals(Arrays.stream(found).boxed().toList())) {
                    throw new InputException(file + ": " + part.name() + " has the shape " + Arrays.toString(found)
                            + ", the metadata wants " + wanted);
                }
            }
        }
        if (!left.isEmpty()) {
            throw new InputException(file + " holds " + left.size() + " tensors that a " + family.modelType()
                    + " does not have, such as " + left.iterator().next());
        }
    }

    private void fill(Weights weights, GgufModel model) {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            for (ParameterSpec spec : ParameterSpec.of(config)) {
                for (WeightNames.Part part : parts(spec)) {
                    Tensor rows = ModelFolder.matrix(weights.get(spec.name())); // [E * rows, columns] of experts
                    Tensor target = rows.narrow(0, part.firstRow(), part.rows());
                    find(model, part.name()).copyTo(part.transposed() ? target.transpose(0, 1) : target);
                }
            }
        }
    }

    private GgufModel.Weight find(GgufModel model, String name) {
        GgufModel.Weight weight = model.weights().get(name);
        if (weight == null) throw new InputException(file + " lacks the tensor that stands for " + name);
        return weight;
    }

    private List<WeightNames.Part> parts(ParameterSpec spec) {
        return parts(family, config, spec);
    }

    /** Lists the tensors of a checkpoint that a weight is made of, each expert's by itself. */
    static List<WeightNames.Part> parts(Family family, ArchConfig config, ParameterSpec spec) {
        return WeightNames.parts(family, config, spec.name(), ModelFolder.rows(spec));
    }
}
