package dev.crema.train.method;

/**
 * What a decoder learns besides the next token; 0 leaves each out.
 *
 * @param balance weight of the loss that evens the load of experts out ({@link dev.crema.model.RouterTrace})
 * @param multiTokenWeight weight λ of the loss of the layers that predict further ahead, averaged over them (DeepSeek-V3)
 */
public record Auxiliary(double balance, double multiTokenWeight) {
    public static final Auxiliary NONE = new Auxiliary(0, 0);
}
