package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpanCorruptionTest {
    private static final int END = 1, START = 0, FIRST_SENTINEL = 1000;

    private static SpanCorruption corruption(int sentinels, long seed) {
        int[] ids = IntStream.range(0, sentinels).map(i -> FIRST_SENTINEL + i).toArray();
        return new SpanCorruption(0.15, 3, ids, END, START, seed);
    }

    private static Batch rows(int rows, int columns) {
        int[] ids = IntStream.range(0, rows * columns).map(i -> 10 + i % 900).toArray();
        return new Batch(rows, columns, ids, new int[ids.length], new int[ids.length], new int[ids.length], ids.length);
    }

    @Test
    void rowsFillTheInputExactlyAsTheReferenceDoes() {
        // T5's own: inputs of 512 tokens come of 568, with targets of 114.
        SpanCorruption corruption = corruption(100, 1);
        assertThat(corruption.textTokens(512)).isEqualTo(568);
        PairBatch batch = corruption.apply(rows(3, 568), 5);
        assertThat(batch.inputColumns()).isEqualTo(512);
        assertThat(batch.columns()).isEqualTo(114);
        assertThat(batch.inputLengths()).containsOnly(512);
    }

    @Test
    void inputAndTargetTogetherAreTheText() {
        Batch text = rows(4, 200);
        PairBatch batch = corruption(100, 1).apply(text, 5);
        for (int row = 0; row < 4; row++) {
            int[] input =
                    Arrays.copyOfRange(batch.inputs(), row * batch.inputColumns(), (row + 1) * batch.inputColumns());
            int[] target = Arrays.copyOfRange(batch.targets(), row * batch.columns(), (row + 1) * batch.columns());
            assertThat(input[input.length - 1]).isEqualTo(END);
            assertThat(target[target.length - 1]).isEqualTo(END);
            List<Integer> whole = new ArrayList<>();
            int at = 0;
            for (int id : Arrays.copyOf(input, input.length - 1)) {
                if (id < FIRST_SENTINEL) {
                    whole.add(id);
                    continue;
                }
                assertThat(target[at++]).isEqualTo(id);
                while (target[at] < FIRST_SENTINEL && target[at] != END) whole.add(target[at++]);
            }
            int from = row * 200;
            assertThat(whole)
                    .containsExactlyElementsOf(
                            Arrays.stream(text.ids(), from, from + 200).boxed().toList());
            assertThat(batch.decoderIds()[row * batch.columns()]).isEqualTo(START);
            assertThat(Arrays.copyOfRange(batch.decoderIds(), row * batch.columns() + 1, (row + 1) * batch.columns()))
                    .containsExactly(Arrays.copyOf(target, target.length - 1));
        }
    }

    @Test
    void dependsOnSeedAndPlaceAlone() {
        assertThat(corruption(100, 1).apply(rows(2, 90), 5).inputs())
                .containsExactly(corruption(100, 1).apply(rows(2, 90), 5).inputs())
                .isNotEqualTo(corruption(100, 1).apply(rows(2, 90), 6).inputs())
                .isNotEqualTo(corruption(100, 2).apply(rows(2, 90), 5).inputs());
    }

    @Test
    void refusesRowsThatNeedMoreSentinelsThanThereAre() {
        assertThatThrownBy(() -> corruption(10, 1).textTokens(512))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("28 spans, and the tokenizer has 10 sentinels");
    }
}
