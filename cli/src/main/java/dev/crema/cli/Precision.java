package dev.crema.cli;

import dev.crema.tensor.DType;
import dev.crema.tensor.LibTorch;

/** Is the type that a model's weights are held and multiplied in. */
enum Precision {
    FP32(DType.FP32),
    BF16(DType.BF16);

    private final DType dtype;

    Precision(DType dtype) {
        this.dtype = dtype;
    }

    DType dtype() {
        return dtype;
    }

    /** Returns bf16 where the machine multiplies in it faster than in fp32, else fp32. */
    static Precision fastest() {
        return LibTorch.fastBf16() ? BF16 : FP32;
    }

    /** Returns bf16 where a model answers in it as fast as in fp32, else fp32: reading weights is most of what that takes. */
    static Precision lightest() {
        return LibTorch.readsBf16() ? BF16 : FP32;
    }

    /** Is how an option writes it. */
    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
