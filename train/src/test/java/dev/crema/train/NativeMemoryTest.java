package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Decoder;
import dev.crema.tensor.DType;
import dev.crema.tensor.Lifetimes;
import dev.crema.train.method.TokenPrediction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The collector knows nothing of native memory; these tests know whether it is given back. */
class NativeMemoryTest {
    @TempDir
    Path folder;

    @Test
    @EnabledOnOs(OS.LINUX) // the resident size is read from /proc
    void aThousandStepsTakeNoMoreMemoryThanTwoHundred() throws Exception {
        // A heap that is all there from the start: what grows is native.
        List<String> flags = List.of("-Xms128m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:+AlwaysPreTouch");
        List<String> kilobytes = output(flags, Resident.class);
        assertThat(kilobytes).hasSize(2);
        long early = Long.parseLong(kilobytes.getFirst()), late = Long.parseLong(kilobytes.getLast());
        System.out.printf("resident after 200 steps %d kB, after 1,000 %+d kB%n", early, late - early);
        assertThat(late - early).as("kB grown from %d", early).isLessThan(24 << 10);
    }

    @Test
    void noTensorOutlivesItsStep() throws Exception {
        List<String> grown = output(List.of("-Xms512m", "-Xmx512m", "-Dcrema.debug.lifetimes=true"), Living.class);
        assertThat(grown).containsExactly("looked at 40 steps");
    }

    private List<String> output(List<String> flags, Class<?> main) throws Exception {
        Process child = ChildJvm.start(flags, main, folder.toString());
        List<String> lines = child.inputReader(StandardCharsets.UTF_8).lines().toList();
        assertThat(child.waitFor()).isZero();
        return lines;
    }

    /** Trains for 1,000 steps, with measurements and checkpoints, and says how much memory it has on the way. */
    static final class Resident {
        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            try (Toy toy = Toy.in(folder);
                    Decoder model = Toy.model(DType.BF16)) {
                TrainingPlan plan = Toy.plan(1000, 50, 100, 0);
                Toy.train(model, plan, toy.nextToken(4), folder.resolve("run"), StopSignal.none(), metrics -> {
                    if (metrics.step() == 200 || metrics.step() == 1000) System.out.println(kilobytes());
                });
            }
        }

        private static String kilobytes() {
            try (var lines = Files.lines(Path.of("/proc/self/status"))) {
                return lines.filter(line -> line.startsWith("VmRSS:"))
                        .map(line -> line.replaceAll("\\D", ""))
                        .findFirst()
                        .orElseThrow();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Names each tensor that is there after a step and was not before it, then says how many steps it looked at. */
    static final class Living {
        private static int looked;

        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            if (!Lifetimes.recorded()) throw new IllegalStateException("lifetimes are not recorded");
            try (Toy toy = Toy.in(folder)) {
                for (DType dtype : List.of(DType.FP32, DType.BF16)) {
                    for (boolean recompute : new boolean[] {false, true}) {
                        Path run = folder.resolve(dtype + "-" + recompute);
                        watch(
                                dtype,
                                TokenPrediction.next(
                                        toy.training(2), List.of(toy.training(2).next()), 2, recompute),
                                run);
                    }
                }
            }
            if (!Lifetimes.live().isEmpty()) System.out.println("after all was closed: " + Lifetimes.live());
            System.out.println("looked at " + looked + " steps");
        }

        private static void watch(DType dtype, Method<Decoder> method, Path run) throws IOException {
            try (Decoder model = Toy.model(dtype)) {
                var before = new TreeMap<String, Integer>();
                Toy.train(model, Toy.plan(11, 3, 4, 0), method, run, StopSignal.none(), metrics -> {
                    var after = new TreeMap<String, Integer>();
                    for (String tensor : Lifetimes.live()) after.merge(tensor, 1, Integer::sum);
                    if (metrics.step() > 1) {
                        looked++;
                        after.forEach((tensor, count) -> {
                            int more = count - before.getOrDefault(tensor, 0);
                            if (more > 0) System.out.println("step " + metrics.step() + " left " + more + " " + tensor);
                        });
                    }
                    before.clear();
                    before.putAll(after);
                });
            }
        }
    }
}
