package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.crema.tensor.PackedMatrix.After;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackedMatrixTest {
    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void givesTheProductOfThePlainWeight(DType dtype) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor weight = random(random, dtype, 96, 64), bias = random(random, dtype, 96);
            assume(weight, After.NOTHING);
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.NOTHING);
                    PackedMatrix biased = PackedMatrix.of(weight, List.of(bias), After.NOTHING)) {
                for (long rows : new long[] {1, 5, 64, 300}) {
                    Tensor x = random(random, dtype, 2, rows, 64);
                    assertClose(packed.product(x), Functions.linear(x, weight));
                    assertClose(biased.product(x), Functions.linear(x, weight, bias));
                }
            }
        }
    }

    @Test
    void aLibrarysProductIsTheSame() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(5)) {
            Tensor weight = random(random, DType.BF16, 80, 64), bias = random(random, DType.BF16, 80);
            assumeTrue(ReorderedMatrix.fits(weight), "this processor has no products in bf16");
            Tensor x = random(random, DType.BF16, 2, 15, 64), stream = random(random, DType.BF16, 2, 15, 80);
            Tensor product = Functions.linear(wide(x), wide(weight), wide(bias));
            try (PackedMatrix reordered = ReorderedMatrix.of(weight, List.of(bias), After.NOTHING)) {
                assertClose(reordered.product(x), product);
                assertClose(reordered.added(x, stream), wide(stream).add(product), 0.02f);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void multipliesRowsThatWantTheSamePlacesOfTheCache(DType dtype) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(2)) {
            Tensor weight = random(random, dtype, 48, 2048), x = random(random, dtype, 30, 2048);
            assume(weight, After.NOTHING);
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.NOTHING)) {
                assertClose(packed.product(x), Functions.linear(x, weight));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void addsToAStreamOfEitherType(DType dtype) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(4)) {
            Tensor weight = random(random, dtype, 80, 64), bias = random(random, dtype, 80);
            assume(weight, After.NOTHING);
            Tensor x = random(random, dtype, 2, 15, 64);
            Tensor stream = random(random, DType.BF16, 2, 15, 80), before = stream.copy();
            Tensor sum = wide(stream).add(Functions.linear(wide(x), wide(weight), wide(bias)));
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(bias), After.NOTHING)) {
                assertThat(packed.added(x, stream).dtype()).isEqualTo(DType.BF16);
                assertClose(packed.added(x, stream), sum);
                assertClose(packed.added(x, wide(stream)), sum, 1e-5f);
            }
            assertClose(stream, before, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void gatesWhatItMultiplies(DType dtype) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(3)) {
            // The second is no whole number of panels, and libraries' products serve.
            for (int width : new int[] {80, 36}) {
                Tensor weight = random(random, dtype, 2 * width, 64), bias = random(random, dtype, 2 * width);
                if (width == 80) assume(weight, After.SWIGLU);
                if (!PackedMatrix.worthwhile(weight, After.SWIGLU)) continue;
                Tensor x = random(random, dtype, 2, 31, 64);
                try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.SWIGLU);
                        PackedMatrix biased = PackedMatrix.of(weight, List.of(bias), After.SWIGLU)) {
                    Tensor plain = Functions.linear(wide(x), wide(weight));
                    assertClose(packed.product(x), Functions.swiGlu(plain), 0.02f);
                    assertClose(biased.product(x), Functions.swiGlu(plain.add(wide(bias))), 0.02f);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP32", "BF16"})
    void keepsTheValuesOfWhenItWasPacked(DType dtype) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor weight = random(random, dtype, 32, 32), x = random(random, dtype, 4, 32);
            assume(weight, After.NOTHING);
            Tensor before = Functions.linear(x, weight).copy();
            try (PackedMatrix packed = PackedMatrix.of(weight, List.of(), After.NOTHING)) {
                weight.fillInPlace(0);
                assertClose(packed.product(x), before);
            }
        }
    }

    @Test
    void isForMatricesAlone() {
        try (Scope scope = Scope.open()) {
            Tensor stack = Tensors.zeros(DType.FP32, Device.CPU, 2, 32, 32);
            assertThat(PackedMatrix.worthwhile(stack, After.NOTHING)).isFalse();
        }
    }

    private static void assume(Tensor weight, After after) {
        assumeTrue(PackedMatrix.worthwhile(weight, after), "no machine code for " + weight.dtype() + " here");
    }

    private static Tensor random(RandomState random, DType dtype, long... shape) {
        return random.normal(Tensors.empty(DType.FP32, Device.CPU, shape), 0, 1).to(dtype);
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
