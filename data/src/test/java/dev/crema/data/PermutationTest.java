package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PermutationTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 17, 64, 65, 1000, 4097})
    void everyElementIsReachedOnce(int size) {
        Permutation permutation = new Permutation(size, 42);
        BitSet seen = new BitSet();
        for (int i = 0; i < size; i++) {
            int to = (int) permutation.apply(i);
            assertThat(to).isBetween(0, size - 1);
            seen.set(to);
        }
        assertThat(seen.cardinality()).isEqualTo(size);
    }

    @Test
    void itIsSpreadEvenly() {
        int size = 1000;
        int seeds = 2000;
        int[] firstGoesTo = new int[10];
        long fixed = 0;
        for (int seed = 0; seed < seeds; seed++) {
            Permutation permutation = new Permutation(size, seed);
            firstGoesTo[(int) (permutation.apply(0) / 100)]++;
            fixed += IntStream.range(0, size)
                    .filter(i -> permutation.apply(i) == i)
                    .count();
        }
        assertThat(IntStream.of(firstGoesTo))
                .allMatch(count -> count > 140 && count < 260); // 200, four standard errors
        assertThat(fixed / (double) seeds).isBetween(0.85, 1.15); // one on average
    }

    @Test
    void aHugeDomainIsNoTrouble() {
        long size = 3_000_000_000_000L;
        Permutation permutation = new Permutation(size, 7);
        assertThat(permutation.apply(size - 1)).isBetween(0L, size - 1);
        assertThat(permutation.apply(0)).isNotEqualTo(permutation.apply(1));
    }
}
