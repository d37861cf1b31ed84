package dev.crema.text.bpe;

import static dev.crema.text.bpe.CharClass.LETTER;
import static dev.crema.text.bpe.CharClass.NUMBER;
import static dev.crema.text.bpe.CharClass.OTHER;
import static dev.crema.text.bpe.CharClass.SPACE;

import dev.crema.text.bpe.PreTokenization.Words;

/**
 * Cuts UTF-8 into words by hand as the regular expressions of {@link PreTokenization} do.
 *
 * <p>The patterns need no backtracking but one step: {@code \s+(?!\S)} leaves the last space of a run to the word that
 * follows. Everything else is a run of one class of character, perhaps with one character before it.
 */
final class WordScanner {
    private WordScanner() {}

    static void gpt2(byte[] text, int from, int to, Words words) {
        int at = from;
        while (at < to) {
            int end = gpt2Word(text, at, to);
            words.word(at, end);
            at = end;
        }
    }

    static void gpt2SingleDigits(byte[] text, int from, int to, Words words) {
        int start = from;
        int at = from;
        while (at < to) {
            int next = at + CharClass.length(text[at]);
            if (CharClass.at(text, at) == NUMBER) {
                gpt2(text, start, at, words);
                words.word(at, next);
                start = next;
            }
            at = next;
        }
        gpt2(text, start, to, words);
    }

    static void qwen2(byte[] text, int from, int to, Words words) {
        int at = from;
        while (at < to) {
            int end = qwen2Word(text, at, to);
            words.word(at, end);
            at = end;
        }
    }

    private static int gpt2Word(byte[] text, int at, int to) {
        byte first = text[at];
        if (first == '\'') {
            int contraction = contraction(text, at, to, false);
            return contraction > 0 ? contraction : run(text, at, to, OTHER);
        }
        int body = first == ' ' ? at + 1 : at;
        if (body < to) {
            byte kind = CharClass.at(text, body);
            if (kind != SPACE) {
                return run(text, body, to, kind);
            }
        }
        return space(text, at, to);
    }

    private static int qwen2Word(byte[] text, int at, int to) {
        byte first = text[at];
        byte kind = CharClass.at(text, at);
        int second = at + CharClass.length(first);
        if (kind == LETTER) {
            return run(text, at, to, LETTER);
        }
        if (kind == NUMBER) {
            return second;
        }
        if (first == '\'') {
            int contraction = contraction(text, at, to, true);
            if (contraction > 0) {
                return contraction;
            }
        }
        byte secondKind = second < to ? CharClass.at(text, second) : SPACE;
        if (secondKind == LETTER && first != '\r' && first != '\n') {
            return run(text, second, to, LETTER);
        }
        if (kind == OTHER || first == ' ' && secondKind == OTHER) {
            int end = run(text, kind == OTHER ? at : second, to, OTHER);
            while (end < to && (text[end] == '\n' || text[end] == '\r')) {
                end++;
            }
            return end;
        }
        int end = run(text, at, to, SPACE);
        for (int i = end - 1; i >= at; i--) {
            if (text[i] == '\n' || text[i] == '\r') {
                return i + 1;
            }
        }
        return space(text, at, to);
    }

    /** Give the end of the run of a class that holds at least the character at {@code at}. */
    private static int run(byte[] text, int at, int to, byte kind) {
        int end = at;
        while (end < to && CharClass.at(text, end) == kind) {
            end += CharClass.length(text[end]);
        }
        return end;
    }

    /** Give the end of white space: all of it at the end of the text, else all but its last character. */
    private static int space(byte[] text, int at, int to) {
        int last = at;
        int end = at;
        while (end < to && CharClass.at(text, end) == SPACE) {
            last = end;
            end += CharClass.length(text[end]);
        }
        return end == to || last == at ? end : last;
    }

    /** Give the end of 's, 't, 'm, 'd, 're, 've or 'll, or -1. */
    private static int contraction(byte[] text, int at, int to, boolean anyCase) {
        if (at + 1 >= to) {
            return -1;
        }
        int first = lower(text[at + 1], anyCase);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return at + 2;
        }
        if (at + 2 >= to) {
            return -1;
        }
        if (anyCase && text[at + 1] == (byte) 0xC5 && text[at + 2] == (byte) 0xBF) { // ſ is an s in another case
            return at + 3;
        }
        int second = lower(text[at + 2], anyCase);
        boolean two = (first == 'r' || first == 'v') && second == 'e' || first == 'l' && second == 'l';
        return two ? at + 3 : -1;
    }

    private static int lower(byte letter, boolean anyCase) {
        return anyCase && letter >= 'A' && letter <= 'Z' ? letter + 32 : letter;
    }
}
