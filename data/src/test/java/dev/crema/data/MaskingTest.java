package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MaskingTest {
    private static final int VOCABULARY = 500, MASK = 4, ROWS = 40, COLUMNS = 100;

    /** Ids under 5 are special; of the others every third goes on with the word before it. */
    private static WordPieces pieces() {
        BitSet specials = new BitSet(), continuations = new BitSet();
        specials.set(0, 5);
        IntStream.range(5, VOCABULARY).filter(id -> id % 3 == 0).forEach(continuations::set);
        return new WordPieces(VOCABULARY, MASK, Optional.of(2), Optional.of(3), specials, continuations);
    }

    private static Batch rows() {
        int[] ids = IntStream.range(0, ROWS * COLUMNS)
                .map(i -> 5 + (int) Mix.below(9, i, VOCABULARY - 5))
                .toArray();
        return new Batch(ROWS, COLUMNS, ids, new int[ids.length], new int[ids.length], new int[ids.length], ids.length);
    }

    private static Batch masked(double rate, boolean wholeWords, long seed, long place) {
        return new Masking(pieces(), rate, wholeWords, seed).apply(rows(), place);
    }

    @Test
    void hidesFifteenOfAHundredAndLeavesTheRest() {
        Batch batch = masked(0.15, false, 1, 7);
        assertThat(batch.columns()).isEqualTo(COLUMNS + 2);
        assertThat(batch.lossTokens()).isEqualTo(15 * ROWS);
        int masks = 0, kept = 0, random = 0;
        Batch plain = rows();
        for (int i = 0; i < batch.ids().length; i++) {
            int row = i / batch.columns(), column = i % batch.columns();
            int expected = column == 0 ? 2 : column > COLUMNS ? 3 : plain.ids()[row * COLUMNS + column - 1];
            assertThat(batch.positions()[i]).isEqualTo(column);
            if (batch.targets()[i] == Batch.NO_LOSS) {
                assertThat(batch.ids()[i]).isEqualTo(expected);
                continue;
            }
            assertThat(batch.targets()[i]).isEqualTo(expected);
            if (batch.ids()[i] == MASK) masks++;
            else if (batch.ids()[i] == expected) kept++;
            else random++;
        }
        assertThat(masks / (15.0 * ROWS)).isBetween(0.74, 0.86);
        assertThat(kept / (15.0 * ROWS)).isBetween(0.06, 0.14);
        assertThat(random / (15.0 * ROWS)).isBetween(0.06, 0.14);
    }

    @Test
    void hidesAllPiecesOfAWord() {
        Batch batch = masked(0.2, true, 1, 7), plain = rows();
        BitSet continuations = pieces().continuations();
        for (int row = 0; row < ROWS; row++) {
            for (int t = 1; t < COLUMNS; t++) {
                if (!continuations.get(plain.ids()[row * COLUMNS + t])) continue;
                int at = row * batch.columns() + t + 1;
                assertThat(batch.targets()[at] == Batch.NO_LOSS).isEqualTo(batch.targets()[at - 1] == Batch.NO_LOSS);
            }
        }
        assertThat(batch.lossTokens()).isBetween(19L * ROWS, 20L * ROWS + 5);
    }

    @Test
    void dependsOnSeedAndPlaceAlone() {
        assertThat(masked(0.15, false, 1, 7).ids())
                .containsExactly(masked(0.15, false, 1, 7).ids());
        assertThat(masked(0.15, false, 1, 8).ids())
                .isNotEqualTo(masked(0.15, false, 1, 7).ids());
        assertThat(masked(0.15, false, 2, 7).ids())
                .isNotEqualTo(masked(0.15, false, 1, 7).ids());
    }

    @Test
    void leavesPaddingAlone() {
        Batch plain = rows();
        int[] documents = plain.documents().clone();
        Arrays.fill(documents, 60, COLUMNS, Batch.PADDING);
        Batch short0 = new Batch(
                ROWS, COLUMNS, plain.ids(), plain.targets(), plain.positions(), documents, plain.tokens() - 40);
        Batch batch = new Masking(pieces(), 0.15, false, 1).apply(short0, 7);
        assertThat(batch.ids()[61]).isEqualTo(3);
        assertThat(Arrays.copyOfRange(batch.documents(), 62, COLUMNS + 2)).containsOnly(Batch.PADDING);
        assertThat(Arrays.stream(batch.targets(), 0, COLUMNS + 2).filter(t -> t >= 0))
                .hasSize(9);
        assertThat(batch.tokens()).isEqualTo(ROWS * (COLUMNS + 2L) - 40);
    }
}
