package dev.crema.text.bpe;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Finds special tokens in text, the longest where several begin, so that nothing is learnt from or across them. */
final class SpecialSplitter {
    /** Longest first. */
    private final byte[][] specials;

    private final boolean[] begins = new boolean[256];

    SpecialSplitter(List<String> specials) {
        this.specials = specials.stream()
                .map(special -> special.getBytes(StandardCharsets.UTF_8))
                .sorted(Comparator.comparingInt(special -> -special.length))
                .toArray(byte[][]::new);
        for (byte[] special : this.specials) {
            begins[special[0] & 0xFF] = true;
        }
    }

    /** Cut what stands between special tokens into words. */
    void scan(byte[] text, int from, int to, PreTokenization pre, PreTokenization.Words words) {
        int start = from;
        int at = from;
        while (at < to) {
            int length = begins[text[at] & 0xFF] ? special(text, at, to) : 0;
            if (length == 0) {
                at++;
                continue;
            }
            pre.scan(text, start, at, words);
            at += length;
            start = at;
        }
        pre.scan(text, start, to, words);
    }

    /** Give the last place at which this much of a longer text may be cut, or {@code from} if there is none. */
    int cut(byte[] text, int from, int to) {
        int longest = specials.length == 0 ? 0 : specials[0].length;
        int margin = Math.max(4, longest);
        int next = to - margin; // whatever begins before here is all there
        while (next > from && (text[next] & 0xC0) == 0x80) {
            next--;
        }
        while (next > from) {
            int at = next - 1;
            while (at > from && (text[at] & 0xC0) == 0x80) {
                at--;
            }
            if (word(text, at) && !word(text, next) && !insideSpecial(text, from, next, to, longest)) {
                return next;
            }
            next = at;
        }
        return from;
    }

    private boolean insideSpecial(byte[] text, int from, int cut, int to, int longest) {
        for (int at = Math.max(from, cut - longest + 1); at < cut; at++) {
            if (begins[text[at] & 0xFF] && at + special(text, at, to) > cut) {
                return true;
            }
        }
        return false;
    }

    /** Give the length of the special token that begins here, or 0. */
    private int special(byte[] text, int at, int to) {
        for (byte[] special : specials) {
            int end = at + special.length;
            if (end <= to && Arrays.equals(text, at, end, special, 0, special.length)) {
                return special.length;
            }
        }
        return 0;
    }

    /** Tell letters and numbers; a file may yet prove malformed here, which {@link CharClass#malformed} finds. */
    private static boolean word(byte[] text, int at) {
        if ((text[at] & 0xC0) == 0x80 || text[at] >= (byte) 0xF4 && text[at] < 0) {
            return false;
        }
        byte kind = CharClass.at(text, at);
        return kind == CharClass.LETTER || kind == CharClass.NUMBER;
    }
}
