package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.model.ArchConfig;
import dev.crema.model.ArchConfig.FeedForwardSpec;
import dev.crema.model.ModelConfig;
import dev.crema.text.InputException;
import dev.crema.train.method.Auxiliary;

/**
 * What a decoder learns besides the next token.
 *
 * @param multiTokenWeight weight of the loss of the layers that predict further ahead; 0 leaves them as they are
 * @param routerBiasUpdateRate by which the biases of routers move after each step to even the load of the experts out
 */
record AuxiliarySettings(
        @Default("0") double multiTokenWeight, @Default("0") double routerBiasUpdateRate) {
    AuxiliarySettings {
        Check.that(multiTokenWeight >= 0, "multiTokenWeight", multiTokenWeight, "at least 0");
        Check.that(routerBiasUpdateRate >= 0, "routerBiasUpdateRate", routerBiasUpdateRate, "at least 0");
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
        if (routerBiasUpdateRate > 0 && !(model instanceof ArchConfig decoder && hasRouterBiases(decoder))) {
            throw new InputException("auxiliary.router_bias_update_rate is " + routerBiasUpdateRate
                    + ", and the model has no routers with biases: leave it out, or take a DeepSeek-V3");
        }
    }

    private static boolean hasRouterBiases(ArchConfig decoder) {
        return decoder.feedForward().at(decoder.layers() - 1) instanceof FeedForwardSpec.Experts experts
                && experts.routing().correction();
    }

    /** @param balance weight of the loss that evens the load of experts out */
    Auxiliary with(double balance) {
        return new Auxiliary(balance, routerBiasUpdateRate, multiTokenWeight);
    }
}
