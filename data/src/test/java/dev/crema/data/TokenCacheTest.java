package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenCacheTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0x110000, 1 << 16})
    void whatIsWrittenIsRead(int vocabulary) throws IOException {
        List<int[]> documents = List.of(new int[] {5, 6, 65_535}, new int[] {7, 8}, new int[] {9, 10, 11, 12});
        try (TokenCache cache = TestData.cache(folder, documents, vocabulary)) {
            assertThat(cache.count()).isEqualTo(3);
            assertThat(cache.tokens()).isEqualTo(9);
            assertThat(cache.predictions()).isEqualTo(6);
            assertThat(LongStream.range(0, 9).mapToInt(cache::token).toArray())
                    .containsExactly(5, 6, 65_535, 7, 8, 9, 10, 11, 12);
            assertThat(LongStream.range(0, 9).allMatch(cache::loss)).isTrue();
            assertThat(LongStream.rangeClosed(0, 3).map(cache::firstToken).toArray())
                    .containsExactly(0, 3, 5, 9);
            assertThat(LongStream.range(0, 6).map(cache::documentOf).toArray()).containsExactly(0, 0, 1, 2, 2, 2);
            assertThat(Files.size(file("tokens.bin"))).isEqualTo(vocabulary > 1 << 16 ? 36 : 18);
        }
    }

    @Test
    void aDocumentInPartsIsOneDocument() throws IOException {
        Path text = TestData.write(folder, "a.txt", "a line of text\n".repeat(10_000));
        Source source = Source.of(text.toString());
        assertThat(TestData.read(source)).hasSizeGreaterThan(1);
        try (TokenCache cache =
                TokenCaches.of(source, new TestData.Characters(1 << 16, true), folder.resolve("cache"))) {
            assertThat(cache.count()).isEqualTo(1);
            assertThat(cache.tokens()).isEqualTo(150_001);
            assertThat(cache.token(150_000)).isEqualTo(TestData.END);
        }
    }

    @Test
    void itIsTokenizedOnceAndLeavesNothingBeside() throws IOException {
        TestData.texts(folder, List.of("some text")).close();
        var written = Files.getLastModifiedTime(file("tokens.bin"));
        TestData.texts(folder, List.of("some text")).close();
        assertThat(Files.getLastModifiedTime(file("tokens.bin"))).isEqualTo(written);
        TestData.texts(folder, List.of("other text")).close();
        try (Stream<Path> caches = Files.list(folder)) {
            assertThat(caches)
                    .hasSize(2)
                    .allMatch(cache -> cache.getFileName().toString().length() == 32);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokens.bin", "mask.bin", "index.bin", "manifest.json"})
    void aTruncatedFileIsSeenAndMadeAgain(String name) throws IOException {
        TestData.texts(folder, List.of("some text", "more text")).close();
        Path file = file(name);
        byte[] whole = Files.readAllBytes(file);
        try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
            cut.setLength(whole.length / 2);
        }
        assertThatThrownBy(() -> TokenCache.open(file.resolveSibling("")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("delete");
        TestData.texts(folder, List.of("some text", "more text")).close();
        assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokens.bin", "mask.bin", "index.bin"})
    void aChangedByteIsSeen(String name) throws IOException {
        TestData.texts(folder, List.of("some text", "more text")).close();
        Path file = file(name);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> TokenCache.open(file.resolveSibling("")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(name + ": changed since it was written");
    }

    @Test
    void whatAKilledProcessLeftIsCleanedUp() throws IOException {
        TestData.texts(folder, List.of("some text")).close();
        Path whole = file("tokens.bin").resolveSibling("");
        Path left = whole.resolveSibling(whole.getFileName() + ".partial-999999999999");
        Files.move(whole, left);
        TestData.texts(folder, List.of("some text")).close();
        assertThat(left).doesNotExist();
        assertThat(whole).exists();
    }

    @Test
    void anEmptyCorpusIsAnError() {
        Path text = TestData.write(folder, "blank.txt", "  \n\n");
        assertThatThrownBy(() -> TokenCaches.of(
                        Source.of(text.toString()), new TestData.Characters(256, true), folder.resolve("cache")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("blank.txt: holds no text to learn from");
        assertThat(folder.resolve("cache")).isEmptyDirectory();
    }

    @Test
    void aTokenBeyondTheVocabularyIsAnError() {
        assertThatThrownBy(() -> TestData.cache(folder, List.of(new int[] {1, 300}), 256))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("token 300, beyond its vocabulary of 256");
    }

    @Test
    void aSplitByHashSharesNoDocumentAndKeepsItsSidesAsTheCorpusGrows() {
        List<int[]> few =
                LongStream.range(0, 500).mapToObj(TokenCacheTest::document).toList();
        List<int[]> more =
                LongStream.range(0, 1500).mapToObj(TokenCacheTest::document).toList();
        Documents.Sides small = Documents.split(TestData.cache(folder, few, 1 << 16), 0.2);
        Documents.Sides large = Documents.split(TestData.cache(folder, more, 1 << 16), 0.2);
        assertThat(small.train().count() + small.validation().count()).isEqualTo(500);
        assertThat(small.validation().count()).isBetween(60L, 140L);
        assertThat(firsts(small.train())).doesNotContainAnyElementsOf(firsts(small.validation()));
        assertThat(firsts(large.train())).containsAll(firsts(small.train()));
        assertThat(firsts(large.validation())).containsAll(firsts(small.validation()));
        assertThat(small.train().firstPrediction(small.train().count()))
                .isEqualTo(small.train().predictions());
    }

    @Test
    void aTrailingSplitCutsTheText() {
        TokenCache cache = TestData.texts(folder, List.of("abcdefghij", "klmnopqrs")); // 11 and 10 tokens
        Documents.Sides sides = Documents.splitTrailing(cache, 0.25);
        assertThat(sides.train().count()).isEqualTo(2);
        assertThat(sides.train().predictions()).isEqualTo(13);
        assertThat(sides.validation().count()).isEqualTo(1);
        assertThat(sides.validation().predictions()).isEqualTo(5);
        assertThat(cache.token(sides.validation().firstToken(0))).isEqualTo('o');
        assertThatThrownBy(() -> Documents.splitTrailing(cache, 0.01)).isInstanceOf(InputException.class);
    }

    private static int[] document(long i) {
        return new int[] {(int) i + 2, (int) i + 3, 5};
    }

    private static List<Integer> firsts(Documents documents) {
        return LongStream.range(0, documents.count())
                .mapToObj(d -> documents.cache().token(documents.firstToken(d)))
                .toList();
    }

    private Path file(String name) throws IOException {
        try (Stream<Path> caches = Files.list(folder)) {
            return caches.filter(Files::isDirectory).findFirst().orElseThrow().resolve(name);
        }
    }
}
