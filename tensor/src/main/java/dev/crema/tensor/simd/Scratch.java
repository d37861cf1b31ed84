package dev.crema.tensor.simd;

/** Hands out pieces of the memory in which a thread computes, each from the beginning of a line of the cache. */
final class Scratch {
    private static final int LINE = 64;

    private long end;

    Scratch(long address) {
        this.end = address;
    }

    /** Returns the address of so many bytes. */
    long take(long bytes) {
        long at = end;
        end += Math.ceilDiv(bytes, LINE) * LINE;
        return at;
    }

    /** Returns where what was handed out ends. */
    long end() {
        return end;
    }
}
