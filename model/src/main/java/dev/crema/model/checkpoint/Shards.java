package dev.crema.model.checkpoint;

import dev.crema.text.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors of a model's folder: those of {@code model.safetensors}, or of the shards that an index names. */
final class Shards implements AutoCloseable {
    static final String SINGLE = "model.safetensors";

    private final Path folder;
    private final List<Safetensors> files = new ArrayList<>();
    private final Map<String, Safetensors.Entry> entries = new LinkedHashMap<>();

    private Shards(Path folder) {
        this.folder = folder;
    }

    /**
     * Opens all files, without reading more than their headers.
     *
     * @throws InputException if one is missing or lies, or they do not agree with the index
     */
    static Shards open(Path folder) {
        Shards shards = new Shards(folder);
        try {
            if (Files.exists(folder.resolve(SINGLE))) {
                shards.add(folder.resolve(SINGLE));
            } else {
                ShardIndex index = ShardIndex.read(folder);
                index.files().forEach(name -> shards.add(folder.resolve(name)));
                index.check(shards.entries);
            }
            if (shards.entries.isEmpty()) throw new InputException(folder + " holds no tensors");
            return shards;
        } catch (RuntimeException e) {
            shards.close();
            throw e;
        }
    }

    /** Lists the files without opening them. */
    static List<Path> files(Path folder) {
        return Files.exists(folder.resolve(SINGLE))
                ? List.of(folder.resolve(SINGLE))
                : ShardIndex.read(folder).files().stream().map(folder::resolve).toList();
    }

    private void add(Path file) {
        Safetensors shard = Safetensors.open(file);
        files.add(shard);
        shard.entries().forEach((name, entry) -> {
            if (entries.put(name, entry) != null) {
                throw new InputException(folder + ": the tensor " + name + " lies in two shards, of which one is "
                        + file.getFileName() + ": the shards do not belong together");
            }
        });
    }

    Map<String, Safetensors.Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** Finds a tensor by any of its names. */
    Safetensors.Entry find(List<String> names) {
        for (String name : names) {
            Safetensors.Entry entry = entries.get(name);
            if (entry != null) return entry;
        }
        throw new InputException(folder + " lacks the tensor " + names.getFirst());
    }

    @Override
    public void close() {
        files.forEach(Safetensors::close);
    }
}
