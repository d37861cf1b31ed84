package dev.crema.data;

import dev.crema.data.Example.Problem;
import dev.crema.text.InputException;
import java.util.List;

/**
 * Problems for reinforcement learning, numbered without end, pass after pass; all are held in memory.
 *
 * @param all the problems in stored order
 * @param order of each pass
 */
public record Problems(List<Problem> all, Order order) {
    public Problems {
        all = List.copyOf(all);
        if (all.isEmpty()) {
            throw new InputException("there are no problems to learn from");
        }
    }

    /** Returns the n-th problem, from 0. */
    public Problem problem(long number) {
        return all.get((int) order.place(number % all.size(), all.size(), number / all.size()));
    }
}
