package dev.crema.cli;

import dev.crema.infer.EmbeddingSettings;
import dev.crema.infer.Pooling;
import dev.crema.infer.TextEmbedder;
import dev.crema.infer.TextEmbedder.Embedded;
import dev.crema.tensor.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns texts into vectors by an encoder. */
@Command(name = "embed", description = "Turn texts into vectors by an encoder.")
final class Embed extends Verb {
    @Parameters(paramLabel = "MODEL", description = "Folder of an encoder, in Hugging Face's form.")
    private Path folder;

    @Mixin
    private TextArguments texts;

    @Option(
            names = "--pooling",
            description = "How tokens become one vector: ${COMPLETION-CANDIDATES}. Default: as 1_Pooling/config.json"
                    + " says, else their mean.")
    private Optional<Pooling> pooling;

    @Option(
            names = "--normalize",
            arity = "1",
            paramLabel = "true|false",
            description = "Give vectors the length 1. Default: as modules.json says, else yes.")
    private Optional<Boolean> normalize;

    @Option(
            names = "--dtype",
            defaultValue = "FP32",
            description = "Type of the weights: ${COMPLETION-CANDIDATES}. Default: fp32.")
    private Precision precision;

    /** What {@code --json} prints: a vector for each text, in order. */
    record Document(int dimensions, String pooling, boolean normalized, List<Row> embeddings) {}

    /** One text's part of the document. */
    record Row(String text, float[] vector, int tokens, boolean truncated) {}

    @Override
    void run(Console console) throws IOException {
        List<String> all = texts.all("embed");
        try (TextEmbedder embedder = TextEmbedder.load(Folders.model(folder), precision.dtype(), Device.best())) {
            EmbeddingSettings how = embedder.settings();
            if (pooling.isPresent()) how = how.with(pooling.get());
            if (normalize.isPresent()) how = how.normalized(normalize.get());
            List<Embedded> embedded = embedder.embed(all, how);
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                Embedded one = embedded.get(i);
                rows.add(new Row(all.get(i), one.vector(), one.tokens(), one.truncated()));
                console.out().println(text(one.vector()));
            }
            long cut = embedded.stream().filter(Embedded::truncated).count();
            if (cut > 0) console.note("[" + cut + " texts were cut to " + how.maxTokens() + " tokens]");
            console.document(new Document(
                    rows.getFirst().vector().length,
                    how.pooling().name().toLowerCase(Locale.ROOT),
                    how.normalized(),
                    rows));
        }
    }

    private static String text(float[] vector) {
        StringJoiner line = new StringJoiner(" ");
        for (float value : vector) line.add(String.format(Locale.ROOT, "%.6f", value));
        return line.toString();
    }
}
