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

    @Test
    void trainingStepsLeaveNativeMemoryFlat() {
        try (Scope scope = Scope.open();
                RandomState random = RandomState.of(1)) {
            Tensor w = random.normal(Tensors.empty(DType.FP32, Device.CPU, 64, 64), 0, 0.1)
                    .requiresGrad(true);
            Tensor n = Tensors.full(1, DType.FP32, Device.CPU, 64).requiresGrad(true);
            long before = 0;
            for (int step = 0; step < 1000; step++) {
                if (step == 400) before = org.bytedeco.javacpp.Pointer.physicalBytes();
                try (Tape tape = Tape.open()) {
                    Tensor x = random.normal(Tensors.empty(DType.FP32, Device.CPU, 256, 64), 0, 1)
                            .requiresGrad(true);
                    Tensor h = Functions.rmsNorm(Functions.linear(x, w), n, 1e-5);
                    h.mul(h).sum().backward();
                    w.clearGrad();
                    n.clearGrad();
                }
            }
            long grown = org.bytedeco.javacpp.Pointer.physicalBytes() - before;
            assertThat(grown).isLessThan(16L << 20);
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
