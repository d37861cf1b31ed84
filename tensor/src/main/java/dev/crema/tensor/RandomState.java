package dev.crema.tensor;

import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;

/** A seeded stream of random tensors whose state can be saved, and restored to go on bit for bit. */
public final class RandomState implements AutoCloseable {
    private final Generator generator;
    private final GeneratorOptional argument;

    private RandomState(Generator generator) {
        this.generator = generator;
        this.argument = new GeneratorOptional(generator);
        generator.retainReference();
        argument.retainReference();
    }

    /** Starts a stream of the CPU from a seed. */
    public static RandomState of(long seed) {
        try (Scope scope = Scope.open()) {
            return new RandomState(org.bytedeco.pytorch.global.torch.createCPUGenerator(seed));
        }
    }

    /** Fills with values of a normal distribution; returns the tensor. */
    public Tensor normal(Tensor tensor, double mean, double deviation) {
        tensor.handle.normal_(mean, deviation, argument);
        return tensor;
    }

    /** Fills with values of {@code [low, high)}; returns the tensor. */
    public Tensor uniform(Tensor tensor, double low, double high) {
        tensor.handle.uniform_(low, high, argument);
        return tensor;
    }

    /** Fills with values of the exponential distribution of rate 1; returns the tensor. */
    public Tensor exponential(Tensor tensor) {
        tensor.handle.exponential_(1.0, argument);
        return tensor;
    }

    /** Returns the state as bytes. */
    public byte[] save() {
        try (Scope scope = Scope.open()) {
            return new Tensor(generator.get_state()).segment().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        }
    }

    /**
     * Goes on from a saved state.
     *
     * @throws IllegalArgumentException if the bytes are not of a state's size
     */
    public void restore(byte[] state) {
        try (Scope scope = Scope.open()) {
            Tensor current = new Tensor(generator.get_state());
            if (current.bytes() != state.length) {
                throw new IllegalArgumentException(
                        "a random state has " + current.bytes() + " bytes, this one " + state.length);
            }
            current.segment().copyFrom(java.lang.foreign.MemorySegment.ofArray(state));
            generator.set_state(current.handle);
        }
    }

    @Override
    public void close() {
        argument.close();
        generator.close();
    }
}
