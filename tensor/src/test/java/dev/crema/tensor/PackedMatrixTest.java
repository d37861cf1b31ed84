package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.crema.tensor.PackedMatrix.After;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackedMatrixTest {
    @Test
    void givesTheProductOfThePlainWeight() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor weight = random(random, 96, 64), bias = random(random, 96);
            assumeTrue(PackedMatrix.worthwhile(weight), "this processor has no products in bf16");
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.NOTHING);
                    PackedMatrix biased = PackedMatrix.of(weight, List.of(bias), After.NOTHING);
                    PackedMatrix reordered = ReorderedMatrix.of(weight, List.of(bias), After.NOTHING)) {
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
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.NOTHING)) {
                assertClose(packed.product(x), Functions.linear(x, weight));
            }
        }
    }

    @Test
    void addsToAStreamOfEitherType() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(4)) {
            Tensor weight = random(random, 80, 64), bias = random(random, 80);
            assumeTrue(PackedMatrix.worthwhile(weight), "this processor has no products in bf16");
            Tensor x = random(random, 2, 15, 64);
            Tensor stream = random(random, 2, 15, 80), before = stream.copy();
            Tensor sum = wide(stream).add(Functions.linear(wide(x), wide(weight), wide(bias)));
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(bias), After.NOTHING);
                    PackedMatrix reordered = ReorderedMatrix.of(weight, List.of(bias), After.NOTHING)) {
                assertThat(packed.added(x, stream).dtype()).isEqualTo(DType.BF16);
                assertClose(packed.added(x, stream), sum);
                assertClose(packed.added(x, wide(stream)), sum, 1e-5f);
                assertClose(reordered.added(x, stream), sum, 0.02f);
            }
            assertClose(stream, before, 0);
        }
    }

    @Test
    void gatesWhatItMultiplies() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(3)) {
            // The second is no whole number of panels, and libraries' products serve.
            for (int width : new int[] {80, 40}) {
                Tensor weight = random(random, 2 * width, 64), bias = random(random, 2 * width);
                assumeTrue(PackedMatrix.worthwhile(weight), "this processor has no products in bf16");
                Tensor x = random(random, 2, 31, 64);
                try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.SWIGLU);
                        PackedMatrix biased = PackedMatrix.of(weight, List.of(bias), After.SWIGLU)) {
                    Tensor plain = Functions.linear(wide(x), wide(weight));
                    assertClose(packed.product(x), Functions.swiGlu(plain), 0.02f);
                    assertClose(biased.product(x), Functions.swiGlu(plain.add(wide(bias))), 0.02f);
                }
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
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.NOTHING)) {
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

    private static Tensor wide(Tensor x) {
        return x.to(DType.FP32);
    }

    /** Both sum in fp32, in another order, and round once. */
    private static void assertClose(Tensor actual, Tensor expected) {
        assertClose(actual, expected, 0.01f);
    }

    private static void assertClose(Tensor actual, Tensor expected, float tolerance) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        float[] a = actual.toFloats(), b = expected.toFloats();
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).isCloseTo(b[i], org.assertj.core.data.Offset.offset(tolerance * (Math.abs(b[i]) + 1)));
        }
    }
}
