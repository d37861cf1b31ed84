package dev.crema.tensor.simd;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.machine.Tile.Right;

/**
 * Matrix products {@code c = a b} whose right side lies in {@link Panels}, on the crew's threads.
 *
 * <p>Libraries' products are made for large matrices. With the few rows of a decoding step, reading the weight is as long
 * as the sums, and two threads that wait for each other after each of a hundred small products lose what they have won. Here
 * a piece of work is one panel and the rows that the second cache holds: their tiles read the panel from the first caches,
 * and while the first two compute, the next panel is fetched from memory. The last panels are cut into single tiles, so that
 * no thread waits for another longer than a tile takes. The code of a tile is written for its shape. See Goto and van de
 * Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008.
 */
public final class PanelProduct {
    /** Bytes of the left side that stay in the second cache while panel after panel goes by. */
    private static final long KEPT = 384 << 10;

    private final Panels b;
    private final boolean pairs;

    /** @param pairs whether numbers are bf16, two to a step, else fp32 */
    public PanelProduct(Panels b, boolean pairs) {
        this.b = b;
        this.pairs = pairs;
    }

    /** The left side of a product. */
    public sealed interface Left {
        /**
         * Rows that lie along the sum, as those of a matrix do.
         *
         * @param address of the first number
         * @param rowBytes from a row to the next
         */
        record Rows(long address, int rows, int rowBytes) implements Left {}

        /** Rows that are columns of panels with as many steps as the right side's. */
        record Columns(Panels panels) implements Left {}
    }

    /** Computes {@code c}, of which a row is {@code rowBytes} from the next; sums are added, if so, to what is there. */
    public void run(Left a, Result result, long c, long rowBytes) {
        run(a, result, c, rowBytes, c);
    }

    /** Computes {@code c} from sums and what they are {@code added} to, which has rows as far apart. */
    public void run(Left a, Result result, long c, long rowBytes, long added) {
        LeftTiles tiles = tiles(a);
        if (tiles.count() == 0) return;
        int kept = tiles.kept(KEPT / (4L * Tile.MOST_ROWS * b.steps()));
        Pieces pieces = Pieces.of(b.count(), tiles.count(), kept);
        Right panel = new Right.Panel();
        Tile.Code[] inner = tiles.codes(Panels.COLUMNS, pairs, panel, result);
        Tile.Code[] edge = tiles.codes(b.width(b.count() - 1), pairs, panel, result);
        int panelBytes = panelBytes(result), threads = Crew.threads();
        Crew.runParts(pieces.count(), pieces.count(), (part, i) -> {
            Pieces.Piece piece = pieces.at((int) i);
            Tile.Code[] codes = piece.panel == b.count() - 1 ? edge : inner;
            for (int tile = piece.from; tile < piece.to; tile++) {
                int rows = tiles.rows(tile);
                if (rows == 0) continue;
                long cell = tiles.row(tile) * rowBytes + (long) piece.panel * panelBytes;
                // The first tile asks for the panel that this thread will likely take next.
                long fetched = b.panel(tile == piece.block * kept ? piece.panel + threads : piece.panel);
                codes[rows].run(
                        tiles.address(tile),
                        b.panel(piece.panel),
                        b.steps(),
                        c + cell,
                        rowBytes,
                        fetched,
                        added + cell);
            }
        });
    }

    private static LeftTiles tiles(Left left) {
        return switch (left) {
            case Left.Rows(long address, int rows, int rowBytes) -> LeftTiles.ofRows(address, rows, rowBytes);
            case Left.Columns(Panels panels) ->
                LeftTiles.ofColumns(panels.step(0, 0), panels.panel(1) - panels.panel(0), panels.columns());
        };
    }

    /**
     * How a product is cut among threads: block after block of tiles that the cache holds, a piece for each panel. The last
     * panels, one for each thread, are cut into single tiles.
     *
     * @param kept tiles of a block; the last may have fewer
     * @param whole pieces of a panel and a block
     * @param count of all pieces
     */
    private record Pieces(int panels, int tiles, int kept, int whole, int count) {
        record Piece(int block, int panel, int from, int to) {}

        static Pieces of(int panels, int tiles, int kept) {
            int blocks = Math.ceilDiv(tiles, kept), cut = Math.min(panels, Crew.threads());
            int whole = Math.multiplyExact(blocks, panels) - cut;
            return new Pieces(panels, tiles, kept, whole, whole + cut * (tiles - (blocks - 1) * kept));
        }

        Piece at(int i) {
            if (i < whole) {
                int block = i / panels, from = block * kept;
                return new Piece(block, i % panels, from, Math.min(tiles, from + kept));
            }
            int block = whole / panels, from = block * kept, cuts = tiles - from;
            int tile = from + (i - whole) % cuts;
            return new Piece(block, whole % panels + (i - whole) / cuts, tile, tile + 1);
        }
    }

    /** Returns how many bytes of a row a panel writes. */
    private static int panelBytes(Result result) {
        return switch (result) {
            case BF16_GATED -> Panels.COLUMNS;
            case BF16, BF16_ADDED, FP32_GATED -> Panels.COLUMNS * 2;
            case FP32, FP32_ADDED -> Panels.COLUMNS * 4;
        };
    }
}
