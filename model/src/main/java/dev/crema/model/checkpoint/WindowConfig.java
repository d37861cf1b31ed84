package dev.crema.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.WindowSpec;
import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Reads and writes which layers see the latest tokens alone. */
final class WindowConfig {
    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";

    private WindowConfig() {}

    static WindowSpec read(ConfigJson json, Family family, int layers) {
        JsonNode size = json.node("sliding_window");
        return switch (family) {
            case MISTRAL -> size.isNull() ? everySeen(json) : sliding(json, 4096, layers, layer -> true);
            case PHI3, MIXTRAL ->
                json.has("sliding_window") ? sliding(json, 0, layers, layer -> true) : everySeen(json);
            case GEMMA2 -> sliding(json, 4096, layers, layer -> layer % 2 == 0);
            case GEMMA3 -> {
                int period = json.integer("sliding_window_pattern", 6);
                json.require(period > 0, "sliding_window_pattern");
                yield sliding(json, 4096, layers, layer -> (layer + 1) % period != 0);
            }
            case QWEN2, QWEN3 -> {
                int first = json.integer("max_window_layers", 28);
                yield json.flag("use_sliding_window", false) && json.has("sliding_window")
                        ? sliding(json, 0, layers, layer -> layer >= first)
                        : everySeen(json);
            }
            default -> {
                json.require(!json.flag("use_sliding_window", false), "use_sliding_window");
                yield everySeen(json);
            }
        };
    }

    /** Reads a window of which the file may say by layer whether it applies; else the family's habit holds. */
    private static WindowSpec sliding(ConfigJson json, int otherwise, int layers, IntPredicate habit) {
        int size = json.integer("sliding_window", otherwise);
        List<Boolean> slides = new ArrayList<>();
        JsonNode types = json.node("layer_types");
        if (types.isArray()) {
            for (JsonNode type : types) {
                String name = type.asText();
                json.require(name.equals(SLIDING) || name.equals(FULL), "layer_types");
                slides.add(name.equals(SLIDING));
            }
        } else {
            for (int layer = 0; layer < layers; layer++) slides.add(habit.test(layer));
        }
        if (slides.size() != layers) {
            throw new InputException(
                    "\"layer_types\" says of " + slides.size() + " layers what they see; the model has " + layers);
        }
        return new WindowSpec.Sliding(size, slides);
    }

    private static WindowSpec everySeen(ConfigJson json) {
        json.node("layer_types").forEach(type -> json.require(type.asText().equals(FULL), "layer_types"));
        return new WindowSpec.None();
    }

    static void write(ObjectNode json, Family family, WindowSpec window) {
        switch (window) {
            case WindowSpec.None none -> {
                if (family == Family.MISTRAL) json.putNull("sliding_window");
            }
            case WindowSpec.Sliding(int size, List<Boolean> slides) -> {
                json.put("sliding_window", size);
                if (family == Family.QWEN2 || family == Family.QWEN3) json.put("use_sliding_window", true);
                // Of a Mistral with this key transformers makes a Ministral, which is the same where all layers slide.
                boolean byLayer = family != Family.MISTRAL && family != Family.MIXTRAL && family != Family.PHI3;
                if (!byLayer && !slides.contains(false)) return;
                ArrayNode types = json.putArray("layer_types");
                slides.forEach(slide -> types.add(slide ? SLIDING : FULL));
            }
        }
    }
}
