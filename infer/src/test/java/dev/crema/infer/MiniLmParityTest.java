package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.infer.TextEmbedder.Embedded;
import dev.crema.model.checkpoint.Safetensors;
import dev.crema.model.checkpoint.onnx.OnnxImport;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.text.Tokenizer;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** all-MiniLM-L6-v2 from LangChain4j's jar, against ONNX Runtime: {@code bench/reference/minilm_onnx.py}. */
class MiniLmParityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/minilm");

    @TempDir
    private static Path folder;

    private static final List<String> SENTENCES = new ArrayList<>();
    private static final List<int[]> IDS = new ArrayList<>();

    @BeforeAll
    static void importFromTheJar() throws IOException {
        for (JsonNode row : JsonMapper.builder()
                .build()
                .readTree(GOLDEN.resolve("sentences.json").toFile())) {
            SENTENCES.add(row.path("text").asText());
            int[] ids = new int[row.path("ids").size()];
            for (int i = 0; i < ids.length; i++) ids[i] = row.path("ids").get(i).asInt();
            IDS.add(ids);
        }
        assertThat(SENTENCES).hasSize(200);
        URL model = Objects.requireNonNull(MiniLmParityTest.class.getResource("/all-minilm-l6-v2.onnx"));
        URL jar = ((JarURLConnection) model.openConnection()).getJarFileURL();
        OnnxImport.Imported imported = OnnxImport.run(Path.of(URI.create(jar.toString())), folder);
        assertThat(imported.layers()).isEqualTo(6);
        assertThat(imported.tokenizer()).isTrue();
    }

    @Test
    void tokenIdsAreEqual() {
        try (Tokenizer tokenizer = Tokenizer.load(folder)) {
            for (int i = 0; i < IDS.size(); i++) {
                assertThat(tokenizer.encodeWithSpecials(SENTENCES.get(i)))
                        .as(SENTENCES.get(i))
                        .isEqualTo(IDS.get(i));
            }
        }
    }

    @Test
    void embeddingsPointTheSameWay() {
        try (TextEmbedder embedder = TextEmbedder.load(folder, DType.FP32, Device.CPU);
                Safetensors golden = Safetensors.open(GOLDEN.resolve("embeddings.safetensors"));
                Scope scope = Scope.open()) {
            float[] expected =
                    golden.entry("embeddings").tensor().to(DType.FP32).toFloats(); // [200, 384]
            List<Embedded> embedded = embedder.embed(SENTENCES);
            double worst = 1;
            for (int i = 0; i < SENTENCES.size(); i++) {
                float[] vector = embedded.get(i).vector();
                double product = 0, length = 0;
                for (int d = 0; d < vector.length; d++) {
                    float other = expected[i * vector.length + d];
                    product += (double) vector[d] * other;
                    length += (double) other * other;
                }
                worst = Math.min(worst, product / Math.sqrt(length));
            }
            assertThat(worst).as("smallest cosine of 200 sentences").isGreaterThan(0.99999);
        }
    }
}
