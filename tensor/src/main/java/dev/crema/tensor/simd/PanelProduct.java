package dev.crema.tensor.simd;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;

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
        Tiles tiles = Tiles.of(a);
        if (tiles.count() == 0) return;
        int kept = tiles.kept(KEPT / (4L * Tile.MOST_ROWS * b.steps()));
        Pieces pieces = Pieces.of(b.count(), tiles.count(), kept);
        Tile.Code[] inner = codes(tiles, Panels.COLUMNS, result);
        Tile.Code[] edge = codes(tiles, b.width(b.count() - 1), result);
        int panelBytes = panelBytes(result), threads = Crew.threads();
        Crew.runParts(pieces.count(), pieces.count(), (part, i) -> {
            Pieces.Piece piece = pieces.at((int) i);
            Tile.Code[] codes = piece.panel == b.count() - 1 ? edge : inner;
            for (int tile = piece.from; tile < piece.to; tile++) {
                long cell = tiles.row(tile) * rowBytes + (long) piece.panel * panelBytes;
                // The first tile asks for the panel that this thread will likely take next.
                long fetched = b.panel(tile == piece.block * kept ? piece.panel + threads : piece.panel);
                codes[tiles.rows(tile)].run(
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

    private Tile.Code[] codes(Tiles tiles, int columns, Result result) {
        Tile.Code[] codes = new Tile.Code[Tile.MOST_ROWS + 1];
        for (int tile = 0; tile < tiles.count(); tile++) {
            int rows = tiles.rows(tile);
            if (codes[rows] == null) {
                codes[rows] = new Tile(
                                rows,
                                columns,
                                tiles.rowBytes(),
                                tiles.stepBytes(),
                                pairs,
                                new Tile.Right.Panel(),
                                result)
                        .code();
            }
        }
        return codes;
    }

    /** How the rows of a left side are cut into tiles of nearly the same height. */
    private sealed interface Tiles {
        static Tiles of(Left left) {
            return switch (left) {
                case Left.Rows rows -> OfRows.of(rows);
                case Left.Columns(Panels panels) -> new OfColumns(panels);
            };
        }

        int count();

        int row(int tile);

        default int rows(int tile) {
            return row(tile + 1) - row(tile);
        }

        long address(int tile);

        int rowBytes();

        int stepBytes();

        /** Returns how many tiles go by together, given how many the cache has room for. */
        int kept(long room);

        /** Of {@code rows} each, the first {@code higher} of them of one more. */
        record OfRows(Left.Rows left, int count, int rows, int higher) implements Tiles {
            static OfRows of(Left.Rows left) {
                int count = Math.ceilDiv(left.rows(), Tile.MOST_ROWS);
                return new OfRows(left, count, left.rows() / Math.max(1, count), left.rows() % Math.max(1, count));
            }

            @Override
            public int row(int tile) {
                return tile * rows + Math.min(tile, higher);
            }

            @Override
            public long address(int tile) {
                return left.address() + (long) row(tile) * left.rowBytes();
            }

            @Override
            public int rowBytes() {
                return left.rowBytes();
            }

            @Override
            public int stepBytes() {
                return 4;
            }

            @Override
            public int kept(long room) {
                return Math.clamp(room, 1, count);
            }
        }

        /** Three to a panel. */
        record OfColumns(Panels panels) implements Tiles {
            private static final int CUTS = 3;

            @Override
            public int count() {
                return panels.count() * CUTS;
            }

            @Override
            public int row(int tile) {
                int panel = tile / CUTS;
                if (panel == panels.count()) return panels.columns();
                return panel * Panels.COLUMNS + panels.width(panel) * (tile % CUTS) / CUTS;
            }

            @Override
            public long address(int tile) {
                int panel = tile / CUTS;
                return panels.step(panel, 0) + 4L * (row(tile) - panel * Panels.COLUMNS);
            }

            @Override
            public int rowBytes() {
                return 4;
            }

            @Override
            public int stepBytes() {
                return Panels.STEP;
            }

            @Override
            public int kept(long room) {
                return (int) Math.max(CUTS, Math.min(room, count()) / CUTS * CUTS);
            }
        }
    }
}
