package dev.crema.tensor;

import static dev.crema.tensor.Agreement.close;
import static dev.crema.tensor.Agreement.normal;

import dev.crema.tensor.simd.SeenKeys;
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
        agrees(dtype, batch, tokens, new HeadLayout(heads, shared, size), turned, tolerance, documents(batch, tokens));
    }

    @ParameterizedTest
    @CsvSource({
        "FP32,2,9,6,2,10,true,3e-6",
        "FP32,1,333,2,1,10,false,3e-6",
        "FP32,1,257,4,2,64,true,3e-6",
        "FP32,2,600,2,2,32,true,3e-6",
        "BF16,2,333,4,2,64,true,3e-2",
        "BF16,1,701,2,2,48,false,3e-2"
    })
    void branchesAgree(
            DType dtype, int batch, int tokens, int heads, int shared, int size, boolean turned, double tolerance) {
        agrees(dtype, batch, tokens, new HeadLayout(heads, shared, size), turned, tolerance, branches(batch, tokens));
    }

    /** Two documents. */
    private static SeenKeys documents(int batch, int tokens) {
        int[] first = new int[batch * tokens];
        for (int i = 0; i < first.length; i++) first[i] = i % tokens >= tokens / 3 ? tokens / 3 : 0;
        return SeenKeys.from(first);
    }

    /** A document with four branches, of which a late token does not see the trunk's beginning, and one with two. */
    private static SeenKeys branches(int batch, int tokens) {
        int[] first = new int[batch * tokens], trunk = new int[first.length], own = new int[first.length];
        int split = tokens * 2 / 3, each = Math.max(1, split / 6);
        for (int i = 0; i < first.length; i++) {
            int token = i % tokens, begin = token < split ? 0 : split, end = begin + each;
            boolean branched = token >= end;
            own[i] = branched ? end + (token - end) / each * each : begin;
            trunk[i] = branched ? end : begin;
            first[i] = branched && token % each == each - 1 ? begin + each / 2 : begin;
        }
        return new SeenKeys(first, trunk, own);
    }

    private static void agrees(
            DType dtype, int batch, int tokens, HeadLayout layout, boolean turned, double tolerance, SeenKeys seen) {
        int heads = layout.heads(), size = layout.size();
        try (RandomState random = RandomState.of(1);
                Tape tape = Tape.open()) {
            Tensor a = normal(random, batch, tokens, layout.width()).to(dtype).copy();
            // Of heads of 10 and 50 a part turns alone.
            Tensor angle = normal(random, batch, tokens, size % 16 == 0 ? size / 2 : size / 2 - 3);
            List<Tensor> angles = turned ? List.of(angle.cos(), angle.sin()) : List.of();
            Tensor g = normal(random, batch, tokens, (long) heads * size);
            Tensor x = a.detach().requiresGrad(true),
                    y = a.to(DType.FP32).copy().requiresGrad(true);
            Tensor actual = Functions.selfAttention(x.mul(1.5), layout, seen, angles, 0.7 / Math.sqrt(size));
            Tensor expected = plain(y.mul(1.5), layout, seen, angles);
            actual.backward(g.to(dtype));
            expected.backward(g);
            close(actual, expected, tolerance);
            close(x.grad(), y.grad(), tolerance);
        }
    }

    private static Tensor plain(Tensor projection, HeadLayout layout, SeenKeys seen, List<Tensor> angles) {
        long batch = projection.size(0), tokens = projection.size(1), size = layout.size();
        int heads = layout.heads(), shared = layout.shared();
        Tensor all = projection.reshape(batch, tokens, heads + 2L * shared, size);
        Tensor q = turned(all.narrow(2, 0, heads), angles), k = turned(all.narrow(2, heads, shared), angles);
        Tensor v = all.narrow(2, heads + shared, shared);
        float[] bias = new float[(int) (batch * tokens * tokens)];
        for (int i = 0; i < bias.length; i++) {
            int key = (int) (i % tokens), query = (int) (i / tokens % tokens), row = (int) (i / tokens / tokens);
            int at = (int) (row * tokens + query);
            boolean ofTrunk = key >= seen.first()[at] && key < seen.trunk()[at];
            boolean ofBranch = key >= seen.own()[at] && key <= query;
            if (!ofTrunk && !ofBranch) bias[i] = -1e30f;
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
