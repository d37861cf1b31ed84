package dev.crema.text.bpe;

/** Sorts code points into letters, numbers, white space and the rest, as the patterns' \p{L}, \p{N} and \s do. */
final class CharClass {
    static final byte OTHER = 0;
    static final byte LETTER = 1;
    static final byte NUMBER = 2;
    static final byte SPACE = 3;

    private static final byte[] CLASSES = new byte[Character.MAX_CODE_POINT + 1];

    static {
        for (int c = 0; c < CLASSES.length; c++) {
            CLASSES[c] = classify(c);
        }
    }

    private CharClass() {}

    /** Give the class of the character that starts at {@code at} in well-formed UTF-8. */
    static byte at(byte[] text, int at) {
        byte lead = text[at];
        return lead >= 0 ? CLASSES[lead] : CLASSES[codePoint(text, at)];
    }

    /** Count the bytes of the character that starts with this byte. */
    static int length(byte lead) {
        if (lead >= 0) {
            return 1;
        }
        return lead < (byte) 0xE0 ? 2 : lead < (byte) 0xF0 ? 3 : 4;
    }

    /** Give the index of the first byte that is not well-formed UTF-8, or -1. */
    static int malformed(byte[] text, int from, int to) {
        int i = from;
        while (i < to) {
            if (text[i] >= 0) {
                i++;
                continue;
            }
            int lead = text[i] & 0xFF;
            int length = length(text[i]);
            if (lead < 0xC2 || lead > 0xF4 || i + length > to) {
                return i;
            }
            for (int k = 1; k < length; k++) {
                if ((text[i + k] & 0xC0) != 0x80) {
                    return i;
                }
            }
            int c = codePoint(text, i);
            boolean overlong = length == 3 && c < 0x800 || length == 4 && c < 0x10000;
            if (overlong
                    || c > Character.MAX_CODE_POINT
                    || c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
                return i;
            }
            i += length;
        }
        return -1;
    }

    private static int codePoint(byte[] text, int at) {
        int lead = text[at];
        return switch (length(text[at])) {
            case 2 -> (lead & 0x1F) << 6 | text[at + 1] & 0x3F;
            case 3 -> (lead & 0x0F) << 12 | (text[at + 1] & 0x3F) << 6 | text[at + 2] & 0x3F;
            default ->
                (lead & 0x07) << 18 | (text[at + 1] & 0x3F) << 12 | (text[at + 2] & 0x3F) << 6 | text[at + 3] & 0x3F;
        };
    }

    private static byte classify(int c) {
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> SPACE;
            default -> c >= '\t' && c <= '\r' || c == 0x85 ? SPACE : OTHER;
        };
    }
}
