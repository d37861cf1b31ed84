package dev.crema.text.bpe;

import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads files of any size as blocks, cut where the patterns cut whatever stands around.
 *
 * <p>Between a letter or number and anything else every pattern ends a word, and what follows is cut as if a text began
 * there. So a file is cut at the last such place of a block, unless that falls inside a special token. Text without any
 * (megabytes of one letter) makes the block grow, and is in the end cut between two characters.
 */
final class FileBlocks implements Iterator<Block>, AutoCloseable {
    private final Iterator<Path> files;
    private final SpecialSplitter specials;
    private final int size;
    private final int largest;

    private @Nullable InputStream open;
    private Path file = Path.of("");
    /** Where in the file the bytes carried over begin. */
    private long offset;

    private byte[] carried = new byte[0];

    FileBlocks(List<Path> files, SpecialSplitter specials, int size, int largest) {
        this.files = files.iterator();
        this.specials = specials;
        this.size = size;
        this.largest = largest;
    }

    /** List the files of folders, at any depth and in the order of their names, leaving hidden ones out. */
    static List<Path> expand(List<Path> filesOrFolders) {
        return filesOrFolders.stream().flatMap(FileBlocks::expand).toList();
    }

    private static Stream<Path> expand(Path path) {
        if (Files.isRegularFile(path)) {
            return Stream.of(path);
        }
        if (!Files.isDirectory(path)) {
            throw new InputException("There is no file or folder " + path + " to train on");
        }
        try (Stream<Path> children = Files.list(path)) {
            return children.filter(child -> !child.getFileName().toString().startsWith(".")).sorted().toList().stream()
                    .flatMap(FileBlocks::expand);
        } catch (IOException e) {
            throw new InputException("Cannot list " + path + ": " + e.getMessage(), e);
        }
    }

    @Override
    public boolean hasNext() {
        return open != null || files.hasNext();
    }

    @Override
    public Block next() {
        try {
            return read();
        } catch (IOException e) {
            throw new InputException("Cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private Block read() throws IOException {
        byte[] buffer = Arrays.copyOf(carried, Math.max(size, carried.length));
        int length = carried.length;
        int start = 0;
        var ends = IntStream.builder();
        while (start < size / 2) {
            InputStream in = open;
            if (in == null) {
                if (!files.hasNext()) {
                    break;
                }
                file = files.next();
                offset = 0;
                in = Files.newInputStream(file);
                open = in;
            }
            int read = in.readNBytes(buffer, length, buffer.length - length);
            length += read;
            if (length < buffer.length) { // the end of the file
                add(ends, buffer, start, length);
                in.close();
                open = null;
                start = length;
                continue;
            }
            int cut = specials.cut(buffer, start, length);
            if (cut == start && start == 0) {
                if (buffer.length < largest) {
                    buffer = Arrays.copyOf(buffer, Math.min(largest, buffer.length * 2));
                    continue;
                }
                cut = betweenCharacters(buffer, length);
            }
            if (cut > start) {
                add(ends, buffer, start, cut);
                start = cut;
            }
            break;
        }
        carried = Arrays.copyOfRange(buffer, start, length);
        return new Block(buffer, ends.build().toArray());
    }

    private void add(IntStream.Builder ends, byte[] buffer, int start, int end) {
        int malformed = CharClass.malformed(buffer, start, end);
        if (malformed >= 0) {
            throw new InputException(file + " is not UTF-8 text at byte " + (offset + malformed - start)
                    + ": convert it to UTF-8 or leave it out");
        }
        offset += end - start;
        ends.add(end);
    }

    private static int betweenCharacters(byte[] buffer, int length) {
        int cut = length - 4;
        while (cut > 1 && (buffer[cut] & 0xC0) == 0x80) {
            cut--;
        }
        return cut;
    }

    @Override
    public void close() {
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            throw new InputException("Cannot close " + file + ": " + e.getMessage(), e);
        }
    }
}
