package dev.crema.data.arithmetic;

import dev.crema.data.ExampleReader;
import dev.crema.data.ExampleSource;

/**
 * Examples for the cold start: questions of the train split as chats, worked out rightly between tags.
 *
 * @param count how many, no two of the same calculation
 * @param seed decides them
 */
public record WorkedExamples(int count, long seed) implements ExampleSource {
    public WorkedExamples {
        if (count < 1) {
            throw new IllegalArgumentException(count + " examples");
        }
    }

    @Override
    public String name() {
        return "worked arithmetic";
    }

    @Override
    public String key() {
        return "worked " + ArithmeticCorpus.VERSION + " " + this;
    }

    @Override
    public ExampleReader open() {
        return ExampleReader.of(new ProblemSet(Split.TRAIN, seed)
                .distinct(count).stream().map(Question::worked).iterator());
    }
}
