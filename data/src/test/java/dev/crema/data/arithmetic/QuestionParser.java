package dev.crema.data.arithmetic;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the calculation back out of a question, knowing words and not scenes: the first number is the start, and the word
 * for gain or loss nearest to each later number, within its clause, is the operation.
 */
final class QuestionParser {
    private static final Pattern CLAUSE = Pattern.compile("[.,。,;?]|\\bthen\\b|\\band\\b|(?=plus|minus|加|减)|然后|再|后来");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern GAIN = Pattern.compile("buys|finds|gets|makes|get on|wins|add|plus|买|找到|得到|做了|上来|赢|加");
    private static final Pattern LOSS =
            Pattern.compile("gives|loses|sells|uses|get off|drops|take away|subtract|minus|送给|丢|卖|用|下去|输|减");

    private QuestionParser() {}

    static String key(String question) {
        List<String> clauses = new ArrayList<>();
        for (String clause : CLAUSE.split(question)) {
            if (NUMBER.matcher(clause).find()) {
                clauses.add(clause);
            }
        }
        StringBuilder key = new StringBuilder(number(clauses.getFirst()));
        for (String clause : clauses.subList(1, clauses.size())) {
            boolean gain = GAIN.matcher(clause).find();
            boolean loss = LOSS.matcher(clause).find();
            if (gain == loss) {
                throw new AssertionError(
                        "\"" + clause + "\" of \"" + question + "\" is neither gain nor loss, or both");
            }
            key.append(gain ? '+' : '-').append(number(clause));
        }
        return key.toString();
    }

    private static String number(String clause) {
        Matcher matcher = NUMBER.matcher(clause);
        if (!matcher.find()) {
            throw new AssertionError("no number in \"" + clause + "\"");
        }
        String number = matcher.group();
        if (matcher.find()) {
            throw new AssertionError("two numbers in \"" + clause + "\"");
        }
        return number;
    }
}
