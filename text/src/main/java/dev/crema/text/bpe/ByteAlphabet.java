package dev.crema.text.bpe;

/**
 * Writes bytes as the printable characters that GPT-2 chose: those that are printable in Latin-1 stand for themselves,
 * the others are numbered from U+0100.
 */
final class ByteAlphabet {
    private static final char[] CHARS = new char[256];
    /** The bytes in the order of their characters. */
    private static final int[] ORDER = new int[256];

    private static final int[] RANKS = new int[256];

    static {
        int others = 0;
        int printable = 0;
        for (int value = 0; value < 256; value++) {
            boolean self = value >= '!' && value <= '~' || value >= 0xA1 && value <= 0xAC || value >= 0xAE;
            CHARS[value] = (char) (self ? value : 256 + others++);
            printable += self ? 1 : 0;
        }
        int rank = 0;
        for (int value = 0; value < 256; value++) {
            int place = CHARS[value] < 256 ? rank++ : printable + CHARS[value] - 256;
            ORDER[place] = value;
            RANKS[value] = place;
        }
    }

    private ByteAlphabet() {}

    static int[] order() {
        return ORDER.clone();
    }

    static int rank(byte value) {
        return RANKS[value & 0xFF];
    }

    static String write(byte[] bytes) {
        var text = new StringBuilder(bytes.length);
        for (byte value : bytes) {
            text.append(CHARS[value & 0xFF]);
        }
        return text.toString();
    }
}
