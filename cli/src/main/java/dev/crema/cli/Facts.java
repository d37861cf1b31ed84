package dev.crema.cli;

import dev.crema.model.checkpoint.Safetensors;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Is what a look at files has found: facts by name, and tensors. One finding, shown as text or as JSON. */
final class Facts {
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final List<Weight> weights = new ArrayList<>();

    /** A tensor of a file. */
    record Weight(String name, String dtype, List<Long> shape, long bytes) {}

    /** Adds a fact; its name is the JSON key. */
    Facts with(String name, Object value) {
        facts.put(name, value);
        return this;
    }

    /** Lists the tensors of a file. */
    Facts withWeights(Safetensors file) {
        file.entries()
                .values()
                .forEach(entry -> weights.add(new Weight(
                        entry.name(),
                        entry.dtype().name().toLowerCase(Locale.ROOT),
                        Arrays.stream(entry.shape()).boxed().toList(),
                        entry.memory().byteSize())));
        return this;
    }

    /** Lists a tensor. */
    Facts withWeight(Weight weight) {
        weights.add(weight);
        return this;
    }

    /** Returns what goes into JSON. */
    Map<String, Object> document() {
        Map<String, Object> document = new LinkedHashMap<>(facts);
        if (!weights.isEmpty()) {
            document.put("weights", weights);
        }
        return document;
    }

    /** Prints a line for each fact and each tensor. */
    void print(PrintStream out) {
        facts.forEach((name, value) -> out.println(String.format("%-16s%s", name.replace('_', ' '), text(value))));
        int width = weights.stream()
                .mapToInt(weight -> weight.name().length())
                .max()
                .orElse(1);
        for (Weight weight : weights) {
            out.println(String.format(
                    Locale.ROOT,
                    "%-" + width + "s  %-5s %,13d bytes  %s",
                    weight.name(),
                    weight.dtype(),
                    weight.bytes(),
                    weight.shape()));
        }
    }

    private static String text(Object value) {
        return switch (value) {
            case Long number -> String.format(Locale.ROOT, "%,d", number);
            case Boolean yes -> yes ? "yes" : "no";
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining(", "));
            default -> value.toString();
        };
    }
}
