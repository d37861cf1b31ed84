package dev.crema.infer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Puts texts of like length together, so that little of a batch is padding. */
final class LengthBatches {
    /** Tokens of a batch, padding included: enough for large products, and few enough that scores stay near the cache. */
    private static final int TOKENS = 4096;

    private LengthBatches() {}

    /** Returns the texts' numbers, batch by batch. */
    static List<int[]> of(List<int[]> texts) {
        int[] byLength = IntStream.range(0, texts.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> texts.get(i).length))
                .mapToInt(Integer::intValue)
                .toArray();
        List<int[]> batches = new ArrayList<>();
        for (int from = 0, to; from < byLength.length; from = to) {
            to = from + 1;
            while (to < byLength.length && (to + 1 - from) * texts.get(byLength[to]).length <= TOKENS) to++;
            batches.add(Arrays.copyOfRange(byLength, from, to));
        }
        return batches;
    }
}
