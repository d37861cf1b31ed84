package dev.crema.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads JSON Lines: a record a line, blank lines aside. */
final class JsonLinesReader extends RecordsReader {
    private static final int LONGEST_LINE = 1 << 26;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final LineReader lines;

    JsonLinesReader(Path file, RecordFormat format, BadLine badLine) {
        super(file, format, badLine);
        this.lines = new LineReader(file, LONGEST_LINE);
    }

    @Override
    Optional<Example> read() {
        while (lines.advance()) {
            if (lines.lineGoesOn()) {
                throw new InputException(file + ":" + lines.number() + ": a line of more than " + LONGEST_LINE
                        + " bytes; is this JSON Lines, one record a line?");
            }
            Optional<Example> example = readLine();
            if (example.isPresent()) {
                return example;
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        lines.close();
    }

    private Optional<Example> readLine() {
        Optional<String> line = lines.decoded();
        if (line.isEmpty()) {
            bad(lines.number(), "not UTF-8");
            return Optional.empty();
        }
        if (line.orElseThrow().isBlank()) {
            return Optional.empty();
        }
        try {
            return parse(JSON.readTree(line.orElseThrow()), lines.number());
        } catch (JsonProcessingException e) {
            bad(lines.number(), "not JSON: " + RecordParser.firstLine(e.getOriginalMessage()));
            return Optional.empty();
        }
    }
}
