package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.N;

import dev.crema.tensor.machine.CpuFeatures;
import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.machine.Tile;
import dev.crema.tensor.machine.Tile.Result;
import dev.crema.tensor.machine.Tile.Right;
import jdk.incubator.vector.FloatVector;

/**
 * A Newton–Schulz iteration {@code x ← p(x xᵀ) x} by way of the gram matrix {@code r = x xᵀ} of the shorter side.
 *
 * <p>With {@code p = a + b r + c r²} the next gram matrix is {@code r p²}, and what {@code x} is multiplied with in the end
 * the product of all {@code p}. All of these are polynomials of the first {@code r}: small, symmetric and commuting, so that
 * half of each product is enough. The longer side appears only in the first {@code r} and in the last product.
 *
 * <p>Each matrix is one thread's, in fp32. What rounding adds to a small eigenvalue of {@code r} changes nothing: its
 * {@code p} is nearly {@code a}.
 */
public final class GramNewtonSchulz {
    /** Bytes up to which more matrices than threads may be worked on, so that none waits for another. */
    private static final long ROOM = 256 << 20;

    private final Problem problem;
    private final SymmetricProduct symmetric;

    /**
     * Matrices {@code [count, rows, columns]} in fp32, without gaps.
     *
     * @param given address
     * @param result address of as many
     */
    public record Problem(long given, long result, int count, int rows, int columns, Polynomial polynomial, int times) {
        boolean tall() {
            return rows > columns;
        }

        int shorter() {
            return Math.min(rows, columns);
        }

        int longer() {
            return Math.max(rows, columns);
        }

        long rowBytes() {
            return 4L * columns;
        }

        long matrixBytes() {
            return rows * rowBytes();
        }
    }

    /** {@code a + b r + c r²}. */
    public record Polynomial(float a, float b, float c) {}

    public GramNewtonSchulz(Problem problem) {
        this.problem = problem;
        this.symmetric = new SymmetricProduct(problem.shorter());
    }

    /** Tells whether this runs here. */
    public static boolean available() {
        return CpuFeatures.current().tiles(true);
    }

    /** Returns how much memory {@link #run} computes in. */
    public long scratchBytes() {
        return parts() * new Worker(0).end;
    }

    private int parts() {
        int threads = Crew.threads();
        return Math.min(problem.count(), (int) Math.clamp(ROOM / new Worker(0).end, threads, 4L * threads));
    }

    /** Iterates on all matrices, in the memory at {@code scratch}. */
    public void run(long scratch) {
        Worker[] workers = new Worker[parts()];
        for (int part = 0; part < workers.length; part++)
            workers[part] = new Worker(scratch + part * new Worker(0).end);
        Crew.runParts(problem.count(), workers.length, (part, matrix) -> {
            long offset = matrix * problem.matrixBytes();
            workers[part].run(problem.given() + offset, problem.result() + offset);
        });
    }

    /** Iterates on a matrix in memory of its own. */
    private final class Worker {
        private final long rows; // steps of the longer side, in panels of the shorter
        private final long right; // a panel of the last product
        private long gram, square, polynomial, factor, spare; // panels
        private final long end;

        Worker(long address) {
            Scratch scratch = new Scratch(address);
            this.rows = scratch.take(symmetric.sideBytes(problem.longer()));
            this.right = scratch.take(SymmetricProduct.panelBytes(problem.shorter()));
            this.gram = scratch.take(symmetric.bytes());
            this.square = scratch.take(symmetric.bytes());
            this.polynomial = scratch.take(symmetric.bytes());
            this.factor = scratch.take(symmetric.bytes());
            this.spare = scratch.take(symmetric.bytes());
            this.end = scratch.end();
        }

        void run(long given, long result) {
            pack(given);
            symmetric.run(rows, rows, problem.longer(), gram);
            float squares = Math.max(trace(), 1e-14f);
            combine(1 / squares, gram, 0, gram, 0, gram);
            for (int i = 0; i < problem.times(); i++) iterate(i == 0, i == problem.times() - 1);
            combine((float) (1 / Math.sqrt(squares)), factor, 0, factor, 0, factor);
            multiply(given, result);
        }

        /** Lays the matrix down with the longer side along the sum. */
        private void pack(long given) {
            for (int panel = 0, first = 0; first < problem.shorter(); panel++, first += Panels.COLUMNS) {
                long to = rows + panel * SymmetricProduct.panelBytes(problem.longer());
                int width = Math.min(Panels.COLUMNS, problem.shorter() - first);
                if (problem.tall()) {
                    PanelPacking.packRows(to, given + 4L * first, problem.rowBytes(), width, problem.rows());
                } else {
                    long from = given + first * problem.rowBytes();
                    PanelPacking.pack(to, from, problem.rowBytes(), width, problem.columns());
                }
            }
        }

        private float trace() {
            double sum = 0;
            for (int i = 0; i < problem.shorter(); i++) sum += Lanes.loadScalar(true, diagonal(gram, i));
            return (float) sum;
        }

        private long diagonal(long matrix, int i) {
            long panel = matrix + i / Panels.COLUMNS * SymmetricProduct.panelBytes(symmetric.side());
            return panel + SymmetricProduct.panelBytes(i) + (long) (i % Panels.COLUMNS) * Panels.NUMBER;
        }

        private void iterate(boolean first, boolean last) {
            Polynomial p = problem.polynomial();
            symmetric.run(gram, gram, symmetric.side(), square);
            combine(p.b(), gram, p.c(), square, p.a(), polynomial);
            if (!last) {
                symmetric.run(gram, polynomial, symmetric.side(), square);
                symmetric.run(square, polynomial, symmetric.side(), gram);
            }
            long before = factor;
            if (first) {
                factor = polynomial;
                polynomial = before;
            } else {
                symmetric.run(factor, polynomial, symmetric.side(), spare);
                factor = spare;
                spare = before;
            }
        }

        /** Writes {@code b x + c y + a} of panels, where a number stands for that multiple of the unit matrix. */
        private void combine(float b, long x, float c, long y, float a, long to) {
            for (long at = 0; at < symmetric.bytes(); at += 4L * N) {
                FloatVector scaled = Lanes.load(true, x + at).mul(b);
                Lanes.store(true, to + at, Lanes.load(true, y + at).mul(c).add(scaled));
            }
            if (a == 0) return;
            for (int i = 0; i < problem.shorter(); i++) {
                long at = diagonal(to, i);
                Lanes.storeScalar(true, at, Lanes.loadScalar(true, at) + a);
            }
        }

        /** Multiplies the matrix with the factor, on its right or on its left. */
        private void multiply(long given, long result) {
            long panelBytes = SymmetricProduct.panelBytes(symmetric.side());
            LeftTiles left = problem.tall()
                    ? LeftTiles.ofRows(given, problem.rows(), (int) problem.rowBytes())
                    : LeftTiles.ofColumns(factor, panelBytes, problem.rows());
            Right steps = new Right.Steps();
            Tile.Code[] inner = left.codes(Panels.COLUMNS, false, steps, Result.FP32);
            Tile.Code[] edge = left.codes((problem.columns() - 1) % Panels.COLUMNS + 1, false, steps, Result.FP32);
            for (int first = 0; first < problem.columns(); first += Panels.COLUMNS) {
                int width = Math.min(Panels.COLUMNS, problem.columns() - first);
                long panel = factor + first / Panels.COLUMNS * panelBytes, column = 4L * first;
                if (!problem.tall()) {
                    panel = right;
                    PanelPacking.packRows(panel, given + column, problem.rowBytes(), width, problem.rows());
                }
                Tile.Code[] codes = width == Panels.COLUMNS ? inner : edge;
                for (int tile = 0; tile < left.count(); tile++) {
                    if (left.rows(tile) == 0) continue;
                    long at = result + left.row(tile) * problem.rowBytes() + column;
                    codes[left.rows(tile)].run(
                            left.address(tile), panel, problem.shorter(), at, problem.rowBytes(), panel, at);
                }
            }
        }
    }
}
