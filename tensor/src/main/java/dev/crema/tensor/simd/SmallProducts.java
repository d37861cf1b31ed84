package dev.crema.tensor.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Products of many small matrices in fp32, each on one core.
 *
 * <p>OpenBLAS, which libtorch calls for them one after the other, splits each among its threads, and those of attention are
 * so small that waiting for each other takes longer than the product. Here the crew's threads take whole products, and
 * OpenBLAS is told to stay on the thread that calls it.
 */
public final class SmallProducts {
    private static final int ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112;
    private static final SmallProducts INSTANCE = new SmallProducts();

    private final @Nullable MethodHandle sgemm;
    private final @Nullable MethodHandle setThreads;
    private final @Nullable MethodHandle threads;

    /**
     * Matrices one after the other in memory.
     *
     * @param address of the first
     * @param step bytes from one to the next
     * @param lead elements from one of their rows, or if transposed of their columns, to the next
     */
    public record Matrices(long address, long step, int lead, boolean transposed) {
        private MemorySegment at(long index) {
            return MemorySegment.ofAddress(address + index * step);
        }

        private int order() {
            return transposed ? TRANSPOSED : AS_IT_IS;
        }
    }

    private SmallProducts() {
        SymbolLookup library;
        try {
            // libtorch has loaded it; the loader knows it by this name.
            library = SymbolLookup.libraryLookup("libopenblas_nolapack.so.0", Arena.global());
        } catch (IllegalArgumentException e) {
            library = name -> java.util.Optional.empty();
        }
        var i = ValueLayout.JAVA_INT;
        var f = ValueLayout.JAVA_FLOAT;
        var p = ValueLayout.ADDRESS;
        sgemm = find(library, "cblas_sgemm", FunctionDescriptor.ofVoid(i, i, i, i, i, i, f, p, i, p, i, f, p, i));
        setThreads = find(library, "openblas_set_num_threads", FunctionDescriptor.ofVoid(i));
        threads = find(library, "openblas_get_num_threads", FunctionDescriptor.of(i));
    }

    private static @Nullable MethodHandle find(SymbolLookup library, String name, FunctionDescriptor type) {
        return library.find(name)
                .map(address -> Linker.nativeLinker().downcallHandle(address, type))
                .orElse(null);
    }

    /** Tells whether the library is the one that this knows. */
    public static boolean available() {
        return INSTANCE.sgemm != null && INSTANCE.setThreads != null && INSTANCE.threads != null;
    }

    /**
     * Writes {@code c = a b} for each of {@code count} products of {@code [m, k]} and {@code [k, n]}.
     *
     * @throws IllegalStateException unless {@link #available}
     */
    public static void run(long count, int m, int n, int k, Matrices a, Matrices b, Matrices c) {
        INSTANCE.multiply(count, m, n, k, a, b, c);
    }

    private void multiply(long count, int m, int n, int k, Matrices a, Matrices b, Matrices c) {
        if (sgemm == null || setThreads == null || threads == null) throw new IllegalStateException("no OpenBLAS");
        try {
            int before = (int) threads.invokeExact();
            setThreads.invokeExact(1);
            try {
                Crew.run(count, 1, (part, i) -> one(sgemm, i, m, n, k, a, b, c));
            } finally {
                setThreads.invokeExact(before);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("OpenBLAS failed", e);
        }
    }

    private static void one(MethodHandle sgemm, long i, int m, int n, int k, Matrices a, Matrices b, Matrices c) {
        try {
            sgemm.invokeExact(
                    ROW_MAJOR, a.order(), b.order(), m, n, k, 1f, a.at(i), a.lead(), b.at(i), b.lead(), 0f, c.at(i),
                    c.lead());
        } catch (Throwable e) {
            throw new IllegalStateException("OpenBLAS failed", e);
        }
    }
}
