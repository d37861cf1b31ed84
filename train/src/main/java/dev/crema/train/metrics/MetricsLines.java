package dev.crema.train.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Reads and writes {@code metrics.jsonl}: one JSON object a line.
 *
 * <p>JSON has no NaN, so a value that is not finite is written as null and named in a {@code note}. A kill can tear only
 * the last line, which is then no line at all; a bad line anywhere else is an error.
 */
final class MetricsLines {
    private static final ObjectMapper JSON = new ObjectMapper();

    private MetricsLines() {}

    static String write(Metrics metrics) {
        ObjectNode line = JSON.createObjectNode();
        line.put("step", metrics.step());
        line.put("tokens", metrics.tokens());
        var notes = new ArrayList<String>();
        metrics.values().forEach((name, value) -> {
            if (Double.isFinite(value)) {
                line.put(name, value);
            } else {
                line.putNull(name);
                notes.add(name + " is " + value);
            }
        });
        if (!notes.isEmpty()) {
            line.put("note", String.join(", ", notes));
        }
        return line + "\n";
    }

    static List<Metrics> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        // A torn line may end inside a character, so the bytes are decoded leniently.
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        var all = new ArrayList<Metrics>();
        int number = 0;
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            all.add(parse(text.substring(start, end), file, ++number));
            start = end + 1;
        }
        return all;
    }

    private static Metrics parse(String line, Path file, int number) {
        try {
            JsonNode node = JSON.readTree(line);
            if (!node.path("step").isIntegralNumber() || !node.path("tokens").isIntegralNumber()) {
                throw new InputException(file + ":" + number + ": expected an object with step and tokens");
            }
            var values = new LinkedHashMap<String, Double>();
            for (var field : node.properties()) {
                switch (field.getKey()) {
                    case "step", "tokens", "note" -> {}
                    default -> values.put(field.getKey(), field.getValue().asDouble(Double.NaN));
                }
            }
            return new Metrics(
                    node.path("step").longValue(), node.path("tokens").longValue(), values);
        } catch (JsonProcessingException e) {
            throw new InputException(file + ":" + number + ": not JSON: " + e.getOriginalMessage(), e);
        }
    }
}
