package dev.crema.model.checkpoint.gguf;

import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The values of {@code general.architecture} that are read and written, each for one or more of {@code model_type}. */
enum GgufArchitecture {
    LLAMA("llama", "mistral", "mixtral"),
    QWEN2("qwen2"),
    QWEN3("qwen3"),
    QWEN2MOE("qwen2_moe"),
    QWEN3MOE("qwen3_moe"),
    PHI3("phi3"),
    OLMO2("olmo2"),
    GEMMA2("gemma2"),
    GEMMA3("gemma3_text"),
    DEEPSEEK2("deepseek_v2", "deepseek_v3"),
    GPT2("gpt2");

    private final List<String> modelTypes;

    GgufArchitecture(String... modelTypes) {
        this.modelTypes = List.of(modelTypes);
    }

    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean gemma() {
        return this == GEMMA2 || this == GEMMA3;
    }

    /**
     * Finds the architecture of a file.
     *
     * @param where what to begin an error with
     * @throws InputException if it is not known, with those that are
     */
    static GgufArchitecture of(String where, String id) {
        for (GgufArchitecture architecture : values()) if (architecture.id().equals(id)) return architecture;
        throw unknown(where, id, Arrays.stream(values()).map(GgufArchitecture::id));
    }

    /**
     * Finds the architecture that a {@code model_type} is written as.
     *
     * @throws InputException if there is none, with those that there are
     */
    static GgufArchitecture ofModelType(String modelType) {
        for (GgufArchitecture architecture : values()) {
            if (architecture.modelTypes.contains(modelType)) return architecture;
        }
        throw unknown("export", modelType, Arrays.stream(values()).flatMap(a -> a.modelTypes.stream()));
    }

    private static InputException unknown(String where, String found, Stream<String> known) {
        return new InputException(where + ": models of the architecture \"" + found
                + "\" are not read from or written to" + " GGUF; known are " + known.collect(Collectors.joining(", ")));
    }
}
