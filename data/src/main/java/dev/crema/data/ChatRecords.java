package dev.crema.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.data.Example.Chat;
import dev.crema.text.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads conversations as OpenAI and as ShareGPT write them. */
final class ChatRecords {
    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<LinkedHashMap<String, Object>> OBJECT = new TypeReference<>() {};

    private ChatRecords() {}

    static Chat openAi(JsonNode record) throws BadRecordException {
        return chat(messages(Fields.list(record, "messages")), tools(record));
    }

    static Chat shareGpt(JsonNode record) throws BadRecordException {
        List<Message> messages = new ArrayList<>();
        String system = Fields.textOrEmpty(record, "system");
        if (!system.isEmpty()) {
            messages.add(Message.system(system));
        }
        for (JsonNode turn : Fields.list(record, "conversations")) {
            String from = Fields.text(turn, "from");
            String value = Fields.text(turn, "value");
            messages.add(
                    switch (from) {
                        case "human", "user" -> Message.user(value);
                        case "gpt", "assistant", "chatgpt", "model", "bing", "bard" -> Message.assistant(value);
                        case "system" -> Message.system(value);
                        case "function_call" -> Message.assistant("").with("tool_calls", calls(value));
                        case "observation", "tool", "function_response" -> Message.of("tool", value);
                        default ->
                            throw new BadRecordException("\"from\" is \"" + from + "\": no known speaker;"
                                    + " known are human, gpt, system, function_call, observation");
                    });
        }
        return chat(messages, tools(record));
    }

    /** Checks that there is something to learn and something before it. */
    static Chat chat(List<Message> messages, List<Map<String, Object>> tools) throws BadRecordException {
        if (messages.getFirst().role().equals("assistant")) {
            throw new BadRecordException("the chat starts with the assistant, so nothing prompts its first message");
        }
        if (messages.stream().noneMatch(message -> message.role().equals("assistant"))) {
            throw new BadRecordException("the chat has no message of the assistant, so nothing to learn");
        }
        return new Chat(messages, tools);
    }

    static List<Message> messages(JsonNode list) throws BadRecordException {
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : list) {
            messages.add(message(message));
        }
        return messages;
    }

    /** Returns the field {@code tools}: a list of schemas, or a string that holds one. */
    static List<Map<String, Object>> tools(JsonNode record) throws BadRecordException {
        JsonNode tools = record.path("tools");
        if (tools.isTextual()) {
            tools = tools.textValue().isBlank() ? JSON.createArrayNode() : parse(tools.textValue(), "tools");
        }
        List<Map<String, Object>> schemas = new ArrayList<>();
        for (JsonNode tool : tools) {
            if (!tool.isObject()) {
                throw new BadRecordException("a tool must be an object, not " + Fields.kind(tool));
            }
            Map<String, Object> schema = JSON.convertValue(tool, OBJECT);
            schemas.add(schema.containsKey("function") ? schema : function(schema));
        }
        return schemas;
    }

    private static Message message(JsonNode message) throws BadRecordException {
        Fields.text(message, "role");
        LinkedHashMap<String, Object> fields = JSON.convertValue(message, OBJECT);
        JsonNode content = message.path("content");
        if (content.isArray()) {
            fields.put("content", parts(content, "text"));
            String reasoning = parts(content, "reasoning");
            if (!reasoning.isEmpty()) {
                fields.put("reasoning_content", reasoning);
            }
        } else if (!content.isTextual() && !message.has("tool_calls")) {
            throw new BadRecordException("the field \"content\" of a message must be a string, not "
                    + (content.isMissingNode() ? "missing" : Fields.kind(content)));
        }
        return new Message(fields);
    }

    /** Joins the content parts of a type; a part that is no text cannot be learned from. */
    private static String parts(JsonNode content, String type) throws BadRecordException {
        StringBuilder joined = new StringBuilder();
        for (JsonNode part : content) {
            String kind = Fields.text(part, "type");
            if (!kind.equals("text") && !kind.equals("reasoning")) {
                throw new BadRecordException("a content part of type \"" + kind + "\": only text can be read");
            }
            if (kind.equals(type)) {
                joined.append(Fields.text(part, part.has("text") ? "text" : "value"));
            }
        }
        return joined.toString();
    }

    private static List<Map<String, Object>> calls(String value) throws BadRecordException {
        JsonNode parsed = parse(value, "function_call");
        List<Map<String, Object>> calls = new ArrayList<>();
        for (JsonNode call : parsed.isArray() ? parsed : JSON.createArrayNode().add(parsed)) {
            Fields.text(call, "name");
            calls.add(function(JSON.convertValue(call, OBJECT)));
        }
        return calls;
    }

    private static Map<String, Object> function(Map<String, Object> function) {
        Map<String, Object> wrapped = new LinkedHashMap<>();
        wrapped.put("type", "function");
        wrapped.put("function", function);
        return wrapped;
    }

    private static JsonNode parse(String json, String field) throws BadRecordException {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new BadRecordException(
                    "\"" + field + "\" is not JSON: " + RecordParser.firstLine(e.getOriginalMessage()));
        }
    }
}
