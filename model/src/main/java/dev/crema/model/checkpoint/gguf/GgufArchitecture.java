package dev.crema.model.checkpoint.gguf;

import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The values of {@code general.architecture} that are read and written; each is also a {@code model_type}. */
enum GgufArchitecture {
    LLAMA("LlamaForCausalLM"),
    QWEN2("Qwen2ForCausalLM"),
    QWEN3("Qwen3ForCausalLM"),
    GPT2("GPT2LMHeadModel");

    private final String className;

    GgufArchitecture(String className) {
        this.className = className;
    }

    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the entry of {@code architectures} in {@code config.json}. */
    String className() {
        return className;
    }

    /**
     * Finds an architecture.
     *
     * @param where what to begin an error with
     * @throws InputException if it is not known, with those that are
     */
    static GgufArchitecture of(String where, String id) {
        for (GgufArchitecture architecture : values()) if (architecture.id().equals(id)) return architecture;
        throw new InputException(where + ": models of the architecture \"" + id + "\" are not read from or written to"
                + " GGUF; known are "
                + Arrays.stream(values()).map(GgufArchitecture::id).collect(Collectors.joining(", ")));
    }
}
