package dev.crema.data.arithmetic;

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

    /** Returns the tagged completion that reinforcement rewards: {@code <think>...</think><answer>...</answer>}. */
    public static String tagged(String reasoning, int answer) {
        return "<think>" + reasoning + "</think><answer>" + answer + "</answer>";
    }
}
