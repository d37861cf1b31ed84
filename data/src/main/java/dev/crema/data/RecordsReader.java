package dev.crema.data;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.text.InputException;
import java.nio.file.Path;
import java.util.Optional;

/** The common part of readers of records: detects the format once, and treats bad records as asked. */
abstract class RecordsReader extends FileReader {
    final Path file;
    private final BadLine badLine;
    private RecordFormat format;
    private long skipped;

    RecordsReader(Path file, RecordFormat format, BadLine badLine) {
        this.file = file;
        this.format = format;
        this.badLine = badLine;
    }

    @Override
    public long skipped() {
        return skipped;
    }

    /** Reads one record; empty where it is bad and to be skipped. */
    Optional<Example> parse(JsonNode node, long line) {
        try {
            if (format == RecordFormat.DETECT) {
                format = RecordParser.detect(node);
            }
            return Optional.of(RecordParser.parse(node, format, file.getFileName() + ":" + line));
        } catch (BadRecordException e) {
            bad(line, e.reason());
            return Optional.empty();
        }
    }

    /** Stops with an error or counts the record, as asked. */
    void bad(long line, String cause) {
        if (badLine == BadLine.FAIL) {
            throw new InputException(
                    file + ":" + line + ": " + cause + "; mend the record, or leave such out with on_bad_line: skip");
        }
        skipped++;
    }
}
