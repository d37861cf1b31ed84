package dev.crema.tensor;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.simd.Crew;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import org.bytedeco.pytorch.global.torch;

/**
 * Loads libtorch once and sets it up for training.
 *
 * <p>glibc returns large blocks to the system and faults their pages in again at the next allocation, which costs more
 * than many a kernel. Raising {@code M_MMAP_THRESHOLD} and {@code M_TRIM_THRESHOLD} keeps them: a step allocates what
 * the step before freed.
 */
public final class LibTorch {
    private static final int M_TRIM_THRESHOLD = -1;
    private static final int M_TOP_PAD = -2;
    private static final int M_MMAP_THRESHOLD = -3;
    private static final int M_ARENA_MAX = -8;
    /** The largest that glibc takes: half of what a heap of an arena may be. */
    private static final int LARGEST_THRESHOLD = 32 << 20;

    private LibTorch() {}

    private static final class Loaded {
        static final boolean READY = load();

        private static boolean load() {
            keepLargeBlocks();
            torch.set_num_threads(Runtime.getRuntime().availableProcessors());
            return true;
        }
    }

    /** Loads the native libraries if they are not loaded yet. */
    static void ready() {
        if (!Loaded.READY) throw new IllegalStateException("libtorch did not load");
    }

    /** Returns the number of threads that one operation uses. */
    public static int threads() {
        ready();
        return torch.get_num_threads();
    }

    /** Sets the number of threads that one operation uses; at least 1. */
    public static void threads(int count) {
        if (count < 1) throw new IllegalArgumentException("threads " + count + ": at least 1");
        ready();
        torch.set_num_threads(count);
        Crew.threads(count);
    }

    /** Tells whether matrix products in bf16 are faster than in fp32 here (AVX-512 BF16, AMX or a GPU). */
    public static boolean fastBf16() {
        return CpuFeatures.current().bf16() || !Device.best().isCpu();
    }

    /** Tells whether a model that answers is as fast in bf16 as in fp32: it reads half as much, and multiplies no slower. */
    public static boolean readsBf16() {
        return fastBf16() || CpuFeatures.current().tiles(false);
    }

    private static void keepLargeBlocks() {
        if (!System.getProperty("os.name").equals("Linux")) return;
        Linker linker = Linker.nativeLinker();
        linker.defaultLookup().find("mallopt").ifPresent(address -> {
            var mallopt = linker.downcallHandle(
                    address, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            try {
                // One arena: those of other threads cannot grow beyond 64 MB, so large blocks would not be kept there.
                int set = (int) mallopt.invokeExact(M_ARENA_MAX, 1)
                        & (int) mallopt.invokeExact(M_MMAP_THRESHOLD, LARGEST_THRESHOLD)
                        & (int) mallopt.invokeExact(M_TRIM_THRESHOLD, Integer.MAX_VALUE)
                        & (int) mallopt.invokeExact(M_TOP_PAD, 64 << 20);
                if (set != 1)
                    System.getLogger(LibTorch.class.getName()).log(System.Logger.Level.DEBUG, "mallopt refused");
            } catch (Throwable e) {
                throw new IllegalStateException("mallopt failed", e);
            }
        });
    }
}
