package dev.crema.data.arithmetic;

import dev.crema.data.Example.Chat;
import dev.crema.data.Example.Problem;
import dev.crema.text.Message;
import java.util.List;
import java.util.random.RandomGenerator;

/** A calculation told in words. */
public record Question(Calculation calculation, Language language, String text) {
    /** Tells a calculation in a wording drawn at random. */
    public static Question draw(Calculation calculation, Language language, RandomGenerator random) {
        return new Question(
                calculation, language, Wording.question(language, calculation.start(), calculation.steps(), random));
    }

    /** Returns the text that a model goes on from: the question and a newline. */
    public String prompt() {
        return text + "\n";
    }

    /** Returns the question as a problem for reinforcement; its id is the calculation. */
    public Problem problem() {
        return new Problem(List.of(Message.user(text)), Integer.toString(calculation.answer()), calculation.key());
    }

    /** Returns the question worked out rightly between tags, as a chat. */
    public Chat worked() {
        return new Chat(List.of(Message.user(text), Message.assistant(workedCompletion())));
    }

    /** Returns what a model should write after {@link #prompt}: right reasoning and the answer, between tags. */
    public String workedCompletion() {
        Reasoning reasoning = Reasoning.right(calculation);
        return tagged(reasoning.text(), reasoning.answer());
    }

    /** Returns the tagged completion that reinforcement rewards: {@code <think>...</think><answer>...</answer>}. */
    public static String tagged(String reasoning, int answer) {
        return "<think>" + reasoning + "</think><answer>" + answer + "</answer>";
    }
}
