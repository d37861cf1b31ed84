package dev.crema.data;

import dev.crema.text.InputException;
import java.nio.file.Path;
import java.util.List;

/**
 * Files of text or of records, read as a stream.
 *
 * <p>{@code .txt} and {@code .md} files are plain text, cut into documents at {@code boundary}; {@code .jsonl} and
 * {@code .json} files hold records of {@code format}.
 *
 * @param name what the recipe wrote: a file, a folder or a glob
 * @param files the files, in order
 * @param format the shape of the records, or {@link RecordFormat#DETECT}
 * @param boundary where documents of plain text end
 * @param badLine what to do with a record that cannot be read
 */
public record Source(String name, List<Path> files, RecordFormat format, DocumentBoundary boundary, BadLine badLine)
        implements ExampleSource {
    /** The longest part of a document that is held in memory, in characters. */
    static final int PART_CHARS = 1 << 16;

    public Source {
        files = List.copyOf(files);
        if (files.isEmpty()) {
            throw new InputException(name + ": no files");
        }
    }

    /**
     * Finds the files that a name stands for: one file, a folder (its .txt, .md, .json and .jsonl files, at any depth) or a
     * glob such as {@code data/*.jsonl}. Throws InputException where there is none, with the nearest name.
     */
    public static Source of(String name) {
        return new Source(
                name, SourceFiles.resolve(name), RecordFormat.DETECT, new DocumentBoundary.WholeFile(), BadLine.FAIL);
    }

    /** Reads records in this format instead of the one detected. */
    public Source as(RecordFormat chosen) {
        return new Source(name, files, chosen, boundary, badLine);
    }

    /** Ends documents of plain text here instead of at the end of a file. */
    public Source documents(DocumentBoundary chosen) {
        return new Source(name, files, format, chosen, badLine);
    }

    /** Treats records that cannot be read in this way instead of stopping. */
    public Source onBadLine(BadLine chosen) {
        return new Source(name, files, format, boundary, chosen);
    }

    @Override
    public String key() {
        ContentHash hash = new ContentHash();
        hash.add(format + " " + boundary + " " + badLine + " " + PART_CHARS);
        files.forEach(file -> hash.add(SourceFiles.extension(file)).addContent(file));
        return hash.hex();
    }

    @Override
    public ExampleReader open() {
        return new FilesReader(this);
    }
}
