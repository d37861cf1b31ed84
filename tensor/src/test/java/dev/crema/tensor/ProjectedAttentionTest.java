package dev.crema.tensor;

import static dev.crema.tensor.Agreement.close;
import static dev.crema.tensor.Agreement.normal;

import dev.crema.tensor.simd.SeenKeys;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A projection and attention with one gradient for both, against the two one after the other. */
class ProjectedAttentionTest {
    private static final int BATCH = 2, TOKENS = 70;

    @ParameterizedTest
    @CsvSource({
        "FP32,4,4,32,128,true,2e-6",
        "FP32,4,2,32,96,false,2e-6",
        "BF16,4,2,64,256,true,3e-2",
        "BF16,2,2,32,96,false,3e-2",
        "BF16,2,1,48,96,true,3e-2"
    })
    void agrees(DType dtype, int heads, int shared, int size, int width, boolean biased, double tolerance) {
        HeadLayout layout = new HeadLayout(heads, shared, size);
        int[] first = new int[BATCH * TOKENS];
        for (int i = 0; i < first.length; i++) first[i] = i % TOKENS >= 40 ? 40 : 0;
        SeenKeys seen = SeenKeys.from(first);
        double scale = 1 / Math.sqrt(size);
        try (RandomState random = RandomState.of(1);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, BATCH, TOKENS, width),
                    w = normal(random, layout.width(), width).mul(0.1);
            Tensor b = normal(random, layout.width()), g = normal(random, BATCH, TOKENS, (long) heads * size);
            Tensor x = leaf(a, dtype), weight = leaf(w, dtype), bias = leaf(b, dtype);
            Tensor y = leaf(a, dtype), sameWeight = leaf(w, dtype), sameBias = leaf(b, dtype);
            List<Tensor> given = biased ? List.of(bias) : List.of();
            Tensor actual = Functions.selfAttention(x.mul(2), weight, given, layout, seen, List.of(), scale);
            Tensor product =
                    biased ? Functions.linear(y.mul(2), sameWeight, sameBias) : Functions.linear(y.mul(2), sameWeight);
            Tensor expected = Functions.selfAttention(product, layout, seen, List.of(), scale);
            actual.backward(g.to(dtype));
            expected.backward(g.to(dtype));
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
            close(weight.grad(), sameWeight.grad(), tolerance);
            if (biased) close(bias.grad(), sameBias.grad(), tolerance);
        }
    }

    private static Tensor leaf(Tensor values, DType dtype) {
        return values.to(dtype).copy().detach().requiresGrad(true);
    }
}
