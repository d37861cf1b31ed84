package dev.crema.tensor;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** Names the element type of a tensor. */
public enum DType {
    FP32(ScalarType.Float, 4),
    BF16(ScalarType.BFloat16, 2),
    FP16(ScalarType.Half, 2),
    FP64(ScalarType.Double, 8),
    /** Four bits of exponent, three of mantissa, no infinity: a form to store, not to compute in. */
    FP8_E4M3(ScalarType.Float8_e4m3fn, 1),
    /** The upper half of an FP16: a form to store, not to compute in. */
    FP8_E5M2(ScalarType.Float8_e5m2, 1),
    INT64(ScalarType.Long, 8),
    INT32(ScalarType.Int, 4),
    INT16(ScalarType.Short, 2),
    INT8(ScalarType.Char, 1),
    UINT8(ScalarType.Byte, 1),
    BOOL(ScalarType.Bool, 1);

    final ScalarType scalarType;
    private final int bytes;

    DType(ScalarType scalarType, int bytes) {
        this.scalarType = scalarType;
        this.bytes = bytes;
    }

    /** Returns the size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Tells whether gradients can flow through this type. */
    public boolean floating() {
        return this == FP32 || this == BF16 || this == FP16 || this == FP64;
    }

    static DType of(ScalarType type) {
        return switch (type.intern()) {
            case Float -> FP32;
            case BFloat16 -> BF16;
            case Half -> FP16;
            case Double -> FP64;
            case Float8_e4m3fn -> FP8_E4M3;
            case Float8_e5m2 -> FP8_E5M2;
            case Long -> INT64;
            case Int -> INT32;
            case Short -> INT16;
            case Char -> INT8;
            case Byte -> UINT8;
            case Bool -> BOOL;
            default -> throw new IllegalStateException("libtorch gave a tensor of type " + type);
        };
    }
}
