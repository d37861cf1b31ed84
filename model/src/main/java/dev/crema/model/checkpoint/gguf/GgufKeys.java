package dev.crema.model.checkpoint.gguf;

import dev.crema.text.gguf.GgufMetadata;
import dev.crema.text.gguf.GgufTensor;
import java.util.Map;

/**
 * What a GGUF file says of a model: the keys of its architecture, and which tensors there are.
 *
 * @param where what to begin an error with
 */
record GgufKeys(String where, GgufArchitecture architecture, GgufMetadata metadata, Map<String, GgufTensor> tensors) {
    boolean has(String name) {
        return metadata.has(key(name));
    }

    int whole(String name) {
        return metadata.whole(key(name));
    }

    int whole(String name, int otherwise) {
        return metadata.whole(key(name), otherwise);
    }

    double real(String name, double otherwise) {
        return metadata.real(key(name), otherwise);
    }

    boolean flag(String name, boolean otherwise) {
        return metadata.flag(key(name), otherwise);
    }

    /** Returns the full name of a key: {@code llama.block_count} of {@code block_count}. */
    String key(String name) {
        return architecture.id() + "." + name;
    }

    boolean holds(String tensor) {
        return tensors.containsKey(tensor);
    }
}
