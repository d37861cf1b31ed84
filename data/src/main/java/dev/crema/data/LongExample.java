package dev.crema.data;

/** What to do with an example that is longer than a row. */
public enum LongExample {
    /** Keep its beginning and count it. */
    TRUNCATE,
    /** Stop with an error that names its length. */
    REFUSE
}
