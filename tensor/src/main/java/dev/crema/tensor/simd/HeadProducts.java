package dev.crema.tensor.simd;

/**
 * Products of a few rows, each of several heads, with a matrix that each head has for itself.
 *
 * <p>Reading the matrices is all that they cost. They lie one below the other, and each head takes part of its own: the
 * library would copy that part first.
 */
public final class HeadProducts {
    private final Rows x;
    private final Rows weight;
    private final int heads;
    private final int from;

    /**
     * @param x {@code [n H, I]}
     * @param weight {@code [H P, O]} for {@link #writeRows}, {@code [H P, I]} for {@link #writeColumns}
     * @param from the first row of a head's P that takes part
     */
    public HeadProducts(Rows x, Rows weight, int heads, int from) {
        this.x = x;
        this.weight = weight;
        this.heads = heads;
        this.from = from;
    }

    /** Writes {@code y [n H, O]}, where a head's part of the weight is {@code [I, O]}: {@code y = x w}. */
    public void writeRows(Rows y) {
        Crew.run(heads, 1, (part, head) -> {
            Rows matrix = part(head, x.columns());
            float[] in = new float[x.columns()], out = new float[y.columns()];
            for (long row = head; row < x.count(); row += heads) {
                x.read(row, in, 0);
                VectorProduct.write(in, 0, matrix, 0, out.length, out, 0);
                y.write(row, 0, out, 0, out.length);
            }
        });
    }

    /** Writes {@code y [n H, O]}, where a head's part of the weight is {@code [O, I]}: {@code y = x wᵀ}. */
    public void writeColumns(Rows y) {
        Crew.run(heads, 1, (part, head) -> {
            Rows matrix = part(head, y.columns());
            float[] in = new float[x.columns()];
            for (long row = head; row < x.count(); row += heads) {
                x.read(row, in, 0);
                for (int o = 0; o < y.columns(); o++) y.set(row, o, FewRowsProduct.dot(matrix, o, in, 0));
            }
        });
    }

    int heads() {
        return heads;
    }

    /** Returns I. */
    int inner() {
        return x.columns();
    }

    boolean wide() {
        return weight.wide();
    }

    /** Returns the bytes of a row of the weight. */
    int weightBytes() {
        return weight.columns() * (weight.wide() ? 4 : 2);
    }

    /** Returns a head's rows of x. */
    Rows rows(long head) {
        return new Rows(x.at(head, 0), x.wide(), x.count() / heads, x.columns(), x.stride() * heads);
    }

    /** Returns a head's part of the weight. */
    Rows part(long head, int rows) {
        long each = weight.count() / heads;
        return new Rows(weight.at(head * each + from, 0), weight.wide(), rows, weight.columns(), weight.stride());
    }
}
