package dev.crema.data.arithmetic;

import dev.crema.data.Example;
import dev.crema.data.Example.PlainText;
import dev.crema.data.ExampleReader;
import dev.crema.data.ExampleSource;
import dev.crema.data.arithmetic.CorpusMixture.Kind;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.StringJoiner;
import java.util.random.RandomGenerator;

/**
 * The pretraining corpus: documents of the train split alone, each a function of seed and number, so that a corpus of any
 * length streams, and a longer one begins with a shorter one.
 *
 * @param mixture what it is made of
 * @param seed decides every document
 * @param documents how many there are
 */
public record ArithmeticCorpus(CorpusMixture mixture, long seed, long documents) implements ExampleSource {
    static final int VERSION = 3; // of the wordings: raise it when the text of a seed changes

    private static final int FEWEST_FACTS = 4;
    private static final int MOST_FACTS = 8;

    public ArithmeticCorpus {
        if (documents < 1) {
            throw new IllegalArgumentException("a corpus of " + documents + " documents");
        }
    }

    @Override
    public String name() {
        return "arithmetic";
    }

    @Override
    public String key() {
        return "arithmetic " + VERSION + " " + this;
    }

    @Override
    public ExampleReader open() {
        return new Reader();
    }

    /** Returns the n-th document. */
    public String document(long number) {
        RandomGenerator random = ProblemSet.random(seed, number);
        Language language = random.nextDouble() < mixture.chinese() ? Language.CHINESE : Language.ENGLISH;
        Kind kind = mixture.kind(random.nextDouble());
        return switch (kind) {
            case FACT -> facts(random);
            case SENTENCE -> sentence(language, random);
            case DIRECT, TAGGED, UNTAGGED -> {
                Calculation calculation = Calculation.draw(random, Split.TRAIN);
                yield Question.draw(calculation, language, random).prompt()
                        + answer(kind, calculation, language, random);
            }
        };
    }

    private String answer(Kind kind, Calculation calculation, Language language, RandomGenerator random) {
        boolean reasons =
                kind == Kind.UNTAGGED || kind == Kind.TAGGED && random.nextDouble() < mixture.taggedReasoning();
        if (!reasons) {
            int guess = guess(calculation, random);
            return kind == Kind.TAGGED ? Question.tagged("", guess) : language.answerLine(guess);
        }
        Reasoning reasoning = Reasoning.faulty(calculation, mixture.faults(), random);
        return kind == Kind.TAGGED
                ? Question.tagged(reasoning.text(), reasoning.answer())
                : reasoning.text() + "\n" + language.answerLine(reasoning.answer());
    }

    /** Answers at once: right, or near it, or with the last step forgotten. */
    private int guess(Calculation calculation, RandomGenerator random) {
        int answer = calculation.answer();
        if (random.nextDouble() < mixture.directRight()) {
            return answer;
        }
        List<Integer> results = calculation.results();
        int forgotten = results.get(results.size() - 2); // differs: no step adds nothing
        int near = answer + (random.nextBoolean() ? 10 : -10);
        int slipped = answer - answer % 10 + (answer % 10 + random.nextInt(1, 10)) % 10;
        int wrong = switch (random.nextInt(3)) {
            case 0 -> forgotten;
            case 1 -> near;
            default -> slipped;
        };
        return wrong >= 0 && wrong <= Calculation.GREATEST_RESULT ? wrong : slipped;
    }

    /**
     * A few right equations, one a line: a drill, dense in what has to be learnt. None goes on from the one before, or the
     * two might be a problem that is held out.
     */
    private static String facts(RandomGenerator random) {
        StringJoiner lines = new StringJoiner("\n");
        int count = random.nextInt(FEWEST_FACTS, MOST_FACTS + 1);
        for (int i = 0, before = -1; i < count; i++) {
            int left = start(random);
            while (left == before) left = start(random);
            Step step = Calculation.drawStep(random, left);
            before = step.apply(left);
            lines.add(new Reasoning.Equation(left, step, before).toString());
        }
        return lines.toString();
    }

    private static String sentence(Language language, RandomGenerator random) {
        while (true) {
            int start = start(random);
            Step step = Calculation.drawStep(random, start);
            if (step.apply(start) != 1) { // the wordings have a plural
                return Wording.statement(language, start, step, random);
            }
        }
    }

    private static int start(RandomGenerator random) {
        return random.nextInt(Calculation.LEAST, Calculation.GREATEST_RESULT + 1);
    }

    private final class Reader implements ExampleReader {
        private long next;

        @Override
        public long skipped() {
            return 0;
        }

        @Override
        public boolean hasNext() {
            return next < documents;
        }

        @Override
        public Example next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the corpus has " + documents + " documents");
            }
            return new PlainText(document(next++));
        }

        @Override
        public void close() {}
    }
}
