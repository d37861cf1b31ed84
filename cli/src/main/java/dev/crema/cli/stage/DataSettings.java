package dev.crema.cli.stage;

import dev.crema.cli.recipe.Default;
import dev.crema.cli.recipe.Input;
import dev.crema.data.BadLine;
import dev.crema.data.DocumentBoundary;
import dev.crema.data.Example;
import dev.crema.data.ExampleReader;
import dev.crema.data.ExampleSource;
import dev.crema.data.RecordFormat;
import dev.crema.data.Source;
import dev.crema.data.arithmetic.ArithmeticCorpus;
import dev.crema.data.arithmetic.CorpusMixture;
import dev.crema.data.arithmetic.WorkedExamples;
import java.nio.file.Path;
import java.util.List;

/** What a stage learns from. */
sealed interface DataSettings {
    /** Returns the examples, which a seed may decide. */
    ExampleSource source(long seed);

    /** Names the files that the stage reads. */
    List<Input> inputs();

    /** Lists the files that a path (a file, a folder or a glob) stands for. */
    static List<Input> filesOf(Path path) {
        return Source.of(path.toString()).files().stream()
                .<Input>map(Input.File::new)
                .toList();
    }

    /**
     * Files of text or of records.
     *
     * @param path a file, a folder or a glob
     * @param format of records; detected unless given
     * @param documents where documents of plain text end
     * @param onBadLine what to do with a record that cannot be read
     */
    record Files(
            Path path,
            @Default("detect") RecordFormat format,
            @Default("whole_file") DocumentBoundary documents,
            @Default("fail") BadLine onBadLine)
            implements DataSettings {
        @Override
        public ExampleSource source(long seed) {
            return Source.of(path.toString()).as(format).documents(documents).onBadLine(onBadLine);
        }

        @Override
        public List<Input> inputs() {
            return filesOf(path);
        }
    }

    /** The quickstart's corpus, in which reasoning exists but is unreliable. */
    record Arithmetic(@Default("80k") long examples) implements DataSettings {
        @Override
        public ExampleSource source(long seed) {
            return new ArithmeticCorpus(CorpusMixture.DEFAULT, seed, examples);
        }

        @Override
        public List<Input> inputs() {
            return List.of();
        }
    }

    /** Arithmetic problems worked out rightly between tags, as chats. */
    record WorkedArithmetic(@Default("200") int examples) implements DataSettings {
        @Override
        public ExampleSource source(long seed) {
            return new WorkedExamples(examples, seed + 1);
        }

        @Override
        public List<Input> inputs() {
            return List.of();
        }
    }

    /**
     * Problems from files, worked out between tags as chats: what is to be learnt before rewards for that form.
     *
     * @param path a file, a folder or a glob of records of question and answer, such as GSM8K's
     * @param system a first message that says how to answer; empty for none
     * @param mostSteps keeps problems whose worked answer has at most so many {@code <<...>>} steps; 0 keeps all
     * @param examples how many to take at most
     */
    record WorkedProblems(
            Path path,
            @Default("''") String system,
            @Default("0") int mostSteps,
            @Default("1000") int examples) implements DataSettings {
        @Override
        public ExampleSource source(long seed) {
            ProblemSettings.Files files = new ProblemSettings.Files(path, system, mostSteps, examples);
            return new Listed(
                    "worked problems " + examples + " " + mostSteps + " " + system + " "
                            + Source.of(path.toString()).key(),
                    files.worked(examples));
        }

        @Override
        public List<Input> inputs() {
            return filesOf(path);
        }
    }

    /** Examples in memory. */
    record Listed(String key, List<Example> examples) implements ExampleSource {
        @Override
        public String name() {
            return key;
        }

        @Override
        public ExampleReader open() {
            return ExampleReader.of(examples.iterator());
        }
    }
}
