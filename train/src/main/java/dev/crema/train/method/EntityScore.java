package dev.crema.train.method;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Precision, recall and F1 of the entities that tags such as {@code B-PER I-PER O} mark (CoNLL-2000's {@code conlleval}).
 *
 * <p>An entity counts if its first word, its last and its type are right. Tags need not be well formed: an {@code I} after
 * another type, or after nothing, begins an entity; {@code E} and {@code S}, where there are any, end one. A tag without a
 * type is one of a type without a name.
 *
 * @see <a href="https://github.com/chakki-works/seqeval">seqeval, whose default this is</a>
 */
final class EntityScore {
    private long right;
    private long found;
    private long wanted;

    /** An entity from one word to another, both included. */
    private record Entity(String type, int first, int last) {}

    /** A tag's letter and type. */
    private record Tag(char place, String type) {
        static Tag of(String tag) {
            if (tag.isEmpty()) return new Tag('O', "_");
            int dash = tag.indexOf('-', 1);
            String type = dash < 0 ? tag.substring(1) : tag.substring(dash + 1);
            return new Tag(tag.charAt(0), type.isEmpty() ? "_" : type);
        }

        boolean outside() {
            return place == 'O' || place == '.';
        }

        boolean begins() {
            return place == 'B' || place == 'S';
        }

        boolean ends() {
            return place == 'E' || place == 'S';
        }
    }

    /** Counts a text's entities: of its tags, and of those that a model gave it. */
    void add(List<String> wantedTags, List<String> foundTags) {
        Set<Entity> theirs = new HashSet<>(entities(wantedTags)), ours = new HashSet<>(entities(foundTags));
        wanted += theirs.size();
        found += ours.size();
        ours.retainAll(theirs);
        right += ours.size();
    }

    private static List<Entity> entities(List<String> tags) {
        List<Entity> entities = new ArrayList<>();
        Tag before = new Tag('O', "_");
        int first = 0;
        for (int word = 0; word <= tags.size(); word++) {
            Tag tag = Tag.of(word < tags.size() ? tags.get(word) : "O");
            boolean other = !before.type().equals(tag.type());
            boolean closed = !before.outside() && (before.ends() || tag.begins() || tag.outside() || other);
            if (closed) entities.add(new Entity(before.type(), first, word - 1));
            if (!tag.outside() && (tag.begins() || before.outside() || before.ends() || other)) first = word;
            before = tag;
        }
        return entities;
    }

    double precision() {
        return found == 0 ? 0 : (double) right / found;
    }

    double recall() {
        return wanted == 0 ? 0 : (double) right / wanted;
    }

    double f1() {
        return found + wanted == 0 ? 0 : 2.0 * right / (found + wanted);
    }
}
