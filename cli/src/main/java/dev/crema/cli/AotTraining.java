package dev.crema.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * Is the training run from which the JVM makes its ahead-of-time cache (JEP 483, JEP 514, JEP 515): the launcher runs it
 * after a build, so that each later start finds its classes loaded and linked, and knows which methods to compile first.
 *
 * <p>A small model is trained and asked, since that is what most starts are for.
 */
final class AotTraining {
    private static final String TEXT = "One and two are three, and three and four are seven.\n".repeat(400);

    private AotTraining() {}

    public static void main(String[] args) throws IOException {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        Main.run(nowhere, nowhere, "--version");
        Main.run(nowhere, nowhere, "--help");
        Main.run(nowhere, nowhere, "--no-such-option");
        CommandLine crema = CremaCommand.commandLine(nowhere, nowhere, CremaCommand.verbs());
        for (String verb : crema.getSubcommands().keySet()) {
            Main.run(nowhere, nowhere, verb, "--help");
        }
        Path folder = Files.createTempDirectory("crema-warm-up");
        try {
            Path text = Files.writeString(folder.resolve("text.txt"), TEXT), runs = folder.resolve("runs");
            for (String dtype : List.of("bf16", "fp32")) {
                String run = runs.resolve(dtype).toString();
                Main.run(nowhere, nowhere, pretrain(text.toString(), run, dtype));
                for (int i = 0; i < 3; i++) {
                    Main.run(nowhere, nowhere, generate(run + "/pretrain/model", dtype));
                }
            }
        } finally {
            remove(folder);
        }
    }

    private static String[] pretrain(String text, String run, String dtype) {
        return ("pretrain " + text + " --out " + run + " --set training.precision=" + dtype
                        + " --set tokenizer.vocabulary=300 --set model.layers=2 --set model.hidden_size=128"
                        + " --set model.heads=4 --set model.context=256 --set batch.rows=4 --set batch.columns=64"
                        + " --set training.steps=20")
                .split(" ");
    }

    private static String[] generate(String model, String dtype) {
        return ("generate " + model + " --prompt One --max-tokens 200 --temperature 1 --dtype " + dtype).split(" ");
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }
}
