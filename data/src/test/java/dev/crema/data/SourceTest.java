package dev.crema.data;

import static dev.crema.data.TestData.read;
import static dev.crema.data.TestData.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.data.Example.Part;
import dev.crema.data.Example.PlainText;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceTest {
    @TempDir
    Path folder;

    @Test
    void aTextFileIsOneDocumentLetterForLetter() {
        Path file = write(folder, "a.txt", "First line\r\n\n  second é 中 🙂\n");
        assertThat(read(Source.of(file.toString())))
                .containsExactly(new PlainText("First line\r\n\n  second é 中 🙂\n"));
    }

    @Test
    void aFolderIsReadInTheOrderOfNamesAndOtherFilesAreLeftAlone() throws IOException {
        write(folder, "b.md", "b");
        write(folder, "a.txt", "a");
        write(folder, "c.bin", "no text");
        Files.createDirectory(folder.resolve("deeper"));
        write(folder.resolve("deeper"), "d.txt", "d");
        assertThat(read(Source.of(folder.toString())))
                .containsExactly(new PlainText("a"), new PlainText("b"), new PlainText("d"));
    }

    @Test
    void aFolderBehindALinkIsReadToo() throws IOException {
        Files.createDirectory(folder.resolve("books"));
        write(folder.resolve("books"), "a.txt", "a");
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("books"));
        assertThat(read(Source.of(link.toString()))).containsExactly(new PlainText("a"));
    }

    @Test
    void aGlobChoosesFiles() throws IOException {
        write(folder, "a1.txt", "one");
        write(folder, "a2.txt", "two");
        write(folder, "b1.txt", "no");
        Files.createDirectory(folder.resolve("x"));
        write(folder.resolve("x"), "a3.txt", "three");
        assertThat(read(Source.of(folder + "/a*.txt"))).containsExactly(new PlainText("one"), new PlainText("two"));
        assertThat(read(Source.of(folder + "/**/a?.txt")))
                .containsExactly(new PlainText("one"), new PlainText("two"), new PlainText("three"));
        assertThatThrownBy(() -> Source.of(folder + "/*.parquet"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("matches no file");
    }

    @Test
    void aMissingFileNamesTheNearest() {
        write(folder, "shakespeare.txt", "x");
        assertThatThrownBy(() -> Source.of(folder + "/shakespear.txt"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("shakespear.txt: no such file; did you mean " + folder + "/shakespeare.txt?");
        assertThatThrownBy(() -> Source.of(folder + "/nothing-like-it.jsonl"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("check the path");
    }

    @Test
    void aFileOfAnotherFormatIsNotTakenForText() {
        Path file = write(folder, "a.parquet", "PAR1");
        assertThatThrownBy(() -> Source.of(file.toString()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("a.parquet: .parquet files are not read");
    }

    @Test
    void blankLinesEndDocuments() {
        Path file = write(folder, "a.txt", "\n\none\nstill one\n\n \n\ntwo\n");
        assertThat(read(Source.of(file.toString()).documents(new DocumentBoundary.BlankLines())))
                .containsExactly(new PlainText("one\nstill one"), new PlainText("two"));
    }

    @Test
    void aSeparatorEndsDocuments() {
        Path file = write(folder, "a.txt", "one\n\nmore\n<|end|>\ntwo<|end|>three\n<|end|>\n");
        assertThat(read(Source.of(file.toString()).documents(new DocumentBoundary.Separator("<|end|>"))))
                .containsExactly(new PlainText("one\n\nmore"), new PlainText("two"), new PlainText("three"));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 7, 16, 100})
    void aLongDocumentComesInPartsThatJoinToTheWhole(int partChars) {
        String text = "Ein Satz.\nUnd 中文字符 noch 🙂🙂 einer\n\n\nohne Ende" + "ä".repeat(50) + "\nlast\n";
        Path file = write(folder, "a.txt", text);
        List<PlainText> parts = new java.util.ArrayList<>();
        try (TextReader reader = new TextReader(file, new DocumentBoundary.WholeFile(), partChars)) {
            reader.forEachRemaining(example -> parts.add((PlainText) example));
        }
        assertThat(parts.stream().map(PlainText::text).collect(Collectors.joining()))
                .isEqualTo(text);
        assertThat(parts.getFirst().part()).isEqualTo(parts.size() == 1 ? Part.WHOLE : Part.FIRST);
        assertThat(parts.getLast().part().ends()).isTrue();
        assertThat(parts.subList(0, parts.size() - 1))
                .noneMatch(part -> part.part().ends());
        assertThat(parts).allMatch(part -> part.text().length() <= 2 * partChars + 4);
    }

    @Test
    void aSeparatorThatStraddlesTwoPiecesIsFound() {
        Path file = write(folder, "a.txt", "abcdefgh<|end|>ijklmnop<|end|>q");
        for (int partChars = 9; partChars < 24; partChars++) {
            StringBuilder joined = new StringBuilder();
            try (TextReader reader = new TextReader(file, new DocumentBoundary.Separator("<|end|>"), partChars)) {
                reader.forEachRemaining(example -> {
                    PlainText part = (PlainText) example;
                    joined.append(part.text()).append(part.part().ends() ? "/" : "");
                });
            }
            assertThat(joined.toString()).as("parts of %d", partChars).isEqualTo("abcdefgh/ijklmnop/q/");
        }
    }

    @Test
    void badUtf8NamesItsLine() throws IOException {
        Path file = folder.resolve("a.txt");
        Files.write(file, new byte[] {'o', 'k', '\n', 'x', (byte) 0xFF, '\n'});
        assertThatThrownBy(() -> read(Source.of(file.toString())))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("a.txt:2: not UTF-8");
    }

    @Test
    void aByteOrderMarkIsNoText() {
        Path file = write(folder, "a.txt", "\uFEFFtext");
        assertThat(read(Source.of(file.toString()))).containsExactly(new PlainText("text"));
    }

    @Test
    void theKeyFollowsContentAndReadingButNotThePlace() {
        Path file = write(folder, "a.txt", "text");
        Path copy = write(folder, "b.txt", "text");
        Path other = write(folder, "c.txt", "texts");
        String key = Source.of(file.toString()).key();
        assertThat(Source.of(copy.toString()).key()).isEqualTo(key);
        assertThat(Source.of(other.toString()).key()).isNotEqualTo(key);
        assertThat(Source.of(file.toString())
                        .documents(new DocumentBoundary.BlankLines())
                        .key())
                .isNotEqualTo(key);
    }
}
