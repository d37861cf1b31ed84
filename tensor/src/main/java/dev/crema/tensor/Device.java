package dev.crema.tensor;

import org.bytedeco.pytorch.global.torch;

/** Names where a tensor lives. */
public sealed interface Device {
    /** The processor and its memory. */
    Device CPU = new Cpu();

    /** The processor and its memory. */
    record Cpu() implements Device {}

    /** The CUDA device with this index. */
    record Cuda(int index) implements Device {
        public Cuda {
            if (index < 0) throw new IllegalArgumentException("CUDA device " + index + ": an index starts at 0");
        }
    }

    /** Returns the first CUDA device where there is one, else the CPU. */
    static Device best() {
        return torch.cuda_is_available() ? new Cuda(0) : CPU;
    }

    /** Tells whether this is the CPU: kernels are picked by this, never by habit. */
    default boolean isCpu() {
        return this instanceof Cpu;
    }

    /** Returns the native description; the innermost scope owns it. */
    default org.bytedeco.pytorch.Device handle() {
        return switch (this) {
            case Cpu cpu -> new org.bytedeco.pytorch.Device("cpu");
            case Cuda cuda -> new org.bytedeco.pytorch.Device("cuda:" + cuda.index());
        };
    }
}
