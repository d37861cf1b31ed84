package dev.crema.data.arithmetic;

import java.util.Locale;

/** Who and what a scene is about. */
record Cast(Person person, Person other, Thing thing) {
    /** A name and its pronoun. */
    record Person(String name, String pronoun) {}

    /** What is counted, and its measure word where the language has one. */
    record Thing(String name, String measure) {}

    String fill(String phrase) {
        String pronoun = person.pronoun();
        return phrase.replace("{name}", person.name())
                .replace("{other}", other.name())
                .replace("{he}", pronoun)
                .replace("{He}", pronoun.substring(0, 1).toUpperCase(Locale.ROOT) + pronoun.substring(1))
                .replace("{thing}", thing.name())
                .replace("{m}", thing.measure());
    }
}
