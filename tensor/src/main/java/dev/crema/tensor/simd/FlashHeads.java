package dev.crema.tensor.simd;

import static dev.crema.tensor.simd.Lanes.MEMORY;

import dev.crema.tensor.machine.RowCopy;

/** Brings the tokens of a head together, turned if they are to be. */
final class FlashHeads {
    private final FlashAttention.Problem problem;
    private final HeadRows mover;
    private final RowCopy.Code copy;

    FlashHeads(FlashAttention.Problem problem) {
        this.problem = problem;
        this.mover = new HeadRows(problem.batch(), problem.tokens(), problem.size(), problem.wide());
        this.copy = new RowCopy(rowBytes()).code();
    }

    /** Returns the bytes of a head of a token. */
    int rowBytes() {
        return problem.size() * problem.bytes();
    }

    /**
     * Reads tokens of a head.
     *
     * @param side rows of all tokens
     * @param token the first, by its number in the batch
     * @param room tokens for which there is room; behind the last that is read there are zeros
     */
    void read(Rows side, int column, HeadRows.Turn turn, long token, int count, long to, int room) {
        int bytes = rowBytes();
        switch (turn) {
            case HeadRows.Turn.None none -> {
                long from = side.at(token, column), apart = side.at(token + 1, column) - from;
                copy.run(from, apart, to, bytes, count);
            }
            case HeadRows.Turn.By by -> {
                for (int i = 0; i < count; i++) {
                    mover.move(side.at(token + i, column), to + (long) i * bytes, token + i, by);
                }
            }
        }
        if (room > count)
            MEMORY.asSlice(to + (long) count * bytes, (long) (room - count) * bytes)
                    .fill((byte) 0);
    }

    /** Writes a head of a token, turned. */
    void write(long from, Rows side, int column, HeadRows.Turn.By turn, long token) {
        mover.move(from, side.at(token, column), token, turn);
    }
}
