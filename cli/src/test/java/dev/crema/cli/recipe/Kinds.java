package dev.crema.cli.recipe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Small stages that do real work on small files, and a reader of recipes made of them. */
final class Kinds {
    static final RecipeReader READER = new RecipeReader(List.of(Count.class, Repeat.class, JoinStage.class));

    private Kinds() {}

    /** Counts the words of a file. */
    record Count(Path data, @Default("false") boolean lines) implements Stage {
        @Override
        public List<Input> inputs() {
            return List.of(new Input.File(data));
        }

        @Override
        public void run(StageContext context) throws IOException {
            String text;
            if (Files.isDirectory(data)) {
                var all = new StringBuilder();
                try (var files = Files.list(data)) {
                    for (Path file : files.sorted().toList()) {
                        all.append(Files.readString(file));
                    }
                }
                text = all.toString();
            } else {
                text = Files.readString(data);
            }
            long count = lines ? text.lines().count() : text.split("\\s+").length;
            Files.writeString(context.folder().resolve("count.txt"), Long.toString(count));
        }
    }

    /** Writes a text as often as the stage it reads from counted, with settings of every type. */
    record Repeat(
            String from,
            @Default("x") String text,
            @Default("3") int times,
            @Default("2 GB") long memory,
            @Default("3e-4") double learningRate,
            @Default("15m") Duration patience,
            @Default("upper_case") Style style,
            @Default("cosine") Schedule schedule,
            @Default("{a: 1}") Map<String, Long> weights,
            Optimizer optimizer)
            implements Stage {
        Repeat {
            Check.atLeast("times", times, 1);
            Check.positive("learningRate", learningRate);
            Check.that(!text.isBlank(), "text", "blank", "some text");
        }

        @Override
        public List<Input> inputs() {
            return List.of(new Input.Output(from));
        }

        @Override
        public void run(StageContext context) throws IOException {
            int count = Integer.parseInt(Files.readString(context.output(from).resolve("count.txt")));
            Path out = context.folder().resolve("text.txt");
            Files.writeString(out, (text + context.seed()).repeat(count * times));
        }
    }

    enum Style {
        UPPER_CASE,
        LOWER_CASE
    }

    /** A choice, of which one has settings without defaults. */
    sealed interface Schedule {
        record Constant() implements Schedule {}

        record Cosine(
                @Default("10") long warmup, @Default("0.1") double minRatio) implements Schedule {
            public Cosine {
                if (warmup > 100) {
                    throw new IllegalArgumentException("warmup must be at most 100, is " + warmup);
                }
            }
        }

        record WarmupStable(long decay) implements Schedule {}
    }

    /** Nested settings whose defaults are an instance. */
    record Optimizer(double beta1, List<Double> betas, boolean nesterov) {
        Optimizer {
            Check.between("beta1", beta1, 0, 1);
        }

        static Optimizer defaults() {
            return new Optimizer(0.9, List.of(0.9, 0.95), false);
        }
    }

    /** Joins the outputs of others. */
    record JoinStage(List<String> of) implements Stage {
        @Override
        public List<Input> inputs() {
            return of.stream().<Input>map(Input.Output::new).toList();
        }

        @Override
        public void run(StageContext context) throws IOException {
            var sizes = new ArrayList<String>();
            for (String each : of) {
                try (var files = Files.list(context.output(each))) {
                    sizes.add(each + " " + files.count());
                }
            }
            Files.write(context.folder().resolve("joined.txt"), sizes);
        }
    }
}
