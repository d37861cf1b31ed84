package dev.crema.data;

/**
 * What packing did since the source was made.
 *
 * @param rows rows given
 * @param columns tokens that these rows have room for
 * @param padding how many of them hold none
 * @param truncated examples cut because they are longer than a row
 */
public record PackingReport(long rows, long columns, long padding, long truncated) {
    /** Returns the share of the room that is padding, in [0, 1]. */
    public double paddingShare() {
        return columns == 0 ? 0 : (double) padding / columns;
    }

    PackingReport plus(PackingReport other) {
        return new PackingReport(
                rows + other.rows, columns + other.columns, padding + other.padding, truncated + other.truncated);
    }
}
