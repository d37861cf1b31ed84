package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {
    private static final int DRAWS = 40_000;

    @ParameterizedTest
    @CsvSource({
        "1.0, 0, 1.0, 0.0",
        "0.7, 0, 1.0, 0.0",
        "1.5, 0, 1.0, 0.0",
        "1.0, 5, 1.0, 0.0",
        "1.0, 0, 0.8, 0.0",
        "1.0, 0, 1.0, 0.2",
        "1.3, 9, 0.9, 0.05",
        "1.0, 100, 0.999, 0.0",
    })
    void drawsAsOftenAsTheProbabilitiesSay(double temperature, int topK, double topP, double minP) {
        Sampling sampling = new Sampling(temperature, topK, topP, minP, 1);
        float[] logits = logits(24, 3);
        double[] expected = oracle(logits, sampling);
        int[] counts = new int[logits.length];
        Sampler sampler = new Sampler(sampling, 11, 0, new int[] {0});
        for (int i = 0; i < DRAWS; i++) counts[sampler.choose(logits.clone()).token()]++;
        double chiSquare = 0;
        int kept = 0;
        for (int token = 0; token < counts.length; token++) {
            if (expected[token] == 0) {
                assertThat(counts[token])
                        .as("draws of token %d, which is cut off", token)
                        .isZero();
                continue;
            }
            kept++;
            double mean = expected[token] * DRAWS;
            chiSquare += (counts[token] - mean) * (counts[token] - mean) / mean;
        }
        // Mean and variance of chi-square with k degrees of freedom are k and 2k; four deviations above is 1 in 10,000.
        int degrees = kept - 1;
        assertThat(chiSquare).isLessThan(degrees + 4 * Math.sqrt(2.0 * degrees) + 4);
    }

    @Test
    void keepsTheTokensThatANaiveFilterKeeps() {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 300; round++) {
            float[] logits = logits(2 + random.nextInt(40), round);
            if (round % 3 == 0) for (int i = 0; i < logits.length; i++) logits[i] = Math.round(logits[i]); // ties
            Sampling sampling = new Sampling(
                    0.5 + random.nextDouble(),
                    random.nextInt(8),
                    random.nextBoolean() ? 1 : 0.05 + 0.9 * random.nextDouble(),
                    random.nextBoolean() ? 0 : 0.3 * random.nextDouble(),
                    1);
            double[] probabilities = oracle(logits, sampling);
            TreeSet<Integer> drawn = new TreeSet<>();
            Sampler sampler = new Sampler(sampling, round, 0, new int[] {0});
            for (int i = 0; i < 400; i++)
                drawn.add(sampler.choose(logits.clone()).token());
            TreeSet<Integer> possible = new TreeSet<>();
            TreeSet<Integer> likely = new TreeSet<>();
            for (int token = 0; token < probabilities.length; token++) {
                if (probabilities[token] > 0) possible.add(token);
                if (probabilities[token] > 0.05) likely.add(token);
            }
            assertThat(possible)
                    .as("%s over %d logits", sampling, logits.length)
                    .containsAll(drawn);
            assertThat(drawn).as("%s over %d logits", sampling, logits.length).containsAll(likely);
        }
    }

    @Test
    void takesTheLargestAtTemperatureZeroAndTheFirstOfEquals() {
        Sampler sampler = new Sampler(Sampling.greedy(), 1, 0, new int[] {0});
        assertThat(sampler.choose(new float[] {1, 5, 5, -2}).token()).isEqualTo(1);
    }

    @Test
    void tellsTheLogProbabilityAtTheTemperature() {
        Sampler.Choice choice = new Sampler(Sampling.at(2), 1, 0, new int[] {0}).choose(new float[] {2, 0});
        double first = 1 / (1 + Math.exp(-1));
        double expected = Math.log(choice.token() == 0 ? first : 1 - first);
        assertThat((double) choice.logProbability()).isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-6));
    }

    @Test
    void penalisesTokensOfThePromptAndThoseDrawn() {
        Sampler sampler = new Sampler(new Sampling(0, 0, 1, 0, 2), 1, 0, new int[] {0});
        assertThat(sampler.choose(new float[] {3, 2, 1.2f}).token()).isEqualTo(1); // 3 / 2 < 2
        assertThat(sampler.choose(new float[] {3, 2, 1.6f}).token()).isEqualTo(2); // 1.5, 1, 1.6
        assertThat(sampler.choose(new float[] {-1, -3, -1}).token()).isEqualTo(0); // -2, -6, -2
    }

    @Test
    void drawsTheSameFromASeedAndOtherwiseFromAnother() {
        assertThat(draws(1, 0)).isEqualTo(draws(1, 0)).isNotEqualTo(draws(2, 0)).isNotEqualTo(draws(1, 1));
    }

    @Test
    void refusesWhatCannotBeUsed() {
        assertThatThrownBy(() -> new Sampling(-1, 0, 1, 0, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("temperature of -1.0");
        assertThatThrownBy(() -> new Sampling(Double.NaN, 0, 1, 0, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Sampling(1, 0, 0, 0, 1)).hasMessageContaining("top-p of 0.0");
        assertThatThrownBy(() -> new Sampling(1, -1, 1, 0, 1)).hasMessageContaining("top-k");
    }

    private static List<Integer> draws(long seed, long sequence) {
        Sampler sampler = new Sampler(Sampling.at(1), seed, sequence, new int[] {0});
        return IntStream.range(0, 50)
                .mapToObj(i -> sampler.choose(logits(20, 1)).token())
                .toList();
    }

    private static float[] logits(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] logits = new float[count];
        for (int i = 0; i < count; i++) logits[i] = (float) random.nextGaussian(0, 1.5);
        return logits;
    }

    /** The definition, with a sort and no shortcut; the probability of each token, 0 where it is cut off. */
    private static double[] oracle(float[] logits, Sampling sampling) {
        double[] weights = new double[logits.length];
        for (int i = 0; i < logits.length; i++) weights[i] = Math.exp(logits[i] / sampling.temperature());
        List<Integer> tokens =
                new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
        tokens.sort(Comparator.comparingDouble((Integer token) -> -weights[token]));
        if (sampling.topK() > 0) tokens = tokens.subList(0, Math.min(sampling.topK(), tokens.size()));
        double total = tokens.stream().mapToDouble(token -> weights[token]).sum();
        List<Integer> nucleus = new ArrayList<>();
        double reached = 0;
        for (int token : tokens) {
            if (reached >= sampling.topP() * total && !nucleus.isEmpty()) break;
            nucleus.add(token);
            reached += weights[token];
        }
        double least = sampling.minP() * weights[tokens.getFirst()];
        nucleus.removeIf(token -> weights[token] < least);
        double sum = nucleus.stream().mapToDouble(token -> weights[token]).sum();
        double[] probabilities = new double[logits.length];
        nucleus.forEach(token -> probabilities[token] = weights[token] / sum);
        return probabilities;
    }
}
