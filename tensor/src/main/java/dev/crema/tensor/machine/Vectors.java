package dev.crema.tensor.machine;

import jdk.incubator.vector.FloatVector;

/** The vectors that machine code computes with. */
public enum Vectors {
    /** Of 256 bits in sixteen registers, the last of which the {@link Avx2 assembler} keeps for itself. */
    AVX2(8, 15),
    /** Of 512 bits in thirty-two registers, with masks. */
    AVX512(16, 32);

    /** As wide as Java's own are here, so that both go over the same rows in the same steps. */
    static final Vectors CURRENT = FloatVector.SPECIES_PREFERRED.length() < 16 ? AVX2 : AVX512;

    /** Whether Java's own are as wide; told to use narrower ones, it has none of either kind. */
    static final boolean JAVAS = FloatVector.SPECIES_PREFERRED.length() == CURRENT.lanes;

    /** Numbers of fp32 in a vector. */
    public static final int LANES = CURRENT.lanes;

    /** Bytes of a vector. */
    public static final int BYTES = 4 * LANES;

    /** Registers that code may use. */
    static final int REGISTERS = CURRENT.registers;

    private final int lanes;
    private final int registers;

    Vectors(int lanes, int registers) {
        this.lanes = lanes;
        this.registers = registers;
    }
}
