package dev.crema.tensor;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.simd.PanelAttention;
import dev.crema.tensor.simd.PanelHeads;
import java.util.List;

/** A cache that lies in panels of w columns, as machine code reads them; see {@link PanelHeads}. */
final class PanelCache implements HeadCache {
    private static final int WIDTH = Panels.COLUMNS;

    private final HeadLayout layout;
    private final int slots;
    private Tensor keys; // [B, K, slots / w, d / p, w, p]
    private Tensor values; // [B, K, ⌈d / w⌉, slots / p, w, p]

    private PanelCache(HeadLayout layout, int slots, Tensor keys, Tensor values) {
        this.layout = layout;
        this.slots = slots;
        this.keys = keys;
        this.values = values;
    }

    static boolean fits(DType dtype, Device device, HeadLayout layout) {
        return device.isCpu() && SimdRows.tiles(dtype) && layout.size() % 2 == 0;
    }

    static PanelCache of(DType dtype, int rows, HeadLayout layout, int capacity) {
        long shared = layout.shared(), size = layout.size(), pair = pair(dtype);
        int slots = Math.ceilDiv(Math.max(1, capacity), WIDTH) * WIDTH;
        try (Scope scope = Scope.open()) {
            Tensor keys = Tensors.empty(dtype, Device.CPU, rows, shared, slots / WIDTH, size / pair, WIDTH, pair);
            // The second of a pair of tokens is multiplied with zero before it is there.
            Tensor values = Tensors.zeros(
                    dtype, Device.CPU, rows, shared, Math.ceilDiv(size, WIDTH), slots / pair, WIDTH, pair);
            return new PanelCache(layout, slots, Scope.release(keys), Scope.release(values));
        }
    }

    private static long pair(DType dtype) {
        return dtype == DType.FP32 ? 1 : 2;
    }

    private PanelHeads heads() {
        boolean wide = keys.dtype() == DType.FP32;
        long keysAt = keys.segment().address(), valuesAt = values.segment().address();
        return new PanelHeads(keysAt, valuesAt, wide, layout.shared(), layout.size(), slots);
    }

    @Override
    public void append(int slot, Tensor newKeys, Tensor newValues) {
        try (Scope scope = Scope.open()) {
            Tensor k = newKeys.to(keys.dtype()).contiguous(),
                    v = newValues.to(values.dtype()).contiguous();
            int heads = Math.toIntExact(k.size(0) * k.size(1)), tokens = Math.toIntExact(k.size(2));
            heads().append(slot, k.segment().address(), v.segment().address(), heads, tokens);
        }
    }

    @Override
    public Tensor keys(int used) {
        try (Scope scope = Scope.open()) {
            return scope.keep(keys.narrow(2, 0, Math.ceilDiv(used, WIDTH))
                    .permute(0, 1, 2, 4, 3, 5) // [B, K, S / w, w, d / p, p]
                    .reshape(keys.size(0), keys.size(1), -1, layout.size())
                    .narrow(2, 0, used));
        }
    }

    @Override
    public Tensor values(int used) {
        try (Scope scope = Scope.open()) {
            long pair = values.size(5);
            return scope.keep(values.narrow(3, 0, Math.ceilDiv(used, pair))
                    .permute(0, 1, 3, 5, 2, 4) // [B, K, S / p, p, ⌈d / w⌉, w]
                    .reshape(values.size(0), values.size(1), -1, values.size(2) * WIDTH)
                    .narrow(2, 0, used)
                    .narrow(3, 0, layout.size()));
        }
    }

    @Override
    public Tensor attend(Tensor projection, List<Tensor> angles, int length, int[] starts, double scale) {
        try (Scope scope = Scope.open()) {
            Tensor rows = projection.contiguous();
            long width = (long) layout.heads() * layout.size();
            Tensor out = scope.keep(Tensors.empty(rows.dtype(), Device.CPU, projection.size(0), 1, width));
            PanelAttention attention = new PanelAttention(
                    heads(), SimdRows.of(rows), SimdRows.turn(angles), length, starts, SimdRows.of(out));
            Tensor scratch = Tensors.empty(DType.UINT8, Device.CPU, attention.scratchBytes());
            attention.run((float) scale, scratch.segment().address());
            return out;
        }
    }

    @Override
    public void select(Tensor rows, int used) {
        long[] kept = rows.toLongs();
        PanelHeads from = heads();
        Tensor oldKeys = keys, oldValues = values;
        boolean inPlace = ascending(kept);
        keys = inPlace ? first(keys, kept.length) : another(keys, kept.length);
        values = inPlace ? first(values, kept.length) : another(values, kept.length);
        from.select(kept, used, heads());
        oldKeys.close();
        oldValues.close();
    }

    /** Tells whether each row moves forward at most, so that no copy overwrites what is still to be copied. */
    private static boolean ascending(long[] rows) {
        for (int i = 1; i < rows.length; i++) if (rows[i] <= rows[i - 1]) return false;
        return true;
    }

    private static Tensor first(Tensor old, long rows) {
        return Scope.release(old.narrow(0, 0, rows));
    }

    private static Tensor another(Tensor old, long rows) {
        long[] shape = old.shape();
        shape[0] = rows;
        return Scope.release(Tensors.empty(old.dtype(), Device.CPU, shape));
    }

    @Override
    public void close() {
        keys.close();
        values.close();
    }
}
