package dev.crema.text.sentencepiece;

import dev.crema.text.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * Checks the rules by which SentencePiece replaces characters, before the native tokenizer walks them without a look.
 *
 * <p>They are a trie of what is replaced, in Darts' double array of 32-bit units, and behind it the replacements, each up
 * to a zero byte. A unit has a label in its lowest byte, at bit 8 whether a word ends there, and an offset: its child by
 * the byte b is at {@code index ^ offset ^ b}, if that one's label is b; a word's value is at {@code index ^ offset}.
 *
 * @see <a href="https://github.com/s-yata/darts-clone">darts-clone</a>
 */
public final class CharsMap {
    private final String where;
    private final int[] units;
    private final byte[] replacements;

    private CharsMap(String where, int[] units, byte[] replacements) {
        this.where = where;
        this.units = units;
        this.replacements = replacements;
    }

    /**
     * Walks over all that can be reached.
     *
     * @throws InputException if any of it lies outside
     */
    public static void check(String where, byte[] rules) {
        ByteBuffer buffer = ByteBuffer.wrap(rules).order(ByteOrder.LITTLE_ENDIAN);
        int bytes = rules.length < Integer.BYTES ? -1 : buffer.getInt();
        if (bytes < Integer.BYTES || bytes % Integer.BYTES != 0 || bytes > buffer.remaining()) {
            throw new InputException(where + " cannot be read: its rules of characters claim " + bytes + " bytes of "
                    + Math.max(0, rules.length - Integer.BYTES));
        }
        int[] units = new int[bytes / Integer.BYTES];
        for (int i = 0; i < units.length; i++) units[i] = buffer.getInt();
        byte[] replacements = new byte[buffer.remaining()];
        buffer.get(replacements);
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(replacements));
        } catch (CharacterCodingException e) {
            throw new InputException(where + " cannot be read: what replaces characters is no UTF-8", e);
        }
        new CharsMap(where, units, replacements).check();
    }

    private void check() {
        BitSet seen = new BitSet(units.length);
        ArrayDeque<Integer> left = new ArrayDeque<>();
        left.add(0);
        seen.set(0);
        while (!left.isEmpty()) {
            int at = left.remove(), children = at ^ offset(units[at]);
            // Whatever byte comes next is looked up, so all 256 places have to be there.
            if (children < 0 || (children | 0xFF) >= units.length) throw outside("unit " + at);
            boolean word = at != 0 && (units[at] >>> 8 & 1) == 1;
            if (word) replacement(units[children] & Integer.MAX_VALUE);
            for (int b = 1; b < 256; b++) {
                int child = children ^ b;
                if ((units[child] & 0x800000FF) == b && !seen.get(child)) {
                    seen.set(child);
                    left.add(child);
                }
            }
        }
    }

    private static int offset(int unit) {
        return (unit >>> 10) << ((unit & 1 << 9) >>> 6);
    }

    /** A replacement begins within the text, and at the beginning of a character. */
    private void replacement(int from) {
        if (from > replacements.length || from < replacements.length && (replacements[from] & 0xC0) == 0x80) {
            throw outside("a replacement at " + from);
        }
    }

    private InputException outside(String what) {
        return new InputException(
                where + " cannot be read: its rules of characters lead outside, from " + what + "; it was altered");
    }
}
