package dev.crema.tensor.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Tells what the processor can do, as the operating system reports it.
 *
 * @param avx2 vectors of 256 bits, and products that are added without being rounded
 * @param avx512 vectors of 512 bits, masks of as many bits as they have bytes, and fractions of numbers
 * @param bf16 products in bf16, by any means
 * @param multipliesPairs such products by AVX-512 and by nothing faster
 */
public record CpuFeatures(boolean avx2, boolean avx512, boolean bf16, boolean multipliesPairs) {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /** Returns those of the processor that this runs on. */
    public static CpuFeatures current() {
        return Holder.CURRENT;
    }

    /**
     * Tells whether our own machine code multiplies and rounds numbers of a type here. Where the processor has no products
     * in bf16, {@link Vectors#AVX2} has them by way of fp32.
     *
     * @param wide fp32, else bf16
     */
    public boolean tiles(boolean wide) {
        boolean known = switch (Vectors.CURRENT) {
            case AVX2 -> avx2 && (wide || !bf16);
            case AVX512 -> avx512 && (wide || multipliesPairs);
        };
        return known && Vectors.JAVAS && MachineCode.possible();
    }

    private static final class Holder {
        static final CpuFeatures CURRENT = read();

        private static CpuFeatures read() {
            try (var lines = Files.lines(CPUINFO)) {
                Set<String> flags = lines.filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                        .findFirst()
                        .map(line -> Set.of(
                                line.substring(line.indexOf(':') + 1).trim().split(" +")))
                        .orElse(Set.of());
                return new CpuFeatures(
                        flags.containsAll(Set.of("avx2", "fma")),
                        flags.containsAll(Set.of("avx512f", "avx512bw", "avx512dq")),
                        flags.contains("avx512_bf16") || flags.contains("amx_bf16") || flags.contains("bf16"),
                        flags.contains("avx512_bf16") && !flags.contains("amx_bf16"));
            } catch (IOException | IllegalArgumentException e) {
                // No /proc here (macOS, Windows): take the type that is right everywhere.
                return new CpuFeatures(false, false, false, false);
            }
        }
    }
}
