package dev.crema.text;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One message of a chat: its role, its content and whatever else the model's template reads, such as {@code tool_calls},
 * {@code name} or {@code reasoning_content}.
 *
 * <p>Values are what JSON has: maps, lists, strings, numbers and booleans. A field that is null is dropped, as
 * transformers drops it, since many templates take a missing field but not a null one.
 */
public record Message(Map<String, Object> fields) {
    public Message {
        if (!(fields.get("role") instanceof String)) {
            throw new InputException(
                    "a message has no \"role\": give it one such as \"user\", it has the fields " + fields.keySet());
        }
        Map<String, Object> copy = new LinkedHashMap<>();
        fields.forEach((name, value) -> {
            if (value != null) {
                copy.put(name, value);
            }
        });
        fields = Collections.unmodifiableMap(copy);
    }

    /** Make a message of text. */
    public static Message of(String role, String content) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put("content", content);
        return new Message(fields);
    }

    /** Make a message that instructs the model. */
    public static Message system(String content) {
        return of("system", content);
    }

    /** Make a message from the user. */
    public static Message user(String content) {
        return of("user", content);
    }

    /** Make a message that the model wrote. */
    public static Message assistant(String content) {
        return of("assistant", content);
    }

    /** Make the result of a tool's call. */
    public static Message tool(String name, String content) {
        return of("tool", content).with("name", name);
    }

    public String role() {
        return (String) fields.getOrDefault("role", "");
    }

    /** Give the content if it is text; else, as for a bare tool call or content in parts, the empty text. */
    public String content() {
        return fields.get("content") instanceof String text ? text : "";
    }

    /** Make a copy with one more field, or another value for one. */
    public Message with(String name, Object value) {
        Map<String, Object> copy = new LinkedHashMap<>(fields);
        copy.put(name, value);
        return new Message(copy);
    }

    boolean isAssistant() {
        return role().equals("assistant");
    }
}
