package dev.crema.tensor;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/** Memory of the machine, or of the container that the process runs in. */
public final class SystemMemory {
    private SystemMemory() {}

    /** Returns the bytes that could be taken without swapping. */
    public static long available() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        Path meminfo = Path.of("/proc/meminfo");
        if (!Files.isReadable(meminfo)) return system.getFreeMemorySize();
        try (Stream<String> lines = Files.lines(meminfo)) {
            long free = lines.filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(system.getFreeMemorySize());
            return Math.min(free, system.getTotalMemorySize()); // the total is that of the container
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes bytes as gigabytes. */
    public static String gigabytes(double bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }
}
