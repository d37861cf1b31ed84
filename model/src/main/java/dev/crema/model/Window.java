package dev.crema.model;

/** How far back a token sees. */
public sealed interface Window {
    record All() implements Window {}

    /** @param tokens seen, the token itself included */
    record Last(int tokens) implements Window {}
}
