package dev.crema.model;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Tensor;

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) of the residual stream: {@code w (x - mean) / sqrt(variance + ε) + b} in
 * each of the D dimensions.
 *
 * <p>While the model learns, mean and variance are those of the pass at hand: over all rows and their tokens, whatever
 * their document, but not over padding, which is normalised with the rest. So a token sees, through them, all others of
 * the batch, later ones too, and what it becomes depends on the company: that is what sets it apart from the norms by
 * token, most of all in batches of one row. Each pass moves the running mean and variance by {@code momentum} towards
 * its own (the variance without bias, by {@code n - 1}), as PyTorch does; a block that runs again in the backward pass
 * moves them once, and numbers that are not finite never do. For inference the running ones take their place.
 *
 * @param runningMean {@code [D]} FP32, whatever the model's type
 * @param runningVariance {@code [D]} FP32
 * @param momentum share of a pass in the running statistics
 */
record BatchNorm(
        Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, double epsilon, double momentum)
        implements Norm {
    @Override
    public Tensor apply(Tensor hiddenStates) {
        return normalise(hiddenStates, runningMean.detach(), runningVariance.detach());
    }

    @Override
    public Tensor apply(Tensor hiddenStates, Statistics statistics) {
        return switch (statistics) {
            case Statistics.Running running -> apply(hiddenStates);
            case Statistics.OfBatch all -> normaliseByBatch(hiddenStates, rows(hiddenStates));
            case Statistics.OfTokens(Tensor places) ->
                normaliseByBatch(hiddenStates, rows(hiddenStates).indexSelect(0, places));
        };
    }

    private static Tensor rows(Tensor hiddenStates) {
        return hiddenStates.reshape(-1, hiddenStates.size(-1)).to(DType.FP32); // [B T, D]
    }

    private Tensor normaliseByBatch(Tensor hiddenStates, Tensor counted) {
        Tensor mean = counted.mean(0, false); // [D]
        Tensor centred = counted.sub(mean);
        Tensor variance = centred.mul(centred).mean(0, false); // [D]
        // A checkpointed block's first run records nothing; the second one counts.
        if (Autograd.recording()) move(mean.detach(), variance.detach(), counted.size(0));
        return normalise(hiddenStates, mean, variance);
    }

    private Tensor normalise(Tensor hiddenStates, Tensor mean, Tensor variance) {
        Tensor scale = variance.add(epsilon).rsqrt().mul(weight.to(DType.FP32)); // [D]
        Tensor centred = hiddenStates.to(DType.FP32).sub(mean);
        return centred.mul(scale).add(bias.to(DType.FP32)).to(hiddenStates.dtype());
    }

    private void move(Tensor mean, Tensor variance, long tokens) {
        try (var off = Autograd.off()) {
            if (!Double.isFinite(mean.sum().item() + variance.sum().item())) return;
            double unbiased = tokens > 1 ? tokens / (tokens - 1.0) : 1;
            runningMean.detach().lerpInPlace(mean, momentum);
            runningVariance.detach().lerpInPlace(variance.mul(unbiased), momentum);
        }
    }
}
