package dev.crema.model.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** {@code model.safetensors.index.json}: which shard holds which tensor. */
final class ShardIndex {
    static final String NAME = "model.safetensors.index.json";
    private static final long MAX_BYTES = 100L << 20;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path file;
    private final Map<String, String> shardOf;
    private final JsonNode totalSize;

    private ShardIndex(Path file, Map<String, String> shardOf, JsonNode totalSize) {
        this.file = file;
        this.shardOf = shardOf;
        this.totalSize = totalSize;
    }

    /**
     * Reads the index of a folder.
     *
     * @throws InputException if there is none, it is malformed, or it names what is no shard in the folder
     */
    static ShardIndex read(Path folder) {
        Path file = folder.resolve(NAME);
        if (!Files.isRegularFile(file)) {
            throw new InputException(folder + " has neither " + Shards.SINGLE + " nor " + NAME);
        }
        Map<String, String> shardOf = new LinkedHashMap<>();
        JsonNode root = parse(file);
        JsonNode map = root.path("weight_map");
        if (!map.isObject()) throw new InputException(file + " has no weight_map that tells which shard holds what");
        map.properties().forEach(field -> shardOf.put(field.getKey(), shard(file, field.getKey(), field.getValue())));
        return new ShardIndex(file, shardOf, root.path("metadata").path("total_size"));
    }

    private static JsonNode parse(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new InputException(
                        file + " has " + Files.size(file) + " bytes; an index has at most " + MAX_BYTES);
            }
            return JSON.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new InputException(file + " is malformed: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static String shard(Path index, String tensor, JsonNode value) {
        String name = value.asText();
        if (!value.isTextual() || !name.matches("[^/\\\\:\\p{Cntrl}]+\\.safetensors")) {
            throw new InputException(index + " puts the tensor " + tensor + " in " + value
                    + ", which is not the name of a .safetensors file in its folder");
        }
        if (!Files.isRegularFile(index.resolveSibling(name))) {
            throw new InputException(index + " names the shard " + name + ", which is missing: copy or pull it again");
        }
        return name;
    }

    /** Lists the shards' names, in order. */
    List<String> files() {
        return List.copyOf(new TreeSet<>(shardOf.values()));
    }

    /**
     * Compares with what the shards hold.
     *
     * @throws InputException if a tensor is not where the index says, or the shards are not as large as it claims
     */
    void check(Map<String, Safetensors.Entry> entries) {
        shardOf.forEach((tensor, shard) -> {
            Safetensors.Entry entry = entries.get(tensor);
            if (entry == null || !entry.file().getFileName().toString().equals(shard)) {
                throw new InputException(
                        file + " puts the tensor " + tensor + " in " + shard + ", which does not hold it"
                                + (entry == null ? "" : "; " + entry.file().getFileName() + " does"));
            }
        });
        if (totalSize.isMissingNode()) return;
        long bytes =
                entries.values().stream().mapToLong(e -> e.memory().byteSize()).sum();
        // Writers disagree on whether shared tensors and buffers count, by far less than a hundredth.
        if (!totalSize.isNumber() || Math.abs(totalSize.asDouble() - bytes) > bytes / 100.0) {
            throw new InputException(file + " claims a total_size of " + totalSize + " bytes, the shards hold " + bytes
                    + ": they do not belong together");
        }
    }

    /**
     * Writes tensors as {@code model.safetensors}, or where they have more than {@code maxBytes} as shards of at most that
     * (a larger tensor has one alone) and an index, in the form of transformers. What an earlier model left is removed.
     */
    static void write(Path folder, Map<String, Tensor> tensors, long maxBytes) throws IOException {
        List<Map<String, Tensor>> shards = split(tensors, maxBytes);
        List<String> names = new ArrayList<>();
        List<AtomicFile> written = new ArrayList<>();
        try {
            for (int i = 0; i < shards.size(); i++) {
                names.add(
                        shards.size() == 1
                                ? Shards.SINGLE
                                : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size()));
                AtomicFile file = new AtomicFile(folder.resolve(names.getLast()));
                written.add(file);
                SafetensorsWriter.write(file, shards.get(i));
            }
            for (AtomicFile file : written) file.publish();
        } finally {
            for (AtomicFile file : written) file.close();
        }
        if (shards.size() > 1) AtomicFile.write(folder.resolve(NAME), json(shards, names));
        removeOthers(folder, names);
    }

    private static List<Map<String, Tensor>> split(Map<String, Tensor> tensors, long maxBytes) {
        List<Map<String, Tensor>> shards = new ArrayList<>(List.of(new LinkedHashMap<>()));
        long bytes = 0;
        for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
            long size = tensor.getValue().bytes();
            if (bytes > 0 && bytes + size > maxBytes) {
                shards.add(new LinkedHashMap<>());
                bytes = 0;
            }
            shards.getLast().put(tensor.getKey(), tensor.getValue());
            bytes += size;
        }
        return shards;
    }

    private static byte[] json(List<Map<String, Tensor>> shards, List<String> names) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode metadata = root.putObject("metadata"), map = root.putObject("weight_map");
        long total = 0;
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            shards.get(i).keySet().forEach(tensor -> map.put(tensor, name));
            total += shards.get(i).values().stream().mapToLong(Tensor::bytes).sum();
        }
        metadata.put("total_size", total);
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    private static void removeOthers(Path folder, List<String> names) throws IOException {
        if (names.size() > 1) {
            Files.deleteIfExists(folder.resolve(Shards.SINGLE));
        } else {
            Files.deleteIfExists(folder.resolve(NAME));
        }
        try (DirectoryStream<Path> shards = Files.newDirectoryStream(folder, "model-*-of-*.safetensors")) {
            for (Path shard : shards) if (!names.contains(shard.getFileName().toString())) Files.delete(shard);
        }
    }
}
