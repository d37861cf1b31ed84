package dev.crema.cli.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.crema.text.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;

/**
 * Reads YAML into {@link Node}s, which keep each value's line and its text as written.
 *
 * <p>So {@code 1e-3}, {@code 10k} and {@code no} mean what the setting they are for says, not what YAML 1.1 would guess.
 * Aliases and a second document are refused: a recipe reads from top to bottom.
 */
final class YamlReader {
    private static final YAMLFactory YAML = new YAMLFactory();

    private final String source;
    private final boolean lines;
    private final YAMLParser parser;

    private YamlReader(String source, boolean lines, YAMLParser parser) {
        this.source = source;
        this.lines = lines;
        this.parser = parser;
    }

    /** Reads the text of a file; values are said to be from its lines. */
    static Node readFile(String name, String text) {
        return read(name, true, text);
    }

    /** Reads one value given on a command line or as a default. */
    static Node readValue(String source, String text) {
        return read(source, false, text);
    }

    private static Node read(String source, boolean lines, String text) {
        try (YAMLParser parser = YAML.createParser(text)) {
            var reader = new YamlReader(source, lines, parser);
            if (parser.nextToken() == null) {
                return new Node.Nothing(new Origin(source, lines ? 1 : 0));
            }
            Node root = reader.value(reader.origin());
            if (parser.nextToken() != null) {
                throw new InputException(reader.origin() + ": a second document; only one can be read");
            }
            return root;
        } catch (JsonProcessingException e) {
            int line = lines && e.getLocation() != null ? e.getLocation().getLineNr() : 0;
            String reason = e.getOriginalMessage().lines().findFirst().orElse("unknown reason");
            throw new InputException(new Origin(source, line) + ": not YAML: " + reason, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Node value(Origin origin) throws IOException {
        if (parser.isCurrentAlias()) {
            throw new InputException(
                    origin + ": aliases (*" + parser.getText() + ") are not read; write the value out");
        }
        return switch (parser.currentToken()) {
            case START_OBJECT -> mapping(origin);
            case START_ARRAY -> sequence(origin);
            case VALUE_NULL -> new Node.Nothing(origin);
            default -> new Node.Text(origin, parser.getText());
        };
    }

    private Node mapping(Origin origin) throws IOException {
        var entries = new LinkedHashMap<String, Node>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            Origin at = origin();
            parser.nextToken();
            if (entries.containsKey(key)) {
                throw new InputException(at + ": the key '" + key + "' is there twice; remove one");
            }
            entries.put(key, value(at)); // a value is where its key is
        }
        return new Node.Mapping(origin, entries);
    }

    private Node sequence(Origin origin) throws IOException {
        var items = new ArrayList<Node>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(value(origin()));
        }
        return new Node.Sequence(origin, items);
    }

    private Origin origin() {
        return new Origin(source, lines ? parser.currentTokenLocation().getLineNr() : 0);
    }
}
