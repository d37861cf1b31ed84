package dev.crema.cli.stage;

import dev.crema.cli.recipe.Check;
import dev.crema.cli.recipe.Default;
import dev.crema.model.ArchConfig.AttentionSpec;
import dev.crema.model.LatentSpec;
import dev.crema.model.LatentSpec.QueryRank;

/**
 * The latent attention of a model from scratch, in the families that have it; keys and values of a head are as wide as a
 * head.
 *
 * @param rank width of the vector that keys and values are made of; 0 takes four heads' width
 * @param queryRank width of the vector that queries are made of; 0 makes them of the residual stream itself
 * @param rotary width of the part of a head that turns; 0 takes half a head's
 */
record LatentSettings(
        @Default("0") int rank,
        @Default("0") int queryRank,
        @Default("0") int rotary) {
    LatentSettings {
        Check.atLeast("rank", rank, 0);
        Check.atLeast("queryRank", queryRank, 0);
        Check.that(rotary >= 0 && rotary % 2 == 0, "rotary", rotary, "even");
    }

    AttentionSpec spec(int heads, int headSize) {
        int turned = rotary == 0 ? Math.max(2, headSize / 4 * 2) : rotary;
        return new LatentSpec(
                heads,
                queryRank == 0 ? new QueryRank.Full() : new QueryRank.Low(queryRank),
                rank == 0 ? 4 * headSize : rank,
                headSize,
                turned,
                headSize,
                true,
                false,
                1 / Math.sqrt(headSize + turned));
    }
}
