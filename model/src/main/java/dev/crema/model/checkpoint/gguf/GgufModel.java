package dev.crema.model.checkpoint.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import dev.crema.text.gguf.GgmlType;
import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A GGUF file as Hugging Face would have the same model: a {@code config.json}, and tensors under its names. */
public final class GgufModel implements AutoCloseable {
    private static final int MAX_PARTS = 65_536;

    private final GgufFile file;
    private final ObjectNode config;
    private final GgufLayout layout;
    private final Map<String, Weight> weights = new LinkedHashMap<>();

    /**
     * One tensor of the model.
     *
     * @param name Hugging Face's name
     * @param shape Hugging Face's shape
     * @param pieces what it is made of: one tensor, or slabs of some
     */
    public record Weight(String name, long[] shape, List<Piece> pieces) {
        /** Decodes into a tensor of the same shape, whatever its type. */
        public void copyTo(Tensor target) {
            for (Piece piece : pieces) {
                Tensor rows = pieces.size() == 1 ? target : target.narrow(0, piece.firstRow(), piece.shape()[0]);
                // [in, out] in the checkpoint, [out, in] in the file
                GgufWeights.decode(piece.stored(), piece.order(), piece.transposed() ? rows.transpose(0, 1) : rows);
                if (piece.added() != 0) GgufWeights.subtract(rows, piece.added());
            }
        }
    }

    /**
     * Rows of a weight.
     *
     * @param firstRow where they begin in it
     * @param added what the file has added to each element
     */
    record Piece(GgufTensor stored, long firstRow, RowOrder order, boolean transposed, int added) {
        /** Returns the shape in the checkpoint. */
        long[] shape() {
            return transposed ? new long[] {stored.columns(), stored.rows()} : stored.shape();
        }
    }

    /**
     * Takes over an open file.
     *
     * @throws InputException if it holds a model of another architecture or no whole model
     */
    public GgufModel(GgufFile file) {
        this.file = file;
        String where = file.path().toString();
        GgufArchitecture architecture =
                GgufArchitecture.of(where, file.metadata().text("general.architecture"));
        this.config = GgufConfig.json(new GgufKeys(where, architecture, file.metadata(), file.tensors()));
        this.layout = new GgufLayout(
                architecture,
                config.path("num_attention_heads").asInt(),
                config.path("head_dim").asInt(),
                config.path("qk_nope_head_dim").asInt(),
                config.path("v_head_dim").asInt());
        GgufNames names = GgufNames.of(architecture);
        Map<String, List<Piece>> pieces = new LinkedHashMap<>();
        for (GgufTensor stored : file.tensors().values()) {
            if (!GgufRotary.describes(stored.name())) add(stored, names, pieces);
        }
        pieces.forEach((name, parts) -> weights.put(name, new Weight(name, shape(parts), List.copyOf(parts))));
    }

    private void add(GgufTensor stored, GgufNames names, Map<String, List<Piece>> pieces) {
        String name = names.hugging(stored.name());
        boolean keys = name.endsWith("." + GgufLayout.KEY_EXPANSION);
        if (layout.architecture() == GgufArchitecture.DEEPSEEK2
                && (keys || name.endsWith("." + GgufLayout.VALUE_EXPANSION))) {
            expansion(stored, keys, names, pieces);
        } else if (name.contains("*")) {
            int experts = (int) Math.min(stored.shape()[0], Integer.MAX_VALUE);
            GgufLayout.check(file.path().toString(), stored.name(), stored.shape(), experts, MAX_PARTS);
            for (int e = 0; e < experts; e++) {
                String expert = name.replace("*", Integer.toString(e));
                pieces.computeIfAbsent(expert, n -> new ArrayList<>()).add(whole(expert, stored.slab(e)));
            }
        } else {
            pieces.computeIfAbsent(name, n -> new ArrayList<>()).add(whole(name, stored));
        }
    }

    private Piece whole(String name, GgufTensor stored) {
        RowOrder order = layout.order(name);
        if (order instanceof RowOrder.Interleaved
                && stored.shape().length == 1
                && stored.type().blockElements() > 1) {
            throw new InputException(file.path() + ": " + stored.name() + " is a bias in " + stored.type()
                    + "; it has to be F32, F16 or BF16");
        }
        GgufTensor shaped = GgufLayout.flat(name) && stored.shape().length == 1 ? stored.asRow() : stored;
        boolean transposed = layout.transposed(name) && stored.shape().length == 2;
        return new Piece(shaped, 0, order, transposed, layout.added(name));
    }

    /** Takes DeepSeek's keys, {@code [H, R, n]}, or values, {@code [H, v, R]}, as rows of the one matrix of both. */
    private void expansion(GgufTensor stored, boolean keys, GgufNames names, Map<String, List<Piece>> pieces) {
        String block = stored.name().substring(0, stored.name().length() - GgufLayout.KEY_EXPANSION.length());
        String name = names.hugging(block + "attn_kv_b.weight");
        // Files of some weeks of 2025 have both forms.
        if (file.tensors().containsKey(block + "attn_kv_b.weight")) return;
        GgufLayout.check(file.path().toString(), stored.name(), stored.shape(), layout.heads(), MAX_PARTS);
        long size = keys ? stored.shape()[2] : stored.shape()[1];
        if (size != (keys ? layout.plainSize() : layout.valueSize())) {
            throw new InputException(file.path() + ": " + stored.name() + " has heads of " + size
                    + "; the metadata says " + (keys ? layout.plainSize() : layout.valueSize()));
        }
        List<Piece> parts = pieces.computeIfAbsent(name, n -> new ArrayList<>());
        for (int head = 0; head < layout.heads(); head++) {
            long row = layout.keyRow(head) + (keys ? 0 : layout.plainSize());
            parts.add(new Piece(stored.slab(head), row, new RowOrder.Same(), keys, 0));
        }
    }

    private static long[] shape(List<Piece> pieces) {
        long[] shape = pieces.getFirst().shape().clone();
        for (Piece piece : pieces.subList(1, pieces.size())) shape[0] += piece.shape()[0];
        return shape;
    }

    /**
     * Opens a file.
     *
     * @throws InputException if it cannot be read, or holds a model of another architecture or no whole model
     */
    public static GgufModel open(Path path) {
        GgufFile file = GgufFile.open(path);
        try {
            return new GgufModel(file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Returns the configuration in the form of {@code config.json}. */
    public ObjectNode config() {
        return config;
    }

    /** Returns the tensors by Hugging Face's names. */
    public Map<String, Weight> weights() {
        return Collections.unmodifiableMap(weights);
    }

    /** Returns the smallest type that holds what most of the elements are stored in; FP32 for quantised ones. */
    public DType storedDtype() {
        Map<GgmlType, Long> elements = new LinkedHashMap<>();
        for (GgufTensor tensor : file.tensors().values()) {
            elements.merge(tensor.type(), tensor.rows() * tensor.columns(), Long::sum);
        }
        GgmlType most = elements.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
        return switch (most) {
            case F16 -> DType.FP16;
            case BF16 -> DType.BF16;
            case F32, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> DType.FP32;
        };
    }

    @Override
    public void close() {
        file.close();
    }
}
