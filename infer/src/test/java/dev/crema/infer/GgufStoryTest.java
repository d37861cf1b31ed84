package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tells the story that the makers of a tiny model published, from the GGUF file that others made of it. */
@Tag("shared")
class GgufStoryTest {
    private static final String BEGINNING = "Once upon a time";

    @Test
    void tellsThePublishedStoryAsFarAsTheContextGoes() throws IOException {
        Path data = Path.of(System.getProperty("crema.shared", "")).resolve("data/stories260K");
        String published = Files.readString(data.resolve("stories260K.md"));
        String story = published.substring(published.indexOf(BEGINNING));
        try (LanguageModel model = LanguageModel.load(data.resolve("tinyllm.gguf"), DType.FP32, Device.CPU);
                TextGenerator generator = new TextGenerator(model)) {
            TextOptions greedy = new TextOptions(300, new Sampling(0, 0, 1, 0, 1), List.of(), 0);
            GeneratedText generated = generator.complete(BEGINNING, greedy, piece -> true);

            assertThat(generated.promptTokens() + generated.ids().length)
                    .isEqualTo(model.decoder().config().context())
                    .isEqualTo(128);
            assertThat(story).startsWith(BEGINNING + generated.text());
        }
    }
}
