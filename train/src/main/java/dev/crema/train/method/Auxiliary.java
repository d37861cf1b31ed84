package dev.crema.train.method;

/**
 * What a decoder learns besides the next token; 0 leaves each out.
 *
 * @param balance weight of the loss that evens the load of experts out ({@link dev.crema.model.RouterTrace})
 * @param routerBiasUpdateRate γ by which the biases of routers move after a step to even it out without a loss
 *     ({@link dev.crema.model.RouterLoads}); the routers need to have such biases
 * @param multiTokenWeight weight λ of the loss of the layers that predict further ahead, averaged over them (DeepSeek-V3)
 */
public record Auxiliary(double balance, double routerBiasUpdateRate, double multiTokenWeight) {
    public static final Auxiliary NONE = new Auxiliary(0, 0, 0);
}
