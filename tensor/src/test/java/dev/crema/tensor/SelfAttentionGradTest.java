package dev.crema.tensor;

import static dev.crema.tensor.Agreement.close;
import static dev.crema.tensor.Agreement.normal;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against attention written in libtorch's operations with an added mask, forward and backward. */
class SelfAttentionGradTest {
    @ParameterizedTest
    @CsvSource({
        "FP32,2,9,6,2,10,true,3e-6",
        "FP32,2,300,4,4,16,false,3e-6",
        "FP32,1,33,4,2,50,true,3e-6",
        "FP32,1,257,3,1,64,true,3e-6",
        "FP32,3,97,6,2,32,true,3e-6",
        "FP32,1,600,2,1,96,false,3e-6",
        "BF16,2,333,4,2,64,true,3e-2",
        "BF16,1,701,2,2,32,false,3e-2",
        "BF16,5,1,2,1,32,true,3e-2",
        "BF16,2,140,4,2,32,true,3e-2",
        "BF16,1,30,2,2,48,false,3e-2",
        "BF16,2,300,4,2,48,true,3e-2"
    })
    void agrees(DType dtype, int batch, int tokens, int heads, int shared, int size, boolean turned, double tolerance) {
        HeadLayout layout = new HeadLayout(heads, shared, size);
        int[] first = new int[batch * tokens];
        for (int i = 0; i < first.length; i++) first[i] = i % tokens >= tokens / 3 ? tokens / 3 : 0;
        try (RandomState random = RandomState.of(1);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, batch, tokens, layout.width()).to(dtype).copy();
            // Of heads of 10 and 50 a part turns alone.
            Tensor angle = normal(random, batch, tokens, size % 16 == 0 ? size / 2 : size / 2 - 3);
            List<Tensor> angles = turned ? List.of(angle.cos(), angle.sin()) : List.of();
            Tensor g = normal(random, batch, tokens, (long) heads * size);
            Tensor x = a.detach().requiresGrad(true),
                    y = a.to(DType.FP32).copy().requiresGrad(true);
            Tensor actual = Functions.selfAttention(x.mul(1.5), layout, first, angles, 0.7 / Math.sqrt(size));
            Tensor expected = plain(y.mul(1.5), layout, first, angles);
            actual.backward(g.to(dtype));
            expected.backward(g);
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
        }
    }

    private static Tensor plain(Tensor projection, HeadLayout layout, int[] first, List<Tensor> angles) {
        long batch = projection.size(0), tokens = projection.size(1), size = layout.size();
        int heads = layout.heads(), shared = layout.shared();
        Tensor all = projection.reshape(batch, tokens, heads + 2L * shared, size);
        Tensor q = turned(all.narrow(2, 0, heads), angles), k = turned(all.narrow(2, heads, shared), angles);
        Tensor v = all.narrow(2, heads + shared, shared);
        float[] bias = new float[(int) (batch * tokens * tokens)];
        for (int i = 0; i < bias.length; i++) {
            int key = (int) (i % tokens), query = (int) (i / tokens % tokens), row = (int) (i / tokens / tokens);
            if (key > query || key < first[(int) (row * tokens + query)]) bias[i] = -1e30f;
        }
        Tensor mixed = Functions.attention(
                q.transpose(1, 2),
                k.transpose(1, 2),
                v.transpose(1, 2),
                Tensors.of(bias, batch, 1, tokens, tokens),
                0.7 / Math.sqrt(size),
                new SoftCap.None());
        return mixed.transpose(1, 2).reshape(batch, tokens, heads * size);
    }

    private static Tensor turned(Tensor heads, List<Tensor> angles) {
        return angles.isEmpty() ? heads : Functions.rotate(heads, angles.get(0), angles.get(1));
    }
}
