package dev.crema.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * Finds the word that was probably meant: the one at the least distance, counting letters put in, left out, replaced,
 * or swapped with their neighbour (optimal string alignment; Damerau, "A technique for computer detection and correction
 * of spelling errors", 1964).
 */
final class Nearest {
    private Nearest() {}

    /** Returns the nearest of {@code words}, if it is near: two letters apart at most, or a third of the word. */
    static Optional<String> to(String word, Collection<String> words) {
        int near = Math.max(2, word.length() / 3);
        return words.stream()
                .filter(candidate -> distance(word, candidate) <= near)
                .min(Comparator.comparingInt(candidate -> distance(word, candidate)));
    }

    static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int differs = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int least = Math.min(cost[i - 1][j - 1] + differs, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                cost[i][j] = swapped ? Math.min(least, 1 + cost[i - 2][j - 2]) : least;
            }
        }
        return cost[a.length()][b.length()];
    }
}
