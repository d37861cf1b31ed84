package dev.crema.tensor;

import dev.crema.tensor.simd.Rows;

/** Rows of logits, read one at a time as fp32; valid as long as the tensor that they are of. */
public final class LogitRows {
    private final Rows rows;

    /** @param logits {@code [..., V]} */
    public LogitRows(Tensor logits) {
        Tensor host = logits.detach().to(Device.CPU);
        rows = SimdRows.of((SimdRows.fit(host) ? host : host.to(DType.FP32)).contiguous());
    }

    /** Returns V. */
    public int vocabulary() {
        return rows.columns();
    }

    /** Copies a row; any number of threads may do so at once. */
    public void read(long row, float[] to) {
        rows.read(row, to, 0);
    }
}
