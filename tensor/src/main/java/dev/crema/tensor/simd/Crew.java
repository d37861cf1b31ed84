package dev.crema.tensor.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a kernel on all cores.
 *
 * <p>libtorch's threads are an OpenMP team that spins for a while after each operation, waiting for the next. Threads of
 * our own would fight it for the same cores. So a Java kernel asks the OpenMP runtime to run it on that very team:
 * {@code GOMP_parallel}, which compilers emit calls to, takes a function pointer, and an upcall stub is one. Where the
 * runtime is another (macOS, Windows), the common pool serves.
 */
public final class Crew {
    private static final Crew INSTANCE = new Crew();

    private final @Nullable MethodHandle parallel;
    private final MemorySegment stub;
    private final AtomicReference<@Nullable Work> current = new AtomicReference<>();
    private volatile int threads = Runtime.getRuntime().availableProcessors();

    /**
     * What is done with one row. The part in which the row lies is for kernels that keep something by part, such as a
     * partial sum.
     *
     * <p>Rows are handed over one by one because of the compiler: the call stands where all kernels pass through, so it
     * inlines none of them there, and each is compiled soon and as a whole. A loop over rows with the kernel inlined grows
     * past the limit of what one compilation takes in, and what is left out boxes its vectors.
     */
    @FunctionalInterface
    public interface Kernel {
        void run(int part, long row);
    }

    private static final class Work {
        private final Kernel kernel;
        private final long rows;
        private final int parts;
        private final AtomicInteger next = new AtomicInteger();
        private volatile @Nullable Throwable failure;

        Work(Kernel kernel, long rows, int parts) {
            this.kernel = kernel;
            this.rows = rows;
            this.parts = parts;
        }

        private void run(int part) {
            long end = rows * (part + 1) / parts;
            for (long row = rows * part / parts; row < end; row++) kernel.run(part, row);
        }

        void help() {
            for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                try {
                    run(part);
                } catch (Throwable e) {
                    failure = e;
                }
            }
        }
    }

    private Crew() {
        MemorySegment function = find();
        if (function == null) {
            parallel = null;
            stub = MemorySegment.NULL;
            return;
        }
        Linker linker = Linker.nativeLinker();
        parallel = linker.downcallHandle(
                function,
                FunctionDescriptor.ofVoid(
                        ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        try {
            MethodHandle help = MethodHandles.lookup()
                    .findVirtual(Crew.class, "help", MethodType.methodType(void.class, MemorySegment.class))
                    .bindTo(this);
            stub = linker.upcallStub(help, FunctionDescriptor.ofVoid(ValueLayout.ADDRESS), Arena.global());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static @Nullable MemorySegment find() {
        try {
            // libtorch has loaded it; the loader knows it by this name.
            return SymbolLookup.libraryLookup("libgomp.so.1", Arena.global())
                    .find("GOMP_parallel")
                    .orElse(null);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Sets how many threads a kernel runs on. */
    public static void threads(int count) {
        INSTANCE.threads = count;
    }

    /** Returns how many threads a kernel runs on. */
    static int threads() {
        return INSTANCE.threads;
    }

    /**
     * Runs a kernel over {@code rows} rows, split among the crew; returns when all are done.
     *
     * @param grain rows below which another thread does not pay
     */
    public static void run(long rows, long grain, Kernel kernel) {
        runParts(rows, parts(rows, grain), kernel);
    }

    /** Returns into how many parts so many rows are split; the same numbers always give the same parts. */
    public static int parts(long rows, long grain) {
        return (int) Math.max(1, Math.min(INSTANCE.threads * 4L, rows / Math.max(1, grain)));
    }

    /** Runs a kernel over rows cut into so many parts. */
    public static void runParts(long rows, int parts, Kernel kernel) {
        Work work = new Work(kernel, rows, parts);
        if (parts == 1 || INSTANCE.threads == 1) {
            for (int part = 0; part < parts; part++) work.run(part);
        } else {
            INSTANCE.split(work, INSTANCE.threads);
        }
    }

    private void split(Work work, int threads) {
        // One kernel at a time has the team; a second caller, or a kernel inside a kernel, works alone.
        if (parallel == null || !current.compareAndSet(null, work)) {
            if (parallel == null) IntStream.range(0, threads).parallel().forEach(i -> work.help());
            else work.help();
        } else {
            try {
                parallel.invokeExact(stub, MemorySegment.NULL, threads, 0);
            } catch (Throwable e) {
                throw new IllegalStateException("the OpenMP runtime failed", e);
            } finally {
                current.set(null);
            }
        }
        if (work.failure != null) throw new IllegalStateException("a kernel failed", work.failure);
    }

    @SuppressWarnings("unused") // called by the OpenMP runtime
    private void help(MemorySegment data) {
        Work work = current.get();
        if (work != null) work.help();
    }
}
