package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.data.LabelledTexts.Batch;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LabelledRowsTest {
    private static final int COUNT = 2560, ROWS = 8;

    /** Text {@code i} begins with {@code i}, and has one to forty tokens; so it is with its target. */
    private static LabelledTexts texts() {
        List<int[]> texts = IntStream.range(0, COUNT)
                .mapToObj(i -> {
                    int[] ids = new int[1 + i * 7 % 40];
                    ids[0] = i;
                    return ids;
                })
                .toList();
        List<int[]> targets =
                IntStream.range(0, COUNT).mapToObj(i -> new int[] {i}).toList();
        return new LabelledTexts("made", LabelledTexts.Unit.TEXT, List.of("a", "b"), texts, targets);
    }

    @Test
    void takesEachTextOnceInAPassWithItsTarget() {
        LabelledRows rows = new LabelledRows(texts(), ROWS, 1);
        for (int pass = 0; pass < 2; pass++) {
            Map<Integer, Integer> seen = new HashMap<>();
            for (int i = 0; i < COUNT / ROWS; i++) {
                Batch batch = rows.next();
                assertThat(batch.texts()).hasSize(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    assertThat(batch.targets().get(row))
                            .containsExactly(batch.texts().get(row)[0]);
                    seen.merge(batch.texts().get(row)[0], 1, Integer::sum);
                }
            }
            assertThat(seen).hasSize(COUNT);
        }
    }

    @Test
    void littleOfABatchIsPadding() {
        LabelledRows rows = new LabelledRows(texts(), ROWS, 1);
        long padded = 0, tokens = 0;
        for (int i = 0; i < COUNT / ROWS; i++) {
            Batch batch = rows.next();
            padded += (long) ROWS
                    * batch.texts().stream().mapToInt(text -> text.length).max().orElseThrow();
            tokens += batch.tokens();
        }
        assertThat((double) padded / tokens).isLessThan(1.1);
    }

    @Test
    void lengthsComeInAnyOrder() {
        LabelledRows rows = new LabelledRows(texts(), ROWS, 1);
        int[] lengths = IntStream.range(0, 20)
                .map(i -> rows.next().texts().getFirst().length)
                .toArray();
        int[] sorted = lengths.clone();
        Arrays.sort(sorted);
        assertThat(lengths).isNotEqualTo(sorted);
    }

    @Test
    void goesOnFromACursor() {
        LabelledRows rows = new LabelledRows(texts(), ROWS, 1);
        for (int i = 0; i < 345; i++) rows.next();
        LabelledRows other = new LabelledRows(texts(), ROWS, 1);
        other.seek(rows.cursor());
        for (int i = 0; i < 50; i++) {
            assertThat(other.next().texts())
                    .containsExactlyElementsOf(rows.next().texts());
        }
    }
}
