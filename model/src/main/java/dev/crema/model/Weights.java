package dev.crema.model;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.PackedMatrix;
import dev.crema.tensor.RandomState;
import dev.crema.tensor.Scope;
import dev.crema.tensor.SystemMemory;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The trained tensors of a model by name, in the order of its forward pass; it owns them. */
public final class Weights implements AutoCloseable {
    private final Map<String, Tensor> tensors;
    private final Packing packing;

    private Weights(Map<String, Tensor> tensors, Packing packing) {
        this.tensors = tensors;
        this.packing = packing;
    }

    /** Whether products read matrices as they are. */
    private sealed interface Packing {
        record None() implements Packing {}

        /** Products read copies, which are made when the model is built; the tensors are another's. */
        record Copies(List<PackedMatrix> made) implements Packing {}
    }

    /** How the products with a matrix read it. */
    sealed interface Form {
        record Plain() implements Form {}

        record Packed(PackedMatrix matrix) implements Form {}
    }

    /** Takes tensors, which no scope owns any more, into its ownership. */
    public static Weights of(Map<String, Tensor> tensors) {
        return new Weights(new LinkedHashMap<>(tensors), new Packing.None());
    }

    /**
     * Makes room for the parameters of a model, with arbitrary content.
     *
     * @throws InputException if the machine has too little memory
     */
    public static Weights empty(ModelConfig config, DType dtype, Device device) {
        if (device.isCpu()) checkRoom(config, dtype);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            for (ParameterSpec spec : ParameterSpec.of(config)) {
                long[] shape = spec.shape().stream().mapToLong(Long::longValue).toArray();
                tensors.put(spec.name(), Scope.release(Tensors.empty(spec.dtype(dtype), device, shape)));
            }
        }
        return new Weights(tensors, new Packing.None());
    }

    private static void checkRoom(ModelConfig config, DType dtype) {
        double bytes = 0;
        for (ParameterSpec spec : ParameterSpec.of(config)) {
            double values = spec.dtype(dtype).bytes();
            for (long size : spec.shape()) values *= size;
            bytes += values;
        }
        long free = SystemMemory.available();
        if (bytes <= free) return;
        throw new InputException("The model's weights take " + SystemMemory.gigabytes(bytes) + " in "
                + dtype.toString().toLowerCase(Locale.ROOT) + ", and " + SystemMemory.gigabytes(free)
                + " of memory are free; " + (dtype == DType.FP32 ? "bf16 takes half as much" : "take a smaller model"));
    }

    /**
     * Starts a model from scratch.
     *
     * @param deviation standard deviation of matrices; those that write to the residual stream have it divided by
     *     {@code sqrt(2 layers)}
     */
    public static Weights random(ModelConfig config, DType dtype, Device device, double deviation, long seed) {
        Weights weights = empty(config, dtype, device);
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(seed)) {
            for (ParameterSpec spec : ParameterSpec.of(config)) {
                Tensor weight = weights.get(spec.name());
                switch (spec.start()) {
                    case ONES -> weight.fillInPlace(1);
                    case ZEROS, CORRECTION -> weight.fillInPlace(0);
                    case NORMAL -> fillNormal(weight, random, deviation);
                    case WIDE -> fillNormal(weight, random, deviation * Math.sqrt(weight.size(1)));
                    case RESIDUAL -> fillNormal(weight, random, deviation / Math.sqrt(2.0 * config.layers()));
                }
            }
        }
        return weights;
    }

    private static void fillNormal(Tensor weight, RandomState random, double deviation) {
        try (Scope scope = Scope.open()) {
            // Drawn in fp32 on the CPU, so that a seed gives the same model in every type and place.
            Tensor values = Tensors.empty(DType.FP32, Device.CPU, weight.shape());
            weight.copyInPlace(random.normal(values, 0, deviation));
        }
    }

    /** Returns a copy in another type. */
    public Weights to(DType dtype) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            tensors.forEach((name, tensor) -> {
                Tensor copy = Tensors.empty(
                        ParameterSpec.trained(name) ? dtype : DType.FP32, tensor.device(), tensor.shape());
                copies.put(name, Scope.release(copy.copyInPlace(tensor.detach())));
            });
        }
        return new Weights(copies, new Packing.None());
    }

    /**
     * Returns the same weights, of which a model that is built on them packs each matrix that gains by it, for a while of
     * generating: the copies keep the values of then. The tensors stay in the ownership of these weights.
     */
    public Weights packed() {
        return new Weights(tensors, new Packing.Copies(new ArrayList<>()));
    }

    /** Returns how products with {@code name.weight} read it, and packs it first if that is how. */
    Form form(String name, PackedMatrix.After after) {
        Tensor weight = get(name + ".weight");
        return switch (packing) {
            case Packing.None none -> new Form.Plain();
            case Packing.Copies(List<PackedMatrix> made) -> {
                if (!PackedMatrix.worthwhile(weight, after)) yield new Form.Plain();
                List<Tensor> bias = has(name + ".bias") ? List.of(get(name + ".bias")) : List.of();
                PackedMatrix matrix = PackedMatrix.of(weight, bias, after);
                made.add(matrix);
                yield new Form.Packed(matrix);
            }
        };
    }

    /**
     * Returns a tensor by name.
     *
     * @throws IllegalArgumentException if the model has none of that name
     */
    public Tensor get(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) throw new IllegalArgumentException("no weight is named " + name);
        return tensor;
    }

    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** Returns the names and tensors in order. */
    public Map<String, Tensor> byName() {
        return Collections.unmodifiableMap(tensors);
    }

    public Collection<Tensor> all() {
        return Collections.unmodifiableCollection(tensors.values());
    }

    /** Makes every tensor collect gradients, or none. */
    public Weights requireGrad(boolean required) {
        tensors.forEach((name, tensor) -> tensor.requiresGrad(required && ParameterSpec.trained(name)));
        return this;
    }

    /** Forgets collected gradients. */
    public void clearGrads() {
        tensors.values().forEach(Tensor::clearGrad);
    }

    /** Returns the size of all tensors in bytes. */
    public long bytes() {
        return tensors.values().stream().mapToLong(Tensor::bytes).sum();
    }

    @Override
    public void close() {
        switch (packing) {
            case Packing.None none -> tensors.values().forEach(Tensor::close);
            case Packing.Copies(List<PackedMatrix> made) -> made.forEach(PackedMatrix::close);
        }
    }
}
