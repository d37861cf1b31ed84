package dev.crema.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.crema.text.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Holds training to the reference of Stanford's CS336, assignment 1. */
@Tag("shared")
class BpeTrainerParityTest {
    @Test
    void learnsTheReferenceMerges() throws IOException {
        TrainedBpe trained = BpeTrainer.trainOnFiles(
                BpeTraining.of(500, List.of("<|endoftext|>")), List.of(SharedData.path("cs336/corpus.en")));
        assertThat(trained.merges().stream().map(TrainedBpe.Merge::toString).toList())
                .isEqualTo(Files.readAllLines(SharedData.path("cs336/train-bpe-reference-merges.txt")));
        assertThat(trained.vocabulary())
                .isEqualTo(new ObjectMapper()
                        .readValue(
                                SharedData.path("cs336/train-bpe-reference-vocab.json")
                                        .toFile(),
                                new TypeReference<Map<String, Integer>>() {}));
    }

    @Test
    void keepsSpecialTokensOutOfStories() {
        TrainedBpe trained = BpeTrainer.trainOnFiles(
                BpeTraining.of(1000, List.of("<|endoftext|>")),
                List.of(SharedData.path("cs336/tinystories_sample.txt")));
        assertThat(trained.merges()).hasSizeGreaterThan(300);
        assertThat(trained.vocabulary().keySet().stream().filter(token -> !token.equals("<|endoftext|>")))
                .noneMatch(token -> token.contains("<|"));
    }
}
