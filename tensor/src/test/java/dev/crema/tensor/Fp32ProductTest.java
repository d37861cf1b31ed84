package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against libtorch's product of doubles, for matrices as they lie, transposed, and parts of larger ones. */
class Fp32ProductTest {
    @ParameterizedTest
    @CsvSource({"5,17,33,9", "96,128,256,64", "1,1,7,1", "3,1,1,40", "2,64,1,16"})
    void agrees(int count, int m, int n, int k) {
        try (Scope scope = Scope.open();
                var off = Autograd.off();
                RandomState random = RandomState.of(7)) {
            Tensor a = normal(random, count, m, k), at = normal(random, count, k, m);
            Tensor b = normal(random, count, k + 3, n), bt = normal(random, count, n, k);
            close(a, b.narrow(1, 0, k));
            close(a, bt.transpose(1, 2));
            close(at.transpose(1, 2), b.narrow(1, 3, k));
            close(at.transpose(1, 2), bt.transpose(1, 2));
        }
    }

    @ParameterizedTest
    @CsvSource({"128,129,130", "300,64,257", "70,33,5000"})
    void agreesWhereMatricesAreLarge(int m, int n, int k) {
        try (Scope scope = Scope.open();
                var off = Autograd.off();
                RandomState random = RandomState.of(8)) {
            Tensor a = normal(random, m, k), at = normal(random, k, m);
            Tensor b = normal(random, k + 3, n), bt = normal(random, n, k);
            close(a, b.narrow(0, 3, k));
            close(a, bt.transpose(0, 1));
            close(at.transpose(0, 1), b.narrow(0, 0, k));
            close(at.transpose(0, 1), bt.transpose(0, 1));
            Tensor sum = Tensors.zeros(DType.FP32, Device.CPU, m, n).add(1);
            Fp32Product.add(a, bt.transpose(0, 1), sum);
            assertThat(sum.sub(Fp32Product.of(a, bt.transpose(0, 1))).toFloats())
                    .usingComparatorWithPrecision(1e-3f)
                    .containsOnly(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"128,129,130", "5,17,33"})
    void addsABias(int m, int n, int k) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(9)) {
            Tensor a = normal(random, m, k), b = normal(random, k, n), bias = normal(random, n);
            assertThat(Fp32Product.of(a, b, bias)
                            .sub(bias)
                            .sub(Fp32Product.of(a, b))
                            .toFloats())
                    .usingComparatorWithPrecision(1e-4f)
                    .containsOnly(0);
        }
    }

    @Test
    void multipliesRowsThatWantTheSamePlacesOfTheCache() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(10)) {
            close(normal(random, 70, 2048), normal(random, 2048, 33));
        }
    }

    private static void close(Tensor a, Tensor b) {
        float[] actual = Fp32Product.of(a, b).toFloats();
        float[] expected =
                a.to(DType.FP64).matmul(b.to(DType.FP64)).to(DType.FP32).toFloats();
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(Math.abs(actual[i] - expected[i])).isLessThan(1e-4f * (float) Math.sqrt(1 + a.size(-1) / 100.0));
        }
    }

    private static Tensor normal(RandomState random, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1);
    }
}
