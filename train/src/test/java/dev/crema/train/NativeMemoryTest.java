package dev.crema.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.data.Batch;
import dev.crema.model.Activations;
import dev.crema.model.Decoder;
import dev.crema.model.Dropout;
import dev.crema.model.Model;
import dev.crema.tensor.DType;
import dev.crema.tensor.Lifetimes;
import dev.crema.train.method.Auxiliary;
import dev.crema.train.method.PassPlan;
import dev.crema.train.method.TokenPrediction;
import dev.crema.train.metrics.Metrics;
import dev.crema.train.run.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
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
        assertThat(grown).containsExactly("looked at 70 steps");
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
        private static final Dropout DROPOUT = new Dropout(0.1, 1);
        private static int looked;

        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            if (!Lifetimes.recorded()) throw new IllegalStateException("lifetimes are not recorded");
            try (Toy toy = Toy.in(folder)) {
                for (DType dtype : List.of(DType.FP32, DType.BF16)) {
                    for (boolean recompute : new boolean[] {false, true}) {
                        Path run = folder.resolve(dtype + "-" + recompute);
                        watch(Toy.model(dtype), next(toy, recompute, Auxiliary.NONE), run);
                    }
                }
                Auxiliary ahead = new Auxiliary(0, 0, 0.3), even = new Auxiliary(0.01, 0.01, 0);
                watch(Toy.lookingAhead(DType.FP32), next(toy, true, ahead), folder.resolve("ahead"));
                watch(Toy.skewedExperts(DType.BF16), next(toy, true, even), folder.resolve("even"));
            }
            var pairs =
                    TokenPrediction.pairs(new ToyPairs(), List.of(), new PassPlan(2, Activations.RECOMPUTE, DROPOUT));
            watch(ToyPairs.model(DType.FP32), pairs, folder.resolve("pairs"));
            if (!Lifetimes.live().isEmpty()) System.out.println("after all was closed: " + Lifetimes.live());
            System.out.println("looked at " + looked + " steps");
        }

        private static TokenPrediction<Decoder, Batch> next(Toy toy, boolean recompute, Auxiliary auxiliary) {
            List<Batch> validation = List.of(toy.training(2).next());
            return TokenPrediction.next(
                    toy.training(2), validation, new PassPlan(2, Activations.recompute(recompute), DROPOUT), auxiliary);
        }

        private static <M extends Model> void watch(M fresh, Method<M> method, Path folder) throws IOException {
            try (M model = fresh;
                    RunFolder run = RunFolder.open(folder)) {
                var before = new TreeMap<String, Integer>();
                Consumer<Metrics> look = metrics -> {
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
                };
                new Trainer<>(Toy.plan(11, 3, 4, 0), method, run, look, StopSignal.none()).train(model);
            }
        }
    }
}
