package dev.crema.data.arithmetic;

import dev.crema.data.Example;
import dev.crema.data.ExampleReader;
import dev.crema.data.ExampleSource;
import java.util.Iterator;

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
        Iterator<Question> questions =
                new ProblemSet(Split.TRAIN, seed).distinct(count).iterator();
        return new ExampleReader() {
            @Override
            public long skipped() {
                return 0;
            }

            @Override
            public boolean hasNext() {
                return questions.hasNext();
            }

            @Override
            public Example next() {
                return questions.next().worked();
            }

            @Override
            public void close() {}
        };
    }
}
