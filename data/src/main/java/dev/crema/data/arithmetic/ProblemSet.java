package dev.crema.data.arithmetic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Questions of one side of the split, half English and half Chinese, each a function of seed and number.
 *
 * @param split the side
 * @param seed decides every question
 */
public record ProblemSet(Split split, long seed) {
    /** How many problems the test reports on. */
    public static final int TEST_SIZE = 500;

    private static final long TEST_SEED = 500;

    /** Returns the problems that results are reported on: 500, the same in every run, no two alike. */
    public static List<Question> test() {
        return new ProblemSet(Split.TEST, TEST_SEED).distinct(TEST_SIZE);
    }

    /** Returns the n-th question. */
    public Question question(long number) {
        RandomGenerator random = random(seed ^ split.ordinal() + 1L, number);
        Language language = (number & 1) == 0 ? Language.ENGLISH : Language.CHINESE;
        return Question.draw(Calculation.draw(random, split), language, random);
    }

    /** Returns the first {@code count} questions of which no two have the same calculation. */
    public List<Question> distinct(int count) {
        Set<String> keys = new HashSet<>();
        List<Question> questions = new ArrayList<>();
        for (long number = 0; questions.size() < count; number++) {
            Question question = question(number);
            if (keys.add(question.calculation().key())) {
                questions.add(question);
            }
        }
        return List.copyOf(questions);
    }

    /** A random stream for one item, the same in every run. */
    static RandomGenerator random(long seed, long number) {
        return new SplittableRandom(new SplittableRandom(seed).nextLong() + number * 0x9E3779B97F4A7C15L).split();
    }
}
