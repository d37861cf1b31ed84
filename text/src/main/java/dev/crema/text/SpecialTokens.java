package dev.crema.text;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Names the tokens that have a part to play: where a text begins and ends, what pads a batch.
 *
 * @param roles the token of each role that the tokenizer fills
 * @param stopIds the ids that end a generated answer: the end-of-text token and those that
 *     {@code generation_config.json} (or else {@code config.json}) adds; may be empty
 */
public record SpecialTokens(Map<Role, SpecialToken> roles, SortedSet<Integer> stopIds) {
    /** The roles that Hugging Face tokenizers know, each under the key that files give it. */
    public enum Role {
        BOS("bos_token"),
        EOS("eos_token"),
        PAD("pad_token"),
        UNK("unk_token"),
        CLS("cls_token"),
        SEP("sep_token"),
        MASK("mask_token");

        private final String key;

        Role(String key) {
            this.key = key;
        }

        /** Give the key under which files name the token. */
        public String key() {
            return key;
        }
    }

    /** A token by its text and its id. */
    public record SpecialToken(String text, int id) {}

    public SpecialTokens {
        var copy = new EnumMap<Role, SpecialToken>(Role.class);
        copy.putAll(roles);
        roles = Collections.unmodifiableMap(copy);
        stopIds = Collections.unmodifiableSortedSet(new TreeSet<>(stopIds));
    }

    /** Give the token of a role, if the tokenizer has one. */
    public Optional<SpecialToken> of(Role role) {
        return Optional.ofNullable(roles.get(role));
    }

    /** Give the token that begins a text. */
    public Optional<SpecialToken> bos() {
        return of(Role.BOS);
    }

    /** Give the token that ends a text. */
    public Optional<SpecialToken> eos() {
        return of(Role.EOS);
    }

    /** Give the token that fills the short rows of a batch. */
    public Optional<SpecialToken> pad() {
        return of(Role.PAD);
    }

    /** Give the token that stands for what the vocabulary cannot spell. */
    public Optional<SpecialToken> unk() {
        return of(Role.UNK);
    }

    /** Give the token that stands first in an encoder's input. */
    public Optional<SpecialToken> cls() {
        return of(Role.CLS);
    }

    /** Give the token that separates the texts of a pair. */
    public Optional<SpecialToken> sep() {
        return of(Role.SEP);
    }

    /** Give the token that hides a word from a masked language model. */
    public Optional<SpecialToken> mask() {
        return of(Role.MASK);
    }
}
