package dev.crema.train.method;

import dev.crema.data.Example.Problem;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Judges what a model wrote by rules that can be checked, as R1-Zero does (DeepSeek-AI, 2025, section 2.2.2): no model
 * that could be fooled.
 */
public sealed interface Reward {
    /** Returns the reward of a completion. */
    double of(Problem problem, String completion);

    /** The form that the R1 recipes ask for. */
    Pattern TAGGED =
            Pattern.compile("\\s*<think>(?<think>.*?)</think>\\s*<answer>(?<answer>.*?)</answer>\\s*", Pattern.DOTALL);

    /** Tells whether a completion reasons between tags and then answers between tags, once, and nothing else. */
    static boolean tagged(String completion) {
        Matcher matcher = TAGGED.matcher(completion);
        return matcher.matches()
                && !matcher.group("think").contains("<")
                && !matcher.group("answer").contains("<");
    }

    /** Returns what stands between the answer tags, or else behind the last marker or the last number; "" if nothing. */
    static String answer(String completion) {
        Matcher tagged =
                Pattern.compile("<answer>(.*?)</answer>", Pattern.DOTALL).matcher(completion);
        return tagged.find() ? tagged.group(1).strip() : "";
    }

    /** Tells whether two answers are the same, as numbers if both are. */
    static boolean same(String answer, String expected) {
        String a = plain(answer), e = plain(expected);
        if (a.equals(e)) return true;
        try {
            return new java.math.BigDecimal(a).compareTo(new java.math.BigDecimal(e)) == 0;
        } catch (NumberFormatException notNumbers) {
            return false;
        }
    }

    private static String plain(String answer) {
        return answer.strip().replace(",", "").replace("$", "").replaceAll("\\.$", "");
    }

    /** Gives 1 where the answer between tags is the problem's. */
    record Accuracy(double weight) implements Reward {
        @Override
        public double of(Problem problem, String completion) {
            return same(answer(completion), problem.answer()) ? weight : 0;
        }
    }

    /** Gives its weight where the form is kept. */
    record Format(double weight) implements Reward {
        @Override
        public double of(Problem problem, String completion) {
            return tagged(completion) ? weight : 0;
        }
    }

    /** Gives 1 where form and answer are right, and {@code formatAlone} where only the form is. */
    record FormattedAccuracy(double formatAlone) implements Reward {
        @Override
        public double of(Problem problem, String completion) {
            if (!tagged(completion)) return 0;
            return same(answer(completion), problem.answer()) ? 1 : formatAlone;
        }
    }

    /** The sum of several. */
    record Sum(java.util.List<Reward> rewards) implements Reward {
        @Override
        public double of(Problem problem, String completion) {
            return rewards.stream()
                    .mapToDouble(reward -> reward.of(problem, completion))
                    .sum();
        }
    }
}
