package dev.crema.tensor.simd;

import dev.crema.tensor.machine.Panels;

/** Keys and values of one head, or their like, as products want them: as rows, and as panels whose columns are tokens. */
final class FlashKeys {
    private final FlashAttention.Problem problem;
    private final FlashHeads heads;
    private final long rows;
    private final long panels;

    FlashKeys(FlashAttention.Problem problem, Scratch scratch, boolean panels) {
        this.problem = problem;
        this.heads = new FlashHeads(problem);
        this.rows = scratch.take(bytes(problem));
        this.panels = panels ? scratch.take(bytes(problem)) : 0;
    }

    /** Returns the bytes of a head's rows, up to a whole panel. */
    static long bytes(FlashAttention.Problem problem) {
        return (long) slots(problem) * problem.size() * problem.bytes();
    }

    /** Returns the tokens of a row, up to a whole panel. */
    static int slots(FlashAttention.Problem problem) {
        return Math.ceilDiv(problem.tokens(), Panels.COLUMNS) * Panels.COLUMNS;
    }

    /** Reads a row's tokens of the head that begins at a column; behind the last there are zeros. */
    void read(int row, int column, HeadRows.Turn turn) {
        long token = (long) row * problem.tokens();
        heads.read(problem.projection(), column, turn, token, problem.tokens(), rows, slots(problem));
        if (panels == 0) return;
        for (int t = 0; t < slots(problem); t += Panels.COLUMNS) {
            PanelPacking.pack(panel(t), row(t), heads.rowBytes(), Panels.COLUMNS, steps());
        }
    }

    /** Returns the steps of a product with tokens. */
    int steps() {
        return problem.size() / problem.pair();
    }

    long row(int token) {
        return rows + (long) token * heads.rowBytes();
    }

    /** Returns the first step of the panel that begins with a token. */
    long panel(int token) {
        return panels + (long) token / Panels.COLUMNS * steps() * Panels.STEP;
    }
}
