package dev.crema.cli.recipe;

import java.util.Collection;
import java.util.Locale;

/** Spells Java names as recipe keys, and guesses which key a misspelt one was meant to be. */
final class Names {
    private Names() {}

    /** Returns {@code learning_rate} for {@code learningRate}, {@code WarmupStable} and {@code LEARNING_RATE} alike. */
    static String snake(String javaName) {
        if (javaName.equals(javaName.toUpperCase(Locale.ROOT))) {
            return javaName.toLowerCase(Locale.ROOT);
        }
        return javaName.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }

    /** Returns {@code "; did you mean 'steps'?"} if a known name is near enough, else nothing. */
    static String didYouMean(String name, Collection<String> known) {
        String best = "";
        int bestDistance = Math.max(2, name.length() / 3) + 1;
        for (String candidate : known) {
            int distance = distance(name, candidate);
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best.isEmpty() ? "" : "; did you mean '" + best + "'?";
    }

    /** Counts edits, a swap of neighbours as one: Damerau's distance in the restricted form. */
    static int distance(String from, String to) {
        String a = from.toLowerCase(Locale.ROOT).replace('-', '_');
        String b = to.toLowerCase(Locale.ROOT).replace('-', '_');
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
