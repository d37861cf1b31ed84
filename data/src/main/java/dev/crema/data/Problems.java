package dev.crema.data;

import dev.crema.data.Example.Problem;
import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.List;

/** Problems for reinforcement learning, without end, pass after pass, with a cursor. All are held in memory. */
public final class Problems {
    private final List<Problem> problems;
    private final Order order;
    private final String label;
    private long epoch;
    private long position;

    public Problems(List<Problem> problems, Order order) {
        if (problems.isEmpty()) {
            throw new InputException("there are no problems to learn from");
        }
        this.problems = List.copyOf(problems);
        this.order = order;
        ContentHash hash = new ContentHash();
        problems.forEach(problem ->
                hash.add(problem.prompt().toString()).add(problem.answer()).add(problem.id()));
        this.label = "problems, " + order.label() + ", " + hash.hex().substring(0, 16) + " (" + problems.size() + ")";
    }

    /** Reads the problems of a source, whatever its format was said to be. */
    public static Problems of(Source source, Order order) {
        List<Problem> problems = new ArrayList<>();
        try (ExampleReader reader = source.as(RecordFormat.PROBLEM).open()) {
            while (reader.hasNext()) {
                if (!(reader.next() instanceof Problem problem)) {
                    throw new InputException(source.name() + ": plain text holds no problems;"
                            + " give JSON records of question and answer");
                }
                problems.add(problem);
            }
        }
        if (problems.isEmpty()) {
            throw new InputException(source.name() + ": holds no problems");
        }
        return new Problems(problems, order);
    }

    /** Returns all problems in stored order. */
    public List<Problem> all() {
        return problems;
    }

    /** Returns the next problems. */
    public List<Problem> next(int count) {
        List<Problem> chosen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            chosen.add(problems.get((int) order.place(position, problems.size(), epoch)));
            position++;
            if (position == problems.size()) {
                position = 0;
                epoch++;
            }
        }
        return chosen;
    }

    /** Returns the place of the next problem. */
    public Cursor cursor() {
        return new Cursor(label, epoch, position, 0);
    }

    /** Goes to a place that {@link #cursor} returned. Throws InputException where it belongs to other problems. */
    public void seek(Cursor cursor) {
        cursor.check(label, problems.size());
        epoch = cursor.epoch();
        position = cursor.position();
    }
}
