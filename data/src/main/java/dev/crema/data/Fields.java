package dev.crema.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads the fields of a record, with errors that name the field. */
final class Fields {
    private Fields() {}

    /** Returns a field that must be there and be a string. */
    static String text(JsonNode record, String field) throws BadRecordException {
        JsonNode value = record.path(field);
        if (!value.isTextual()) {
            throw new BadRecordException(
                    value.isMissingNode()
                            ? "the field \"" + field + "\" is missing, there are " + names(record)
                            : "the field \"" + field + "\" must be a string, not " + kind(value));
        }
        return value.textValue();
    }

    /** Returns a field that may be absent, null or empty. */
    static String textOrEmpty(JsonNode record, String field) throws BadRecordException {
        JsonNode value = record.path(field);
        return value.isMissingNode() || value.isNull() ? "" : text(record, field);
    }

    /** Returns a field that must be there and be a list with something in it. */
    static JsonNode list(JsonNode record, String field) throws BadRecordException {
        JsonNode value = record.path(field);
        if (!value.isArray()) {
            throw new BadRecordException(
                    value.isMissingNode()
                            ? "the field \"" + field + "\" is missing, there are " + names(record)
                            : "the field \"" + field + "\" must be a list, not " + kind(value));
        }
        if (value.isEmpty()) {
            throw new BadRecordException("the field \"" + field + "\" is an empty list");
        }
        return value;
    }

    static String names(JsonNode record) {
        List<String> names = new ArrayList<>();
        record.fieldNames().forEachRemaining(names::add);
        return names.toString();
    }

    static String kind(JsonNode value) {
        return switch (value.getNodeType()) {
            case ARRAY -> "a list";
            case OBJECT -> "an object";
            default -> value.getNodeType().toString().toLowerCase(Locale.ROOT);
        };
    }
}
