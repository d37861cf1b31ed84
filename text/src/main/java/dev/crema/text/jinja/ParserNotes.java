package dev.crema.text.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the parser remembers beside the tree.
 *
 * <p>Jinja refuses a template that names an unknown filter or test, except directly inside an {@code if}, where the
 * error waits until that branch runs. So unknown names are kept with a flag: the end of an {@code if} forgives those
 * since its start, unless a loop, macro or block in between made them firm.
 */
final class ParserNotes {
    private static final int MAX_NESTING = 150;

    private record Unknown(String message, boolean firm) {}

    private final List<Unknown> unknown = new ArrayList<>();
    private final Deque<Set<String>> uses = new ArrayDeque<>();
    private int nesting;

    void unknown(String kind, String name, int line) {
        unknown.add(new Unknown("line " + line + ": there is no " + kind + " named '" + name + "'", false));
    }

    int mark() {
        return unknown.size();
    }

    void forgiveSince(int mark) {
        List<Unknown> since = unknown.subList(mark, unknown.size());
        since.removeIf(entry -> !entry.firm());
    }

    void firmSince(int mark) {
        List<Unknown> since = unknown.subList(mark, unknown.size());
        since.replaceAll(entry -> new Unknown(entry.message(), true));
    }

    void check() {
        if (!unknown.isEmpty()) {
            throw new TemplateFailure(unknown.getFirst().message());
        }
    }

    void use(String name) {
        if (!uses.isEmpty()) {
            uses.peek().add(name);
        }
    }

    void beginMacro() {
        uses.push(new HashSet<>());
    }

    /** Gives the names that the macro's body read; they count as read by the macro around it too. */
    Set<String> endMacro() {
        Set<String> names = uses.pop();
        names.forEach(this::use);
        names.retainAll(Set.of("caller", "kwargs", "varargs"));
        return Set.copyOf(names);
    }

    void enter(int line) {
        if (++nesting > MAX_NESTING) {
            throw new TemplateFailure("line " + line + ": the template nests more than " + MAX_NESTING + " deep");
        }
    }

    void leave() {
        nesting--;
    }
}
