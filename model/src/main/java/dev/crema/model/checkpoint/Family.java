package dev.crema.model.checkpoint;

import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The model families that can be read and written, by {@code model_type} and architecture. */
public enum Family {
    GPT2("gpt2", "GPT2LMHeadModel"),
    LLAMA("llama", "LlamaForCausalLM"),
    QWEN2("qwen2", "Qwen2ForCausalLM"),
    QWEN3("qwen3", "Qwen3ForCausalLM");

    private final String modelType;
    private final String architecture;

    Family(String modelType, String architecture) {
        this.modelType = modelType;
        this.architecture = architecture;
    }

    /** Returns the value of {@code model_type} in {@code config.json}. */
    public String modelType() {
        return modelType;
    }

    /** Returns the entry of {@code architectures} in {@code config.json}. */
    public String architecture() {
        return architecture;
    }

    /**
     * Finds a family by its {@code model_type}.
     *
     * @throws InputException if it is not known, with those that are
     */
    public static Family of(String modelType) {
        for (Family family : values()) if (family.modelType.equals(modelType)) return family;
        throw new InputException("The model type \"" + modelType + "\" is not known; known are "
                + Arrays.stream(values()).map(Family::modelType).collect(Collectors.joining(", ")));
    }
}
