package dev.crema.cli.bench;

import dev.crema.model.Model;
import dev.crema.model.checkpoint.ModelFolder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The loading of a model's folder or GGUF file: from opening {@code config.json} to weights that can be computed with. The files are
 * read through once before, so that the system holds in its cache what it has room for.
 */
public final class LoadBenchmark {
    private LoadBenchmark() {}

    /**
     * What was measured, of a single load.
     *
     * @param bytes size of the files
     * @param weightBytes size of the loaded weights
     * @param peakMemoryMb the most that was resident in the whole process, the JVM, libtorch's code and mapped pages
     *     counted; pages that the system alone caches are not the process's
     * @param memoryBeforeMb what was resident before
     * @param peakOverBytes the peak over the size of the files
     */
    public record Result(
            String dtype,
            int files,
            long bytes,
            long weightBytes,
            double seconds,
            double gigabytesPerS,
            double peakMemoryMb,
            double memoryBeforeMb,
            double peakOverBytes) {}

    /** Loads a model once. */
    public static Result run(Path folder, DType dtype) throws IOException {
        long bytes = 0;
        int files = 0;
        for (Path file : ModelFolder.open(folder).weightFiles()) {
            bytes += Files.size(file);
            files++;
            readThrough(file);
        }
        try (Scope scope = Scope.open()) {
            Tensors.zeros(dtype, Device.CPU, 1); // the native library is not part of it
        }
        double before = ProcessMemory.residentMegabytes();
        long begin = System.nanoTime();
        try (Model model = ModelFolder.open(folder).load(Model.class, dtype, Device.CPU)) {
            double seconds = (System.nanoTime() - begin) / 1e9;
            double peak = ProcessMemory.peakMegabytes();
            return new Result(
                    dtype.toString().toLowerCase(Locale.ROOT),
                    files,
                    bytes,
                    model.weights().bytes(),
                    seconds,
                    bytes / seconds / 1e9,
                    peak,
                    before,
                    peak * (1 << 20) / bytes);
        }
    }

    private static void readThrough(Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(buffer.clear()) >= 0) {}
        }
    }
}
