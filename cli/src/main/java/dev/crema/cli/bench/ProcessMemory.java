package dev.crema.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system says of this process's memory. */
final class ProcessMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ProcessMemory() {}

    /** Returns the most that was resident so far, in MB; 0 where the system does not tell. */
    static double peakMegabytes() {
        return status("VmHWM:");
    }

    /** Returns what is resident now, in MB; 0 where the system does not tell. */
    static double residentMegabytes() {
        return status("VmRSS:");
    }

    private static double status(String key) {
        try (var lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(key))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
