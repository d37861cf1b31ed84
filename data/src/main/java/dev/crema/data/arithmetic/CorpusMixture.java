package dev.crema.data.arithmetic;

import dev.crema.text.InputException;

/**
 * What the pretraining corpus is made of. It teaches arithmetic that is right (facts, sentences) and reasoning that is not
 * reliable, some of it between tags: what reinforcement can then put right.
 *
 * <p>Faults that are systematic stay under one half, or the wrong way becomes the likeliest; random slips stay rare, for
 * reinforcement hardly removes them. Tagged documents mostly reason, or reinforcement from the base model finds it shorter
 * to guess between tags.
 *
 * @param facts the share of documents that are a few right equations
 * @param sentences the share that tell one step and its right result in words
 * @param direct the share that answer a question at once
 * @param tagged the share that answer between {@code <think>} and {@code <answer>} tags
 * @param untagged the share that reason without tags
 * @param directRight how many of the answers given at once are right
 * @param taggedReasoning how many of the tagged documents reason; the others answer at once
 * @param faults how often a step of reasoning goes wrong
 * @param chinese how many of the documents in words are Chinese
 */
public record CorpusMixture(
        double facts,
        double sentences,
        double direct,
        double tagged,
        double untagged,
        double directRight,
        double taggedReasoning,
        Faults faults,
        double chinese) {
    /** The mixture of the quickstart. */
    public static final CorpusMixture DEFAULT =
            new CorpusMixture(0.20, 0.05, 0.20, 0.05, 0.50, 0.60, 0.80, new Faults(0.06, 0.35, 0.005), 0.5);

    public CorpusMixture {
        Rates.check("facts", facts);
        Rates.check("sentences", sentences);
        Rates.check("direct answers", direct);
        Rates.check("tagged documents", tagged);
        Rates.check("untagged reasoning", untagged);
        Rates.check("right direct answers", directRight);
        Rates.check("reasoning in tagged documents", taggedReasoning);
        Rates.check("Chinese", chinese);
        double sum = facts + sentences + direct + tagged + untagged;
        if (Math.abs(sum - 1) > 1e-6) {
            throw new InputException("the shares of the corpus add up to " + sum + ", not to 1");
        }
    }

    /** The kinds of documents. */
    enum Kind {
        FACT,
        SENTENCE,
        DIRECT,
        TAGGED,
        UNTAGGED
    }

    /** Returns the kind that a draw from [0, 1) falls on. */
    Kind kind(double draw) {
        double[] shares = {facts, sentences, direct, tagged, untagged};
        double left = draw;
        for (Kind kind : Kind.values()) {
            left -= shares[kind.ordinal()];
            if (left < 0) {
                return kind;
            }
        }
        return Kind.UNTAGGED; // the shares may add up to a hair less than 1
    }
}
