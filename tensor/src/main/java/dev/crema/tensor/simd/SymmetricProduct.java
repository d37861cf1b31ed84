package dev.crema.tensor.simd;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.machine.Tile.Right;
import dev.crema.tensor.machine.Transposition;

/**
 * Products in fp32 that are known to be symmetric, on one thread: {@code aᵀ b} where {@code a = b}, or where both are
 * polynomials of one symmetric matrix.
 *
 * <p>Both sides and the result lie in the steps of panels, whose columns serve as rows of the left side too. So a result
 * is a side of the next product as it lies. Only panels' parts on and below the diagonal are computed; the others are
 * theirs, transposed.
 */
final class SymmetricProduct {
    private static final int CUTS = Math.ceilDiv(Panels.COLUMNS, Tile.MOST_ROWS), LANES = Transposition.LANES;

    /** Steps of a sum of which a panel of both sides fits in the second cache. */
    private static final int MOST_STEPS = 2048;

    private final int panels;
    private final Tile.Code[] first = new Tile.Code[CUTS], more = new Tile.Code[CUTS];

    /** @param side rows and columns of the result */
    SymmetricProduct(int side) {
        this.panels = Math.ceilDiv(side, Panels.COLUMNS);
        for (int cut = 0; cut < CUTS; cut++) {
            first[cut] = code(cut, Result.FP32);
            more[cut] = code(cut, Result.FP32_ADDED);
        }
    }

    private static Tile.Code code(int cut, Result result) {
        int rows = from(cut + 1) - from(cut);
        return new Tile(rows, Panels.COLUMNS, Panels.NUMBER, Panels.STEP, false, new Right.Steps(), result).code();
    }

    /** Returns the column of a panel with which a tile of the left side begins. */
    private static int from(int cut) {
        return Panels.COLUMNS * cut / CUTS;
    }

    /** Returns the side, up to whole panels: the steps of a result. */
    int side() {
        return panels * Panels.COLUMNS;
    }

    /** Returns the bytes of a result. */
    long bytes() {
        return sideBytes(side());
    }

    /** Returns the bytes of a side of so many steps. */
    long sideBytes(int steps) {
        return (long) panels * panelBytes(steps);
    }

    static long panelBytes(int steps) {
        return (long) steps * Panels.STEP;
    }

    /** Multiplies sides at two addresses, of so many steps. */
    void run(long a, long b, int steps, long result) {
        for (int panel = 0; panel < panels; panel++) {
            for (int from = 0; from < steps; from += MOST_STEPS) {
                multiply(a, b, steps, from, Math.min(MOST_STEPS, steps - from), panel, result);
            }
            for (int below = panel + 1; below < panels; below++) mirror(result, panel, below);
        }
    }

    private void multiply(long a, long b, int steps, int from, int count, int panel, long result) {
        long panelBytes = panelBytes(steps), offset = panelBytes(from);
        long right = b + panel * panelBytes + offset, column = result + panel * panelBytes(side());
        Tile.Code[] codes = from == 0 ? first : more;
        for (int below = panel; below < panels; below++) {
            long left = a + below * panelBytes + offset;
            for (int cut = 0; cut < CUTS; cut++) {
                long at = column + panelBytes(below * Panels.COLUMNS + from(cut));
                codes[cut].run(left + (long) from(cut) * Panels.NUMBER, right, count, at, Panels.STEP, right, at);
            }
        }
    }

    /** Writes a square block above the diagonal. */
    private void mirror(long result, int panel, int below) {
        long from = result + panel * panelBytes(side()) + panelBytes(below * Panels.COLUMNS);
        long to = result + below * panelBytes(side()) + panelBytes(panel * Panels.COLUMNS);
        for (int row = 0; row < Panels.COLUMNS; row += LANES) {
            Transposition.run(
                    from + panelBytes(row), Panels.STEP, to + (long) row * Panels.NUMBER, Panels.COLUMNS / LANES);
        }
    }
}
