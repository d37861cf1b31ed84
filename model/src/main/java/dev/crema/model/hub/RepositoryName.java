package dev.crema.model.hub;

import dev.crema.text.InputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A repository of a hub, {@code OWNER/NAME}. */
public record RepositoryName(String owner, String name) {
    private static final Pattern WHOLE = Pattern.compile("([^/]+)/([^/]+)");
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_-])?");

    public RepositoryName {
        check(owner);
        check(name);
    }

    private static void check(String part) {
        if (!PART.matcher(part).matches() || part.contains("..") || part.contains("--")) {
            throw new InputException(
                    "\"" + part + "\" is no name on a hub: it takes letters, digits, and single . _ -");
        }
    }

    /**
     * Reads {@code OWNER/NAME}.
     *
     * @throws InputException if it is anything else
     */
    public static RepositoryName parse(String text) {
        Matcher matcher = WHOLE.matcher(text);
        if (!matcher.matches()) {
            throw new InputException(
                    "\"" + text + "\" is no repository: give OWNER/NAME, as in HuggingFaceTB/SmolLM2-135M");
        }
        return new RepositoryName(matcher.group(1), matcher.group(2));
    }

    @Override
    public String toString() {
        return owner + "/" + name;
    }
}
