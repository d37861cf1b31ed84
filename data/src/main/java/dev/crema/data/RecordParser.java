package dev.crema.data;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.data.Example.Chat;
import dev.crema.data.Example.Completion;
import dev.crema.data.Example.PlainText;
import dev.crema.data.Example.Problem;
import dev.crema.text.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
        if (record.has("tokens") && tagField(record).isPresent()) {
            return RecordFormat.TAGGED;
        }
        if (record.has("text")) {
            return RecordFormat.TEXT;
        }
        throw new BadRecordException("the fields " + Fields.names(record) + " are of no known format: text;"
                + " prompt, completion; messages; conversations; instruction, output; question, answer;"
                + " tokens, ner_tags");
    }

    /** Reads a record; {@code place} names it where it has no name of its own. */
    static Example parse(JsonNode record, RecordFormat format, String place) throws BadRecordException {
        if (!record.isObject()) {
            throw new BadRecordException("a record must be a JSON object, not " + Fields.kind(record));
        }
        return switch (format) {
            case TEXT -> new PlainText(Fields.text(record, "text"));
            case COMPLETION -> completion(record);
            case CHAT -> ChatRecords.openAi(record);
            case SHAREGPT -> ChatRecords.shareGpt(record);
            case ALPACA -> alpaca(record);
            case QUESTION_ANSWER ->
                new Chat(List.of(
                        Message.user(Fields.text(record, "question")),
                        Message.assistant(Fields.text(record, "answer"))));
            case PROBLEM -> problem(record, place);
            case TAGGED -> tagged(record);
            case DETECT -> parse(record, detect(record), place);
        };
    }

    private static Optional<String> tagField(JsonNode record) {
        return Stream.of("ner_tags", "tags", "labels").filter(record::has).findFirst();
    }

    private static Example tagged(JsonNode record) throws BadRecordException {
        String field = tagField(record)
                .orElseThrow(() ->
                        new BadRecordException("the field \"ner_tags\", \"tags\" or \"labels\" is missing, there are "
                                + Fields.names(record)));
        List<String> words = new ArrayList<>(), tags = new ArrayList<>();
        for (JsonNode word : Fields.list(record, "tokens")) {
            if (!word.isTextual())
                throw new BadRecordException("\"tokens\" must hold strings, not " + Fields.kind(word));
            words.add(word.textValue());
        }
        for (JsonNode tag : Fields.list(record, field)) {
            if (!tag.isTextual() && !tag.isInt()) {
                throw new BadRecordException(
                        "\"" + field + "\" must hold labels or their numbers, not " + Fields.kind(tag));
            }
            tags.add(tag.asText().strip());
        }
        if (words.size() != tags.size()) {
            throw new BadRecordException("there are " + words.size() + " tokens and " + tags.size() + " of \"" + field
                    + "\"; give each one");
        }
        return new Example.Tagged(words, tags);
    }

    /** Cuts an error message to its first line. */
    static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    private static Example completion(JsonNode record) throws BadRecordException {
        if (!record.path("prompt").isArray()) {
            return new Completion(Fields.text(record, "prompt"), Fields.text(record, "completion"));
        }
        List<Message> messages = new ArrayList<>(ChatRecords.messages(Fields.list(record, "prompt")));
        messages.addAll(ChatRecords.messages(Fields.list(record, "completion")));
        return ChatRecords.chat(messages, ChatRecords.tools(record));
    }

    private static Example alpaca(JsonNode record) throws BadRecordException {
        String instruction = Fields.text(record, "instruction");
        String input = Fields.textOrEmpty(record, "input");
        String system = Fields.textOrEmpty(record, "system");
        List<Message> messages = new ArrayList<>();
        if (!system.isEmpty()) {
            messages.add(Message.system(system));
        }
        messages.add(Message.user(input.isEmpty() ? instruction : instruction + "\n\n" + input));
        messages.add(Message.assistant(Fields.text(record, "output")));
        return new Chat(messages);
    }

    private static Example problem(JsonNode record, String place) throws BadRecordException {
        String id = record.path("id").isValueNode() ? record.path("id").asText() : place;
        return new Problem(prompt(record), finalAnswer(record), id);
    }

    private static List<Message> prompt(JsonNode record) throws BadRecordException {
        for (String field : List.of("messages", "prompt")) {
            if (record.path(field).isArray()) {
                return ChatRecords.messages(Fields.list(record, field));
            }
        }
        for (String field : List.of("question", "problem", "prompt")) {
            if (record.has(field)) {
                return List.of(Message.user(Fields.text(record, field)));
            }
        }
        throw new BadRecordException("a problem needs the field \"question\", \"problem\", \"prompt\" or \"messages\","
                + " there are " + Fields.names(record));
    }

    /** In GSM8K the answer is worked out, and what follows the last {@code ####} is the number. */
    private static String finalAnswer(JsonNode record) throws BadRecordException {
        JsonNode value = record.path("answer");
        String answer = value.isNumber() ? value.asText() : Fields.text(record, "answer");
        int mark = answer.lastIndexOf("####");
        return (mark < 0 ? answer : answer.substring(mark + 4)).strip();
    }
}
