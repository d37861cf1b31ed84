package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class PackedMatrixTest {
    @Test
    void givesTheProductOfThePlainWeight() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor weight = random(random, 96, 64), bias = random(random, 96);
            assumeTrue(PackedMatrix.worthwhile(weight), "this processor has no products in bf16");
            try (PackedMatrix packed = PackedMatrix.of(weight);
                    PackedMatrix biased = PackedMatrix.of(weight, bias);
                    PackedMatrix reordered = ReorderedMatrix.of(weight, List.of(bias))) {
                for (long rows : new long[] {1, 5, 64, 300}) {
                    Tensor x = random(random, 2, rows, 64);
                    assertClose(packed.product(x), Functions.linear(x, weight));
                    assertClose(biased.product(x), Functions.linear(x, weight, bias));
                    assertClose(reordered.product(x), Functions.linear(x, weight, bias));
                }
            }
        }
    }

    @Test
    void multipliesRowsThatWantTheSamePlacesOfTheCache() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(2)) {
            Tensor weight = random(random, 48, 2048), x = random(random, 30, 2048);
            assumeTrue(PackedMatrix.worthwhile(weight), "this processor has no products in bf16");
            try (PackedMatrix packed = PackedMatrix.of(weight)) {
                assertClose(packed.product(x), Functions.linear(x, weight));
            }
        }
    }

    @Test
    void keepsTheValuesOfWhenItWasPacked() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor weight = random(random, 32, 32), x = random(random, 4, 32);
            assumeTrue(PackedMatrix.worthwhile(weight), "this processor has no products in bf16");
            Tensor before = Functions.linear(x, weight).copy();
            try (PackedMatrix packed = PackedMatrix.of(weight)) {
                weight.fillInPlace(0);
                assertClose(packed.product(x), before);
            }
        }
    }

    @Test
    void isForBf16OnTheCpuAlone() {
        try (Scope scope = Scope.open()) {
            assertThat(PackedMatrix.worthwhile(Tensors.zeros(DType.FP32, Device.CPU, 4, 4)))
                    .isFalse();
        }
    }

    private static Tensor random(RandomState random, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1).to(DType.BF16);
    }

    /** Both sum in fp32, in another order, and round once. */
    private static void assertClose(Tensor actual, Tensor expected) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        float[] a = actual.toFloats(), b = expected.toFloats();
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).isCloseTo(b[i], org.assertj.core.data.Offset.offset(0.01f * Math.abs(b[i]) + 0.01f));
        }
    }
}
