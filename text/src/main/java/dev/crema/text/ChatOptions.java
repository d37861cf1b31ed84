package dev.crema.text;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a chat template is given beside the messages.
 *
 * @param tools JSON schemas of the functions that the model may call; none is the same as an empty list
 * @param documents texts to answer from, each with {@code title} and {@code text}; none is the same as an empty list
 * @param variables what else the template reads, such as {@code enable_thinking}
 * @param clock tells the date to templates that print it
 */
public record ChatOptions(
        List<Map<String, Object>> tools,
        List<Map<String, Object>> documents,
        Map<String, Object> variables,
        Clock clock) {
    /** No tools, documents or variables, and the system's clock. */
    public static final ChatOptions NONE = new ChatOptions(List.of(), List.of(), Map.of(), Clock.systemDefaultZone());

    public ChatOptions {
        tools = List.copyOf(tools);
        documents = List.copyOf(documents);
        variables = Map.copyOf(variables);
    }

    public ChatOptions withTools(List<Map<String, Object>> newTools) {
        return new ChatOptions(newTools, documents, variables, clock);
    }

    public ChatOptions withDocuments(List<Map<String, Object>> newDocuments) {
        return new ChatOptions(tools, newDocuments, variables, clock);
    }

    public ChatOptions withClock(Clock newClock) {
        return new ChatOptions(tools, documents, variables, newClock);
    }

    /** Make a copy with one more variable, or another value for one. */
    public ChatOptions with(String name, Object value) {
        Map<String, Object> copy = new LinkedHashMap<>(variables);
        copy.put(name, value);
        return new ChatOptions(tools, documents, copy, clock);
    }
}
