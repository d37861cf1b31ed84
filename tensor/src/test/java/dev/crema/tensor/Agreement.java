package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;

/** Random tensors, and how near one is to another. */
final class Agreement {
    private Agreement() {}

    static Tensor normal(RandomState random, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1);
    }

    /** Asserts that no number is further off than a part of the largest that is expected. */
    static void close(Tensor actual, Tensor expected, double tolerance) {
        float[] a = actual.toFloats(), e = expected.toFloats();
        double scale = 0, worst = 0;
        for (float v : e) scale = Math.max(scale, Math.abs(v));
        for (int i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - e[i]));
        assertThat(a).hasSameSizeAs(e);
        assertThat(worst).isLessThanOrEqualTo(tolerance * scale);
    }
}
