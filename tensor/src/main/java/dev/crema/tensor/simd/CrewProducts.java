package dev.crema.tensor.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products in fp32 on the crew's threads, each piece by OpenBLAS on the thread that calls it.
 *
 * <p>OpenBLAS, which libtorch calls for them, splits each product among threads of its own, which spin while they wait for
 * each other, and which fight with the crew's for the same cores. The small products of attention spend more time in that
 * than in sums; and where another process takes a core, all wait for the thread that has lost it. Here a product is cut in
 * pieces, and a thread that has ended one takes the next.
 */
public final class CrewProducts {
    private static final int ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112;
    private static final int BYTES = 4;

    /** Rows or columns of a piece are a multiple of this, and at least four times as many. */
    private static final int ALIGNED = 16;

    // Constants, so that the compiler sees through the calls.
    private static final @Nullable MethodHandle SGEMM;
    private static final @Nullable MethodHandle SET_THREADS;
    private static final @Nullable MethodHandle THREADS;

    static {
        SymbolLookup library;
        try {
            // libtorch has loaded it; the loader knows it by this name.
            library = SymbolLookup.libraryLookup("libopenblas_nolapack.so.0", Arena.global());
        } catch (IllegalArgumentException e) {
            library = name -> Optional.empty();
        }
        var i = ValueLayout.JAVA_INT;
        var f = ValueLayout.JAVA_FLOAT;
        var p = ValueLayout.JAVA_LONG; // addresses, for which no object is needed
        SGEMM = find(library, "cblas_sgemm", FunctionDescriptor.ofVoid(i, i, i, i, i, i, f, p, i, p, i, f, p, i));
        SET_THREADS = find(library, "openblas_set_num_threads", FunctionDescriptor.ofVoid(i));
        THREADS = find(library, "openblas_get_num_threads", FunctionDescriptor.of(i));
    }

    private static final Visits VISITS = new Visits();

    private CrewProducts() {}

    /**
     * Matrices one after the other in memory.
     *
     * @param address of the first
     * @param step bytes from one to the next
     * @param lead elements from one of their rows, or if transposed of their columns, to the next
     */
    public record Matrices(long address, long step, int lead, boolean transposed) {
        private long at(long index, long row, long column) {
            long element = transposed ? column * lead + row : row * lead + column;
            return address + index * step + element * BYTES;
        }

        private int order() {
            return transposed ? TRANSPOSED : AS_IT_IS;
        }
    }

    /**
     * Products {@code c = a b} of {@code [m, k]} and {@code [k, n]}.
     *
     * @param count how many
     * @param add whether they are added to what {@code c} holds; else it is overwritten
     */
    public record Batch(long count, int m, int n, int k, Matrices a, Matrices b, Matrices c, boolean add) {}

    private static @Nullable MethodHandle find(SymbolLookup library, String name, FunctionDescriptor type) {
        return library.find(name)
                .map(address -> Linker.nativeLinker().downcallHandle(address, type))
                .orElse(null);
    }

    /** Tells whether the library is the one that this knows. */
    public static boolean available() {
        return SGEMM != null && SET_THREADS != null && THREADS != null;
    }

    /**
     * Computes products.
     *
     * @throws IllegalStateException unless {@link #available}
     */
    public static void run(Batch batch) {
        if (SGEMM == null || SET_THREADS == null || THREADS == null) throw new IllegalStateException("no OpenBLAS");
        boolean rows = batch.m >= batch.n;
        int cuts = cuts(batch.count, rows ? batch.m : batch.n);
        try {
            VISITS.enter(THREADS, SET_THREADS);
            try {
                Crew.run(batch.count * cuts, 1, (part, i) -> piece(batch, i / cuts, rows, i % cuts, cuts));
            } finally {
                VISITS.leave(SET_THREADS);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("OpenBLAS failed", e);
        }
    }

    /** Keeps OpenBLAS on the threads that call it, for as long as any thread of ours is inside. */
    private static final class Visits {
        private int inside;
        private int threadsBefore;

        synchronized void enter(MethodHandle threads, MethodHandle setThreads) throws Throwable {
            if (inside++ > 0) return;
            threadsBefore = (int) threads.invokeExact();
            setThreads.invokeExact(1);
        }

        synchronized void leave(MethodHandle setThreads) throws Throwable {
            if (--inside == 0) setThreads.invokeExact(threadsBefore);
        }
    }

    /** Returns into how many pieces each product is cut, along its longer side. */
    private static int cuts(long count, int side) {
        long wanted = Math.ceilDiv(2L * Crew.threads(), count);
        return (int) Math.max(1, Math.min(wanted, side / (4L * ALIGNED)));
    }

    private static void piece(Batch batch, long i, boolean rows, long cut, int cuts) {
        int from = edge(rows ? batch.m : batch.n, cut, cuts), to = edge(rows ? batch.m : batch.n, cut + 1, cuts);
        int row = rows ? from : 0, column = rows ? 0 : from;
        int m = rows ? to - from : batch.m, n = rows ? batch.n : to - from;
        long a = batch.a.at(i, row, 0), b = batch.b.at(i, 0, column), c = batch.c.at(i, row, column);
        try {
            Objects.requireNonNull(SGEMM)
                    .invokeExact(
                            ROW_MAJOR,
                            batch.a.order(),
                            batch.b.order(),
                            m,
                            n,
                            batch.k,
                            1f,
                            a,
                            batch.a.lead,
                            b,
                            batch.b.lead,
                            batch.add ? 1f : 0f,
                            c,
                            batch.c.lead);
        } catch (Throwable e) {
            throw new IllegalStateException("OpenBLAS failed", e);
        }
    }

    private static int edge(int side, long cut, int cuts) {
        return cut == cuts ? side : (int) (side * cut / cuts / ALIGNED * ALIGNED);
    }
}
