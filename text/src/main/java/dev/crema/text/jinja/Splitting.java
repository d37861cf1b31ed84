package dev.crema.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** How Python splits text. */
final class Splitting {
    private Splitting() {}

    /** Splits at every separator, or at {@code limit} of them (no limit below 0), counted from the end if asked. */
    static List<String> bySeparator(String text, String separator, int limit, boolean fromEnd) {
        if (separator.isEmpty()) {
            throw new TemplateFailure("split() needs a separator that is not empty");
        }
        List<String> parts = new ArrayList<>();
        if (fromEnd) {
            int end = text.length();
            for (int at = text.lastIndexOf(separator); at >= 0 && parts.size() != limit; ) {
                parts.add(text.substring(at + separator.length(), end));
                end = at;
                at = at < separator.length() ? -1 : text.lastIndexOf(separator, at - separator.length());
            }
            parts.add(text.substring(0, end));
            Collections.reverse(parts);
            return parts;
        }
        int start = 0;
        for (int at = text.indexOf(separator); at >= 0 && parts.size() != limit; at = text.indexOf(separator, start)) {
            parts.add(text.substring(start, at));
            start = at + separator.length();
        }
        parts.add(text.substring(start));
        return parts;
    }

    /** Splits at runs of whitespace, dropping those at both ends. */
    static List<String> bySpace(String text, int limit, boolean fromEnd) {
        List<String> parts = new ArrayList<>();
        if (fromEnd) {
            String rest = PythonText.stripRight(text);
            while (!rest.isEmpty() && parts.size() != limit) {
                int start = rest.length();
                while (start > 0 && !PythonText.isSpace(rest.charAt(start - 1))) {
                    start--;
                }
                parts.add(rest.substring(start));
                rest = PythonText.stripRight(rest.substring(0, start));
            }
            if (!rest.isEmpty()) {
                parts.add(rest);
            }
            Collections.reverse(parts);
            return parts;
        }
        int at = skip(text, 0, true);
        while (at < text.length() && parts.size() != limit) {
            int end = skip(text, at, false);
            parts.add(text.substring(at, end));
            at = skip(text, end, true);
        }
        if (at < text.length()) {
            parts.add(text.substring(at));
        }
        return parts;
    }

    private static int skip(String text, int from, boolean space) {
        int at = from;
        while (at < text.length() && PythonText.isSpace(text.charAt(at)) == space) {
            at++;
        }
        return at;
    }

    /** Splits into lines at every line boundary that Python knows. */
    static List<String> lines(String text, boolean keepEnds) {
        List<String> lines = new ArrayList<>();
        int start = 0;
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(c) < 0) {
                continue;
            }
            int end = at - 1;
            if (c == '\r' && at < text.length() && text.charAt(at) == '\n') {
                at++;
            }
            lines.add(text.substring(start, keepEnds ? at : end));
            start = at;
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }
}
