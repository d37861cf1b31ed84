package dev.crema.data;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.data.Example.Completion;
import dev.crema.data.Example.PlainText;

/** Turns one JSON record into an example. */
final class RecordParser {
    private RecordParser() {}

    /** Finds the format of a record by its fields. */
    static RecordFormat detect(JsonNode record) throws BadRecordException {
        if (record.has("messages")) {
            return RecordFormat.CHAT;
        }
        if (record.has("conversations")) {
            return RecordFormat.SHAREGPT;
        }
        if (record.has("prompt") && record.has("completion")) {
            return RecordFormat.COMPLETION;
        }
        if (record.has("instruction") && record.has("output")) {
            return RecordFormat.ALPACA;
        }
        if (record.has("question") && record.has("answer")) {
            return RecordFormat.QUESTION_ANSWER;
        }
        if (record.has("text")) {
            return RecordFormat.TEXT;
        }
        throw new BadRecordException("the fields " + Fields.names(record) + " are of no known format: text;"
                + " prompt, completion; messages; conversations; instruction, output; question, answer");
    }

    static Example parse(JsonNode record, RecordFormat format) throws BadRecordException {
        if (!record.isObject()) {
            throw new BadRecordException("a record must be a JSON object, not " + Fields.kind(record));
        }
        return switch (format) {
            case TEXT -> new PlainText(Fields.text(record, "text"));
            case COMPLETION -> new Completion(Fields.text(record, "prompt"), Fields.text(record, "completion"));
            case CHAT, SHAREGPT, ALPACA, QUESTION_ANSWER, PROBLEM -> throw new BadRecordException("soon");
            case DETECT -> parse(record, detect(record));
        };
    }

    /** Cuts an error message to its first line. */
    static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }
}
