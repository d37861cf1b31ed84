package dev.crema.tensor.simd;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;

/** How the left side of a product is cut into tiles of nearly the same height. */
final class LeftTiles {
    private final int rowBytes;
    private final int stepBytes;
    private final int together;
    private final int[] rows; // with which each tile begins, and the end
    private final long[] addresses;

    private LeftTiles(int rowBytes, int stepBytes, int together, int blocks, int count) {
        this.rowBytes = rowBytes;
        this.stepBytes = stepBytes;
        this.together = together;
        int tiles = blocks * together;
        this.rows = new int[tiles + 1];
        this.addresses = new long[tiles];
        rows[tiles] = count;
    }

    /** Cuts rows that lie along the sum. */
    static LeftTiles ofRows(long address, int count, int rowBytes) {
        int tiles = Math.ceilDiv(count, Tile.MOST_ROWS);
        LeftTiles cut = new LeftTiles(rowBytes, Panels.NUMBER, 1, tiles, count);
        for (int tile = 0; tile < tiles; tile++) {
            int row = (int) ((long) count * tile / tiles);
            cut.rows[tile] = row;
            cut.addresses[tile] = address + (long) row * rowBytes;
        }
        return cut;
    }

    /**
     * Cuts rows that are columns of panels.
     *
     * @param address of the first panel's first step
     * @param panelBytes from a panel to the next
     */
    static LeftTiles ofColumns(long address, long panelBytes, int count) {
        int each = Math.ceilDiv(Panels.COLUMNS, Tile.MOST_ROWS), panels = Math.ceilDiv(count, Panels.COLUMNS);
        LeftTiles cut = new LeftTiles(Panels.NUMBER, Panels.STEP, each, panels, count);
        for (int tile = 0; tile < panels * each; tile++) {
            int panel = tile / each, first = panel * Panels.COLUMNS, width = Math.min(Panels.COLUMNS, count - first);
            int column = width * (tile % each) / each;
            cut.rows[tile] = first + column;
            cut.addresses[tile] = address + panel * panelBytes + (long) column * Panels.NUMBER;
        }
        return cut;
    }

    int count() {
        return addresses.length;
    }

    /** Returns the row with which a tile begins. */
    int row(int tile) {
        return rows[tile];
    }

    /** Returns how many rows a tile has; of columns it may be none. */
    int rows(int tile) {
        return rows[tile + 1] - rows[tile];
    }

    long address(int tile) {
        return addresses[tile];
    }

    /** Returns how many tiles go by together, given how many the cache has room for. */
    int kept(long room) {
        return (int) Math.max(together, Math.min(room, count()) / together * together);
    }

    /** Returns the code for tiles of each height that there is. */
    Tile.Code[] codes(int columns, boolean pairs, Tile.Right right, Tile.Result result) {
        Tile.Code[] codes = new Tile.Code[Tile.MOST_ROWS + 1];
        for (int tile = 0; tile < count(); tile++) {
            int rows = rows(tile);
            if (rows > 0 && codes[rows] == null) {
                codes[rows] = new Tile(rows, columns, rowBytes, stepBytes, pairs, right, result).code();
            }
        }
        return codes;
    }
}
