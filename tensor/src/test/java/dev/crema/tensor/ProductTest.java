package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    @ParameterizedTest
    @CsvSource({
        "1,5,33",
        "2,4,64",
        "3,1,16",
        "4,130,100",
        "4,47,576",
        "5,8,64",
        "1,64,7",
        "9,45,64",
        "14,131,100",
        "63,47,576"
    })
    void ofAFewRowsIsThatOfMany(int rows, int outer, int inner) {
        try (Scope scope = Scope.open();
                var off = Autograd.off();
                RandomState random = RandomState.of(4)) {
            for (DType dtype : List.of(DType.FP32, DType.BF16)) {
                Tensor x = normal(random, dtype, rows, inner), w = normal(random, dtype, outer, inner);
                Tensor bias = normal(random, dtype, outer);
                float[] exact = x.to(DType.FP64)
                        .matmul(w.to(DType.FP64).transpose(0, 1))
                        .add(bias.to(DType.FP64))
                        .toFloats();
                float[] actual = Functions.linear(x, w, bias).toFloats();
                double tolerance = dtype == DType.FP32 ? 2e-5 : 8e-3;
                for (int i = 0; i < exact.length; i++) {
                    assertThat(actual[i]).isCloseTo(exact[i], offset((float) (tolerance * (2 + Math.abs(exact[i])))));
                }
            }
        }
    }

    private static Tensor normal(RandomState random, DType dtype, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1).to(dtype);
    }

    @Test
    void manyRowsKeepTheirType() {
        try (Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor x = Tensors.zeros(DType.BF16, Device.CPU, 100, 16);
            Tensor w = Tensors.zeros(DType.BF16, Device.CPU, 8, 16);
            assertThat(Functions.linearUnrounded(x, w).dtype()).isEqualTo(DType.BF16);
        }
    }
}
