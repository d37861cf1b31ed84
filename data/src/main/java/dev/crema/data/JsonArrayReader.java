package dev.crema.data;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Reads a file that is one JSON array of records, a record at a time. */
final class JsonArrayReader extends RecordsReader {
    private static final JsonMapper JSON = new JsonMapper();

    private final JsonParser parser;

    JsonArrayReader(Path file, RecordFormat format, BadLine badLine) {
        super(file, format, badLine);
        try {
            parser = JSON.createParser(file.toFile());
            parser.nextToken();
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** Tells whether the first character of a file, white space aside, opens an array. */
    static boolean isArray(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] head = in.readNBytes(4096);
            for (byte b : head) {
                boolean mark = (b & 0xFF) >= 0xEF; // of a byte order mark
                if (!Character.isWhitespace(b) && !mark && (b & 0xFF) != 0xBB && (b & 0xFF) != 0xBF) {
                    return b == '[';
                }
            }
            return false;
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    Optional<Example> read() {
        try {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == null) {
                    throw new JsonParseException(parser, "the file ends inside its array");
                }
                long line = parser.currentTokenLocation().getLineNr();
                JsonNode node = JSON.readTree(parser);
                Optional<Example> example = parse(node, line);
                if (example.isPresent()) {
                    return example;
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw broken(e);
        }
    }

    @Override
    public void close() {
        try {
            parser.close();
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** After a broken record nothing in an array can be found again, so it cannot be skipped. */
    private InputException broken(IOException e) {
        if (e instanceof JsonParseException parse) {
            return new InputException(
                    file + ":" + parse.getLocation().getLineNr() + ": not JSON: "
                            + RecordParser.firstLine(parse.getOriginalMessage())
                            + "; mend the file (in an array a broken record cannot be skipped; in JSON Lines it can)",
                    e);
        }
        return new InputException(file + ": cannot be read: " + e.getMessage(), e);
    }
}
