package dev.crema.data;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;

/** Reads the files of a source one after the other; one file is open at a time. */
final class FilesReader extends FileReader {
    private final Source source;
    private final Iterator<Path> files;
    private Optional<FileReader> current = Optional.empty();
    private long skippedBefore;

    FilesReader(Source source) {
        this.source = source;
        this.files = source.files().iterator();
    }

    @Override
    public long skipped() {
        return skippedBefore + current.map(FileReader::skipped).orElse(0L);
    }

    @Override
    Optional<Example> read() {
        while (current.isPresent() || files.hasNext()) {
            if (current.isEmpty()) {
                current = Optional.of(open(files.next()));
            }
            FileReader reader = current.orElseThrow();
            if (reader.hasNext()) {
                return Optional.of(reader.next());
            }
            skippedBefore += reader.skipped();
            reader.close();
            current = Optional.empty();
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        current.ifPresent(FileReader::close);
    }

    private FileReader open(Path file) {
        return switch (SourceFiles.extension(file)) {
            case "jsonl", "ndjson" -> new JsonLinesReader(file, source.format(), source.badLine());
            case "json" ->
                JsonArrayReader.isArray(file)
                        ? new JsonArrayReader(file, source.format(), source.badLine())
                        : new JsonLinesReader(file, source.format(), source.badLine());
            default -> new TextReader(file, source.boundary(), Source.PART_CHARS);
        };
    }
}
