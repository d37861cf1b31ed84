package dev.crema.data.arithmetic;

/** The languages that problems are told in. */
public enum Language {
    ENGLISH,
    CHINESE;

    /** Writes an answer as a line of its own. */
    String answerLine(int answer) {
        return switch (this) {
            case ENGLISH -> "Answer: " + answer;
            case CHINESE -> "答案:" + answer;
        };
    }
}
