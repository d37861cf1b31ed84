package dev.crema.model;

import dev.crema.tensor.Tensor;

/**
 * How a forward pass runs that a backward pass is to follow.
 *
 * @param positions {@code [B, T]}
 * @param visibility which tokens see which
 * @param dropout of this pass
 * @param trace watches the routers of experts, and adds its balance loss to the gradients
 */
public record TrainingPass(
        Tensor positions, Visibility visibility, Activations activations, Dropout dropout, RouterTrace trace) {}
