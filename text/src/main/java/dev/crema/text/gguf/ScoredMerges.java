package dev.crema.text.gguf;

import dev.crema.text.gguf.GgufVocabulary.Type;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Writes as rules what SentencePiece does by scores: two neighbours merge if together they are a token, and the token of
 * the highest score goes first.
 *
 * <p>A token of several letters has a rule for each way to cut it into two tokens.
 */
public final class ScoredMerges {
    private ScoredMerges() {}

    /** Two tokens that become one. */
    public record Merge(String left, String right) {}

    /** Lists the merges, the one to be made first first. */
    public static List<Merge> of(GgufVocabulary vocabulary) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            Type type = vocabulary.types().get(id);
            if (type == Type.NORMAL || type == Type.USER_DEFINED || type == Type.UNUSED) {
                ids.put(vocabulary.tokens().get(id), id);
            }
        }
        List<Merge> merges = new ArrayList<>();
        IntStream.range(0, vocabulary.size())
                .boxed()
                .filter(id -> ids.containsKey(vocabulary.tokens().get(id)))
                .sorted(Comparator.comparingDouble(id -> -vocabulary.scores()[id])) // stable: then by id
                .forEach(id -> addMergesTo(vocabulary.tokens().get(id), ids, merges));
        return merges;
    }

    private static void addMergesTo(String token, Map<String, Integer> ids, List<Merge> merges) {
        List<Merge> ways = new ArrayList<>();
        for (int cut = token.offsetByCodePoints(0, 1); cut < token.length(); ) {
            Merge way = new Merge(token.substring(0, cut), token.substring(cut));
            if (ids.containsKey(way.left()) && ids.containsKey(way.right())) {
                ways.add(way);
            }
            cut = token.offsetByCodePoints(cut, 1);
        }
        ways.sort(Comparator.<Merge>comparingInt(way -> ids.getOrDefault(way.left(), 0))
                .thenComparingInt(way -> ids.getOrDefault(way.right(), 0)));
        merges.addAll(ways);
    }
}
