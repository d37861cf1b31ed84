package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.model.ArchConfig;
import dev.crema.model.ModelConfig;
import dev.crema.text.InputException;
import dev.crema.train.method.Auxiliary;

/**
 * What a decoder learns besides the next token.
 *
 * @param multiTokenWeight weight of the loss of the layers that predict further ahead; 0 leaves them as they are
 */
record AuxiliarySettings(@Default("0") double multiTokenWeight) {
    AuxiliarySettings {
        Check.that(multiTokenWeight >= 0, "multiTokenWeight", multiTokenWeight, "at least 0");
    }

    /**
     * Checks that a model has what is to learn.
     *
     * @throws InputException if it has not
     */
    void checkFit(ModelConfig model) {
        int ahead = model instanceof ArchConfig decoder ? decoder.multiTokenLayers() : 0;
        if (multiTokenWeight > 0 && ahead == 0) {
            throw new InputException("auxiliary.multi_token_weight is " + multiTokenWeight
                    + ", and the model has no layer that predicts further ahead: leave it out, or take a DeepSeek-V3"
                    + " with such layers (model.multi_token_layers of pretrain)");
        }
    }

    /** @param balance weight of the loss that evens the load of experts out */
    Auxiliary with(double balance) {
        return new Auxiliary(balance, multiTokenWeight);
    }
}
