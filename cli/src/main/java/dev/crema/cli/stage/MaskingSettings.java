package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;

/**
 * How tokens are hidden from a masked language model.
 *
 * @param rate the part of the tokens that it has to find
 * @param wholeWords whether all pieces of a word are hidden together
 */
record MaskingSettings(
        @Default("0.15") double rate, @Default("false") boolean wholeWords) {
    MaskingSettings {
        Check.that(rate > 0 && rate < 1, "rate", rate, "a part between 0 and 1");
    }
}
