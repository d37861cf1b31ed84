package dev.crema.data;

import dev.crema.text.InputException;
import java.util.List;

/**
 * A place in the data from which a source goes on bit for bit; it is saved with a checkpoint, as JSON.
 *
 * @param source names the data and the way it is ordered and packed, so that a cursor is not used with other data
 * @param epoch the passes completed
 * @param position the units of this pass already taken: rows, or windows of examples where examples are packed whole
 * @param offset the rows already taken of the unit at hand
 * @param parts the cursors of the sources that a mixture draws from; else empty
 */
public record Cursor(String source, long epoch, long position, int offset, List<Cursor> parts) {
    public Cursor {
        if (epoch < 0 || position < 0 || offset < 0) {
            throw new IllegalArgumentException(
                    "a cursor counts from zero, not epoch " + epoch + ", position " + position + ", offset " + offset);
        }
        parts = List.copyOf(parts);
    }

    Cursor(String source, long epoch, long position, int offset) {
        this(source, epoch, position, offset, List.of());
    }

    /** Throws where the cursor was taken from another source, or points beyond the units of a pass. */
    void check(String label, long units) {
        if (!source.equals(label)) {
            throw new InputException("the data cursor was saved for \"" + source + "\", this run reads \"" + label
                    + "\"; resume with the same data, row length and seed, or start a new run");
        }
        if (position >= units) {
            throw new InputException("the data cursor points at " + position + " of " + units
                    + " in a pass: the checkpoint is damaged; resume from another");
        }
    }
}
