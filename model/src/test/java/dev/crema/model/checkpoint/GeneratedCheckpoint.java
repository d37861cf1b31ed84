package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Checkpoints whose weights are a formula of their names, so that a golden folder holds no weights, and the same formula's
 * probes of gradients: the counterpart of {@code bench/reference/generated.py}, which explains both.
 */
final class GeneratedCheckpoint {
    private GeneratedCheckpoint() {}

    /** Returns the golden folder itself if it holds weights; else writes the checkpoint to a folder under {@code target}. */
    static Path of(Path golden, Path target) throws IOException {
        Path manifest = golden.resolve("tensors.json");
        if (!Files.exists(manifest)) return golden;
        Path folder = target.resolve(golden.getFileName());
        if (Files.exists(folder)) return folder;
        Files.createDirectories(folder);
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            JsonNode shapes = JsonMapper.builder().build().readTree(manifest.toFile());
            shapes.properties().forEach(entry -> {
                String name = entry.getKey();
                long[] shape = new long[entry.getValue().size()];
                for (int i = 0; i < shape.length; i++)
                    shape[i] = entry.getValue().get(i).longValue();
                tensors.put(name, Tensors.of(values(name, shape), shape));
            });
            SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors);
        }
        return folder;
    }

    private static float[] values(String name, long[] shape) {
        int count = 1;
        for (long size : shape) count = Math.multiplyExact(count, Math.toIntExact(size));
        boolean one = shape.length == 1 && (name.endsWith("weight") || name.endsWith("running_var"));
        float[] values = new float[count];
        long seed = fnv1a(name);
        for (int i = 0; i < count; i++) values[i] = (float) ((one ? 1.0 : 0.0) + (one ? 0.3 : 0.2) * uniform(seed, i));
        return values;
    }

    /** Compares a gradient with the stored norm and products of transformers' one, relative to that norm. */
    static void assertProbes(String name, float[] gradient, float[] expected, double tolerance) {
        double square = 0;
        double[] products = new double[expected.length - 1];
        for (float g : gradient) square += (double) g * g;
        for (int k = 0; k < products.length; k++) {
            long seed = fnv1a("probe." + k + "." + name);
            for (int i = 0; i < gradient.length; i++) products[k] += gradient[i] * uniform(seed, i);
        }
        double limit = tolerance * expected[0] + 1e-8;
        assertThat(Math.sqrt(square) - expected[0]).as("norm of %s", name).isBetween(-limit, limit);
        for (int k = 0; k < products.length; k++) {
            assertThat(products[k] - expected[k + 1])
                    .as("product %d of %s", k, name)
                    .isBetween(-limit, limit);
        }
    }

    private static long fnv1a(String name) {
        long value = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) value = (value ^ (b & 0xFF)) * 0x100000001B3L;
        return value;
    }

    private static double uniform(long seed, long index) {
        long z = seed + (index + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return (z >>> 40) * 0x1p-23 - 1;
    }
}
