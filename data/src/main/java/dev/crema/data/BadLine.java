package dev.crema.data;

/** What to do with a record that cannot be read: recipes write {@code on_bad_line: fail} or {@code skip}. */
public enum BadLine {
    /** Stop with an error that names file and line. */
    FAIL,
    /** Leave the record out and count it. */
    SKIP
}
