package dev.crema.data.arithmetic;

/**
 * The side that a calculation falls on, decided by a hash of its key: in every wording and language the same, so that the
 * sides can share no problem.
 */
public enum Split {
    /** Nine in ten: the corpus, fine-tuning, the prompts of reinforcement. */
    TRAIN,
    /** One in twenty: to choose settings by. */
    DEV,
    /** One in twenty: to report, and nothing else. */
    TEST;

    /** Returns the side of a calculation. */
    public static Split of(Calculation calculation) {
        return ofKey(calculation.key());
    }

    static Split ofKey(String key) {
        return switch ((int) Long.remainderUnsigned(fnv1a(key), 20)) {
            case 0 -> TEST;
            case 1 -> DEV;
            default -> TRAIN;
        };
    }

    /** The 64-bit FNV-1a hash, its bits mixed once more: the low ones alone are weak. */
    private static long fnv1a(String key) {
        long hash = 0xCBF29CE484222325L;
        for (int i = 0; i < key.length(); i++) {
            hash = (hash ^ key.charAt(i)) * 0x100000001B3L;
        }
        hash = (hash ^ (hash >>> 33)) * 0xFF51AFD7ED558CCDL;
        return hash ^ (hash >>> 33);
    }
}
