package dev.crema.model;

import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.tensor.SoftCap;
import dev.crema.text.InputException;

/**
 * Multi-head latent attention: keys and values of all heads are made of one short vector, which is all that has to
 * be kept of a token, and of one part that turns and that the heads share ("DeepSeek-V2", 2024).
 *
 * @param heads query heads H
 * @param queryRank how queries are made
 * @param latentSize width R of the vector that keys and values are made of
 * @param plainSize width n of the part of a query and key that does not turn
 * @param rotarySize width r of the part that turns
 * @param valueSize width v of a head's value
 * @param interleaved whether neighbours are a pair that turns; else the halves are
 * @param bias whether the first projections and the last have a bias
 * @param scale by which the products of queries and keys are multiplied
 */
public record LatentSpec(
        int heads,
        QueryRank queryRank,
        int latentSize,
        int plainSize,
        int rotarySize,
        int valueSize,
        boolean interleaved,
        boolean bias,
        double scale)
        implements AttentionSpec {
    public LatentSpec {
        ArchConfig.check("number of heads", heads, 65_536);
        ArchConfig.check("latent size", latentSize, 65_536);
        ArchConfig.check("size of a head's part without rotation", plainSize, 65_536);
        ArchConfig.check("size of a head's rotary part", rotarySize, 65_536);
        ArchConfig.check("size of a head's value", valueSize, 65_536);
        if (!(scale > 0)) throw new InputException("A scale of scores of " + scale + ": it lies above 0");
    }

    /** Returns what is kept of a token: its latent vector and its turned part, R + r numbers. */
    public int cacheWidth() {
        return latentSize + rotarySize;
    }

    /** Returns the width of a query. */
    public int querySize() {
        return plainSize + rotarySize;
    }

    /** Returns what a head makes of a latent vector: the key's part without rotation, and the value. */
    public int expandedSize() {
        return plainSize + valueSize;
    }

    @Override
    public WindowSpec window() {
        return new WindowSpec.None();
    }

    @Override
    public SoftCap scoreCap() {
        return new SoftCap.None();
    }

    /** How latent attention makes queries. */
    public sealed interface QueryRank {
        record Full() implements QueryRank {}

        /** Through a vector of so many numbers, which is normalised. */
        record Low(int rank) implements QueryRank {
            public Low {
                ArchConfig.check("query rank", rank, 65_536);
            }
        }
    }
}
