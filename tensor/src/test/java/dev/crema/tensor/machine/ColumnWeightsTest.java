package dev.crema.tensor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights of a softmax that comes block by block, against the same in double precision over all of it. */
class ColumnWeightsTest {
    private static final int BLOCKS = 3, STEPS = 5, LANES = ColumnWeights.LANES;
    private static final int ROW = Panels.STEP / 4; // floats from a token to the next
    private static final float SCALE = 0.3f;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void weighsEachBlockByTheLargestScoreSoFar(boolean pairs) {
        assumeTrue(CpuFeatures.current().tiles(!pairs), "no machine code here, or not for this type");
        SplittableRandom random = new SplittableRandom(1);
        int tokens = pairs ? 2 * STEPS : STEPS;
        ColumnWeights.Code code = new ColumnWeights(pairs).code();
        double[] most = new double[LANES], sums = new double[LANES];
        Arrays.fill(most, Double.NEGATIVE_INFINITY);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scores = arena.allocate(tokens * Panels.STEP, 64),
                    weights = arena.allocate(scores.byteSize());
            MemorySegment state = arena.allocate(ColumnWeights.STATE_BYTES, 64);
            for (int head = 0; head < LANES; head++) set(state, head, Float.NEGATIVE_INFINITY);
            for (int block = 0; block < BLOCKS; block++) {
                double[] before = most.clone();
                for (int i = 0; i < tokens * ROW; i++) set(scores, i, 20 * random.nextFloat() - 10);
                // The last token of a block of pairs may be missing.
                if (pairs) for (int i = 0; i < ROW; i++) set(scores, (tokens - 1) * ROW + i, Float.NEGATIVE_INFINITY);

                code.run(scores.address(), STEPS, weights.address(), state.address(), SCALE);

                for (int head = 0; head < LANES; head++) {
                    for (int t = 0; t < tokens; t++) most[head] = Math.max(most[head], get(scores, t * ROW + head));
                    double factor = Math.exp(SCALE * (before[head] - most[head]));
                    sums[head] *= factor;
                    assertThat((double) get(state, head)).isEqualTo(most[head]);
                    assertThat((double) get(state, ColumnWeights.FACTORS / 4 + head))
                            .isEqualTo(factor, within(1e-6));
                    for (int t = 0; t < tokens; t++) {
                        double weight = Math.exp(SCALE * (get(scores, t * ROW + head) - most[head]));
                        sums[head] += weight;
                        assertThat(weight(weights, pairs, t, head))
                                .isEqualTo(weight, within((pairs ? 4e-3 : 1e-5) * weight));
                    }
                    assertThat((double) get(state, ColumnWeights.SUMS / 4 + head))
                            .isEqualTo(sums[head], within(1e-5 * sums[head]));
                }
            }
        }
    }

    private static double weight(MemorySegment weights, boolean pairs, int token, int head) {
        if (!pairs) return get(weights, token * ROW + head);
        long at = (long) (token / 2) * Panels.STEP + 4L * head + 2L * (token % 2);
        return Float.intBitsToFloat(weights.get(ValueLayout.JAVA_SHORT, at) << 16);
    }

    private static float get(MemorySegment memory, int i) {
        return memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }

    private static void set(MemorySegment memory, int i, float value) {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
}
