package dev.crema.text.bpe;

/**
 * Holds texts to count, one after the other in UTF-8.
 *
 * @param ends where each text ends; the next begins there
 */
record Block(byte[] bytes, int[] ends) {
    /** Count the bytes of text. */
    int length() {
        return ends.length == 0 ? 0 : ends[ends.length - 1];
    }
}
