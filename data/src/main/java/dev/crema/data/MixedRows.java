package dev.crema.data;

import dev.crema.text.InputException;
import java.util.List;
import java.util.stream.Collectors;

/** Rows of several sources, each drawn with a probability in proportion to its weight, decided by seed and row number. */
public final class MixedRows implements RowSource {
    /** A source and its weight; weights need not add up to 1. */
    public record Weighted(RowSource source, double weight) {
        public Weighted {
            if (!(weight > 0) || Double.isInfinite(weight)) {
                throw new InputException("a mixture's weight must be above 0 and finite, not " + weight
                        + "; leave the source out instead");
            }
        }
    }

    private final List<Weighted> sources;
    private final long seed;
    private final double total;
    private long position;

    /** Mixes sources of the same row length. */
    public MixedRows(List<Weighted> sources, long seed) {
        if (sources.isEmpty()) {
            throw new InputException("a mixture needs at least one source");
        }
        int columns = sources.getFirst().source().columns();
        for (Weighted each : sources) {
            if (each.source().columns() != columns) {
                throw new InputException("a mixture of rows of " + columns + " and "
                        + each.source().columns() + " tokens; give its sources one row length");
            }
        }
        this.sources = List.copyOf(sources);
        this.seed = seed;
        this.total = sources.stream().mapToDouble(Weighted::weight).sum();
    }

    @Override
    public int columns() {
        return sources.getFirst().source().columns();
    }

    @Override
    public Cursor cursor() {
        long epoch = sources.stream()
                .mapToLong(each -> each.source().cursor().epoch())
                .min()
                .orElseThrow();
        return new Cursor(
                label(),
                epoch,
                position,
                0,
                sources.stream().map(each -> each.source().cursor()).toList());
    }

    @Override
    public void seek(Cursor cursor) {
        cursor.check(label(), Long.MAX_VALUE);
        if (cursor.parts().size() != sources.size()) {
            throw new InputException("the data cursor is for " + cursor.parts().size() + " sources, this run mixes "
                    + sources.size() + "; resume with the same data");
        }
        position = cursor.position();
        for (int i = 0; i < sources.size(); i++) {
            sources.get(i).source().seek(cursor.parts().get(i));
        }
    }

    @Override
    public PackingReport report() {
        return sources.stream()
                .map(each -> each.source().report())
                .reduce(PackingReport::plus)
                .orElseThrow();
    }

    @Override
    public String label() {
        return sources.stream()
                .map(each -> each.weight() + " " + each.source().label())
                .collect(Collectors.joining("; ", "mixture, seed " + seed + ": ", ""));
    }

    @Override
    public void write(RowWriter writer) {
        double draw = Mix.unit(seed, position) * total;
        int chosen = 0;
        while (chosen < sources.size() - 1 && draw >= sources.get(chosen).weight()) {
            draw -= sources.get(chosen).weight();
            chosen++;
        }
        sources.get(chosen).source().write(writer);
        position++;
    }
}
