package dev.crema.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ScopeTest {
    @Test
    void freesWhatIsNotKept() {
        try (Scope outer = Scope.open()) {
            Tensor kept;
            Tensor lost;
            try (Scope inner = Scope.open()) {
                lost = Tensors.zeros(DType.FP32, Device.CPU, 3);
                kept = inner.keep(lost.add(1));
            }
            assertThat(lost.closed()).isTrue();
            assertThat(kept.toFloats()).containsExactly(1, 1, 1);
        }
    }

    @Test
    void aReleasedTensorOutlivesEveryScope() {
        Tensor released;
        try (Scope outer = Scope.open();
                Scope inner = Scope.open()) {
            released = Scope.release(Tensors.full(2, DType.FP32, Device.CPU, 2));
        }
        assertThat(released.toFloats()).containsExactly(2, 2);
        released.close();
        assertThat(released.closed()).isTrue();
    }

    @Test
    void closesInnerScopesFirst() {
        Scope outer = Scope.open();
        Scope inner = Scope.open();
        assertThatThrownBy(outer::close).isInstanceOf(IllegalStateException.class);
        inner.close();
        outer.close();
    }

    /** A leak grows in each stretch of steps; what the compiler takes for a while, and a heap that is new, do not. */
    @Test
    void trainingStepsLeaveNativeMemoryFlat() {
        long least = Long.MAX_VALUE;
        for (int stretch = 0; stretch < 4 && least > 4 << 20; stretch++) least = Math.min(least, grownInSteps(1000));
        assertThat(least).isLessThan(4 << 20);
    }

    private static long grownInSteps(int steps) {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor w = random.normal(Tensors.empty(DType.FP32, Device.CPU, 64, 64), 0, 0.1)
                    .requiresGrad(true);
            Tensor n = Tensors.full(1, DType.FP32, Device.CPU, 64).requiresGrad(true);
            System.gc(); // the pages of the heap that a stretch uses are those of the stretch before
            long before = org.bytedeco.javacpp.Pointer.physicalBytes();
            for (int step = 0; step < steps; step++) {
                try (Tape tape = Tape.open()) {
                    Tensor x = random.normal(Tensors.empty(DType.FP32, Device.CPU, 256, 64), 0, 1)
                            .requiresGrad(true);
                    Tensor h = Functions.rmsNorm(Functions.linear(x, w), n, 1e-5);
                    h.mul(h).sum().backward();
                    w.clearGrad();
                    n.clearGrad();
                }
            }
            System.gc();
            return org.bytedeco.javacpp.Pointer.physicalBytes() - before;
        }
    }

    @Test
    void aRandomStateGoesOnBitForBit() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(7)) {
            random.normal(Tensors.empty(DType.FP32, Device.CPU, 33), 0, 1);
            byte[] state = random.save();
            float[] first = random.normal(Tensors.empty(DType.FP32, Device.CPU, 33), 0, 1)
                    .toFloats();
            random.restore(state);
            assertThat(random.normal(Tensors.empty(DType.FP32, Device.CPU, 33), 0, 1)
                            .toFloats())
                    .containsExactly(first);
            assertThatThrownBy(() -> random.restore(new byte[3])).hasMessageContaining("3");
        }
    }
}
