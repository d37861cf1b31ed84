package dev.crema.infer;

import java.util.List;

/**
 * Passes text on until a stop string comes, holding back what may yet become one, so that no part of it is ever shown.
 */
final class StopStrings {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean found;

    StopStrings(List<String> stops) {
        this.stops = stops;
    }

    /** Tells whether a stop string has come. */
    boolean found() {
        return found;
    }

    /** Takes the next piece and returns the text that can be shown. */
    String append(String piece) {
        if (found) return "";
        held.append(piece);
        int end = firstStop();
        found = end >= 0;
        return take(found ? end : held.length() - possible());
    }

    /** Ends the text and returns what was held back, which has not become a stop string. */
    String finish() {
        return found ? "" : take(held.length());
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }

    private int firstStop() {
        return stops.stream()
                .mapToInt(held::indexOf)
                .filter(at -> at >= 0)
                .min()
                .orElse(-1);
    }

    /** Returns the length of the longest ending that begins a stop string. */
    private int possible() {
        int longest = stops.stream().mapToInt(String::length).max().orElse(1) - 1;
        for (int length = Math.min(longest, held.length()); length > 0; length--) {
            String ending = held.substring(held.length() - length);
            if (stops.stream().anyMatch(stop -> stop.startsWith(ending))) return length;
        }
        return 0;
    }
}
