package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProductTest {
    @Test
    void ofAFewRowsTheSumsCanBeHadUnrounded() {
        try (Scope scope = Scope.open();
                var off = Autograd.off();
                RandomState random = RandomState.of(3)) {
            Tensor x = random.normal(Tensors.empty(DType.FP32, Device.CPU, 2, 1, 67), 0, 1)
                    .to(DType.BF16);
            Tensor w = random.normal(Tensors.empty(DType.FP32, Device.CPU, 45, 67), 0, 1)
                    .to(DType.BF16);
            Tensor logits = Functions.linearUnrounded(x, w);
            assertThat(logits.dtype()).isEqualTo(DType.FP32);
            assertThat(logits.shape()).containsExactly(2, 1, 45);
            float[] exact =
                    x.to(DType.FP32).matmul(w.to(DType.FP32).transpose(0, 1)).toFloats();
            float[] sums = logits.toFloats();
            for (int i = 0; i < sums.length; i++)
                assertThat(Math.abs(sums[i] - exact[i])).isLessThan(2e-5f);
            // The plain product is the same, rounded to bf16.
            assertThat(Functions.linear(x, w).toFloats())
                    .containsExactly(logits.to(DType.BF16).toFloats());
        }
    }

    @Test
    void manyRowsKeepTheirType() {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor x = Tensors.zeros(DType.BF16, Device.CPU, 40, 16);
            Tensor w = Tensors.zeros(DType.BF16, Device.CPU, 8, 16);
            assertThat(Functions.linearUnrounded(x, w).dtype()).isEqualTo(DType.BF16);
        }
    }
}
