package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Imports a real encoder from the jar that LangChain4j publishes, and refuses what is none. */
final class ImportOnnxTest {
    @TempDir
    private Path temporary;

    @Test
    void makesAFolderThatEmbeds() throws IOException {
        URL model = Objects.requireNonNull(ImportOnnxTest.class.getResource("/all-minilm-l6-v2.onnx"));
        URL jar = ((JarURLConnection) model.openConnection()).getJarFileURL();
        String file = Path.of(URI.create(jar.toString())).toString();
        String out = temporary.resolve("minilm").toString();
        CommandRun run = CommandRun.of("import", file, "--out", out, "--json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode document = new ObjectMapper().readTree(run.out());
        assertThat(document.path("family").asText()).isEqualTo("bert");
        assertThat(document.path("dtype").asText()).isEqualTo("fp32");
        assertThat(CommandRun.of("inspect", out).out())
                .contains("bert")
                .contains("30522")
                .contains("[MASK]");
        run = CommandRun.of("embed", out, "--text", "A cat sat.", "--json");
        assertThat(new ObjectMapper().readTree(run.out()).path("dimensions").asInt())
                .isEqualTo(384);
        assertThat(CommandRun.of("import", file, "--out", out, "--dtype", "bf16")
                        .err())
                .contains("keep the type that they are stored in");
    }

    @Test
    void saysInOneLineWhatIsWrong() throws IOException {
        Path out = temporary.resolve("out");
        Path text = Files.writeString(temporary.resolve("a.onnx"), "This is no model.");
        CommandRun run = CommandRun.of("import", text.toString(), "--out", out.toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("is no ONNX model").hasLineCount(1);
        Path jar = Files.writeString(temporary.resolve("a.jar"), "This is no jar.");
        assertThat(CommandRun.of("import", jar.toString(), "--out", out.toString())
                        .err())
                .contains("is no jar, or is damaged")
                .hasLineCount(1);
        Path other = Files.writeString(temporary.resolve("a.bin"), "What is this?");
        assertThat(CommandRun.of("import", other.toString(), "--out", out.toString())
                        .err())
                .contains("GGUF")
                .hasLineCount(1);
        assertThat(out).doesNotExist();
    }
}
