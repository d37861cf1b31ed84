package dev.crema.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.crema.text.InputException;
import dev.crema.text.SpecialTokens.Role;
import dev.crema.text.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpeTrainerTest {
    private static final List<String> SPECIALS = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    @TempDir
    private Path folder;

    @Test
    void learnsTheMergesOfThePlainAlgorithm() {
        var random = new Random(1);
        for (int round = 0; round < 50; round++) {
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                var text = new StringBuilder();
                random.ints(random.nextInt(1, 40), 0, 6).forEach(c -> text.append("aabc  ".charAt(c)));
                texts.add(text.toString());
            }
            TrainedBpe trained = BpeTrainer.trainOnTexts(BpeTraining.of(330, List.of("<s>")), texts);
            assertThat(trained.merges().stream().map(TrainedBpe.Merge::toString).toList())
                    .isEqualTo(plainMerges(texts, trained.merges().size()));
        }
    }

    @Test
    void savedTokenizerEncodesAndDecodes() {
        String text = "Sally had 3 apples and 12 pears, 你好 😀\n\n  so <|im_end|> 15 in all.";
        for (PreTokenization pre : PreTokenization.values()) {
            TrainedBpe trained = BpeTrainer.trainOnTexts(
                    BpeTraining.of(290, SPECIALS)
                            .withPreTokenization(pre)
                            .withRole(Role.EOS, "<|im_end|>")
                            .withRole(Role.PAD, "<|endoftext|>"),
                    List.of(text, text, "apples and pears", "12", "12", "12", "12"));
            trained.save(folder, "{{ messages[0]['content'] }}");
            try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                int[] ids = tokenizer.encode(text);
                assertThat(tokenizer.decode(ids)).isEqualTo(text);
                assertThat(ids).contains(2).hasSizeLessThan(text.length());
                assertThat(tokenizer.vocabularySize()).isEqualTo(290);
                assertThat(tokenizer.specials().eos().orElseThrow().id()).isEqualTo(2);
                assertThat(tokenizer.specials().pad().orElseThrow().id()).isZero();
                assertThat(trained.vocabulary())
                        .allSatisfy(
                                (token, id) -> assertThat(tokenizer.id(token)).isEqualTo(id));
                assertThat(tokenizer.encode("12")).hasSize(pre == PreTokenization.GPT2 ? 1 : 2);
            }
            assertThat(folder.resolve("tokenizer_config.json")).content().contains("messages[0]['content']");
            assertThat(folder.toFile().list()).hasSize(2);
        }
    }

    @Test
    void filesFoldersAndTextsTrainAlike() throws IOException {
        List<String> texts = List.of("one fish two fish", "red fish\n\nblue fish", "");
        Path nested = Files.createDirectories(folder.resolve("corpus/deep"));
        Files.writeString(folder.resolve("corpus/a.txt"), texts.get(0));
        Files.writeString(nested.resolve("b.txt"), texts.get(1));
        Files.writeString(folder.resolve("corpus/empty.txt"), texts.get(2));
        Files.write(folder.resolve("corpus/.hidden"), new byte[] {-1});
        BpeTraining training = BpeTraining.of(280, SPECIALS);
        List<String> expected = merges(BpeTrainer.trainOnTexts(training, texts));
        assertThat(merges(BpeTrainer.trainOnFiles(training, List.of(folder.resolve("corpus")))))
                .isEqualTo(expected);
        Stream<String> stream = texts.stream();
        assertThat(merges(BpeTrainer.trainOnTexts(training, stream::iterator))).isEqualTo(expected);
    }

    @Test
    void smallBlocksGiveTheSameWords() throws IOException {
        var random = new Random(9);
        String[] pieces = {"the ", "<|im_end|>", "你好，", "12", "\n\n", "  ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "!?", "😀"
        };
        var text = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            text.append(pieces[random.nextInt(pieces.length)]);
        }
        Path file = Files.writeString(folder.resolve("text"), text);
        BpeTraining training = BpeTraining.of(400, SPECIALS);
        var whole = new WordCounter(training);
        whole.count(new TextBlocks(List.of(text.toString()).iterator()), 0, (stage, done, total) -> {});
        Map<String, Long> expected = counts(whole.takeWords());
        for (int size : new int[] {16, 100, 1000}) {
            var counter = new WordCounter(training);
            counter.count(
                    new FileBlocks(List.of(file, file), counter.specials(), size, 1 << 20),
                    0,
                    (stage, done, total) -> {});
            assertThat(counter.bytes()).isEqualTo(2 * Files.size(file));
            Map<String, Long> counts = counts(counter.takeWords());
            counts.replaceAll((word, count) -> count / 2);
            assertThat(counts).isEqualTo(expected);
        }
    }

    /** The committed tokenizers, which transformers has answered for in {@link dev.crema.text.TokenizerParityTest}. */
    @Test
    void trainsTheSameTokenizerEverywhere() throws IOException {
        Path committed = Path.of("src/test/resources/tokenizers");
        List<String> texts = new ObjectMapper()
                .readValue(committed.resolve("strings.json").toFile(), new TypeReference<List<String>>() {});
        for (PreTokenization pre : PreTokenization.values()) {
            String name = pre.name().toLowerCase(Locale.ROOT);
            BpeTrainer.trainOnTexts(
                            BpeTraining.of(600, SPECIALS)
                                    .withPreTokenization(pre)
                                    .withRole(Role.BOS, "<|im_start|>")
                                    .withRole(Role.EOS, "<|im_end|>")
                                    .withRole(Role.PAD, "<|endoftext|>"),
                            texts)
                    .save(folder.resolve(name));
            for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
                assertThat(folder.resolve(name).resolve(file))
                        .hasSameTextualContentAs(committed.resolve(name).resolve(file));
            }
        }
    }

    @Test
    void specialTokensAreNeverLearnt() {
        TrainedBpe trained = BpeTrainer.trainOnTexts(
                BpeTraining.of(300, SPECIALS), List.of("a<|endoftext|>b<|endoftext|>".repeat(99)));
        assertThat(trained.merges()).isEmpty();
        assertThat(trained.vocabulary()).hasSize(259).containsEntry("<|im_end|>", 2);
    }

    @Test
    void dropsRareWordsBeyondTheBudget() {
        Iterable<String> texts = Stream.concat(
                Stream.of("often ".repeat(100_000)),
                new Random(2).ints(60_000, 100_000, 999_999).mapToObj(i -> "w" + i))::iterator;
        BpeTraining training = BpeTraining.of(300, SPECIALS).withMaxMemoryBytes(1 << 20);
        TrainedBpe trained = BpeTrainer.trainOnTexts(training, texts);
        assertThat(trained.droppedOccurrences()).isPositive();
        assertThat(trained.words()).isLessThan(20_000);
        assertThat(trained.vocabulary()).containsKey("Ġoften");
    }

    @Test
    void tellsHowFarItIs() {
        List<String> heard = new ArrayList<>();
        BpeTrainer.trainOnTexts(
                BpeTraining.of(260, SPECIALS),
                List.of("aaaa"),
                (stage, done, total) -> heard.add(stage + " " + done + " " + total));
        assertThat(heard).containsExactly("COUNTING 4 0", "MERGING 257 257");
    }

    @Test
    void badInputGivesOneClearLine() throws IOException {
        Path broken = Files.write(folder.resolve("broken.txt"), new byte[] {'o', 'k', ' ', (byte) 0xE4, (byte) 0xBD});
        BpeTraining training = BpeTraining.of(300, SPECIALS);
        assertThatThrownBy(() -> BpeTrainer.trainOnFiles(training, List.of(broken)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not UTF-8 text at byte 3");
        assertThatThrownBy(() -> BpeTrainer.trainOnFiles(training, List.of(folder.resolve("absent"))))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("absent");
        assertThatThrownBy(() -> BpeTrainer.trainOnTexts(training, List.of("")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no text");
        assertThatThrownBy(() -> BpeTraining.of(258, SPECIALS))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("at least 259");
        assertThatThrownBy(() -> training.withRole(Role.BOS, "<s>")).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> BpeTraining.of(300, List.of("a", "a"))).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> BpeTrainer.trainOnTexts(BpeTraining.of(300, List.of("a")), List.of("bb")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("<|a|>");
    }

    private static List<String> merges(TrainedBpe trained) {
        return trained.merges().stream().map(TrainedBpe.Merge::toString).toList();
    }

    private static Map<String, Long> counts(WordCounts words) {
        Map<String, Long> counts = new HashMap<>();
        for (int i = 0; i < words.size(); i++) {
            var bytes = new byte[words.length(i)];
            for (int k = 0; k < bytes.length; k++) {
                bytes[k] = words.at(i, k);
            }
            counts.put(new String(bytes, StandardCharsets.UTF_8), words.count(i));
        }
        return counts;
    }

    /** The algorithm as the definition has it: recount everything before each merge. ASCII only. */
    private static List<String> plainMerges(List<String> texts, int merges) {
        List<List<String>> words = new ArrayList<>();
        for (String text : texts) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            PreTokenization.GPT2.scan(
                    bytes,
                    0,
                    bytes.length,
                    (from, to) -> words.add(new ArrayList<>(text.substring(from, to)
                            .chars()
                            .mapToObj(Character::toString)
                            .toList())));
        }
        List<String> found = new ArrayList<>();
        for (int merge = 0; merge < merges; merge++) {
            Map<List<String>, Integer> counts = new HashMap<>();
            for (List<String> word : words) {
                for (int i = 0; i + 1 < word.size(); i++) {
                    counts.merge(List.of(word.get(i), word.get(i + 1)), 1, Integer::sum);
                }
            }
            List<String> best = counts.entrySet().stream()
                    .max(Map.Entry.<List<String>, Integer>comparingByValue()
                            .thenComparing(entry -> entry.getKey().get(0))
                            .thenComparing(entry -> entry.getKey().get(1)))
                    .orElseThrow()
                    .getKey();
            found.add(best.get(0).replace(' ', 'Ġ') + " " + best.get(1).replace(' ', 'Ġ'));
            for (List<String> word : words) {
                for (int i = 0; i + 1 < word.size(); i++) {
                    if (word.get(i).equals(best.get(0)) && word.get(i + 1).equals(best.get(1))) {
                        word.set(i, best.get(0) + best.get(1));
                        word.remove(i + 1);
                    }
                }
            }
        }
        return found;
    }
}
