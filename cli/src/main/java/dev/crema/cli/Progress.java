package dev.crema.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows how far a piece of work has come: a bar that is drawn over itself on a terminal, plain lines elsewhere, each
 * with the rate so far and the time left at that rate.
 *
 * <p>Not safe for use by several threads. Closing it shows the last state.
 */
final class Progress implements AutoCloseable {
    private static final int BAR = 24;
    private static final long SECOND = 1_000_000_000L;

    private final PrintStream err;
    private final boolean terminal;
    private final String what;
    private final long total;
    private final String unit;
    private final long pause;
    private final LongSupplier clock;
    private final long begun;

    private long first;
    private long done;
    private String note = "";
    private long shown;
    private String last = "";
    private boolean closed;

    Progress(
            PrintStream err,
            boolean terminal,
            String what,
            long total,
            String unit,
            long pauseNanos,
            LongSupplier nanoClock) {
        if (total < 0) {
            throw new IllegalArgumentException("total is " + total + "; it must not be negative");
        }
        this.err = err;
        this.terminal = terminal;
        this.what = what;
        this.total = total;
        this.unit = unit;
        this.pause = pauseNanos;
        this.clock = nanoClock;
        this.begun = nanoClock.getAsLong();
        this.shown = begun;
    }

    /** Tells that {@code done} units were there already, from an earlier run; they do not count for the rate. */
    Progress resumedAt(long done) {
        this.first = done;
        this.done = done;
        return this;
    }

    /** Tells that {@code done} units are there now. */
    void at(long done) {
        at(done, note);
    }

    /** Tells that {@code done} units are there now, and what to say beside them, such as {@code "loss 2.31"}. */
    void at(long done, String note) {
        this.done = done;
        this.note = note;
        long now = clock.getAsLong();
        if (now - shown >= pause) {
            show(now);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        show(clock.getAsLong());
        if (terminal) {
            err.println();
        }
    }

    private void show(long now) {
        shown = now;
        String line = line(now - begun);
        if (terminal) {
            err.print("\r" + line + " ".repeat(Math.max(0, last.length() - line.length())));
            err.flush();
        } else if (!line.equals(last)) {
            err.println(line);
        }
        last = line;
    }

    private String line(long nanos) {
        double share = total == 0 ? 1 : Math.min(1, (double) done / total);
        StringBuilder line = new StringBuilder(what).append("  ");
        if (terminal) {
            int full = (int) (share * BAR);
            line.append('[').repeat("#", full).repeat(" ", BAR - full).append("]  ");
        }
        line.append(String.format(Locale.ROOT, "%3d%%  %,d/%,d %s", (int) (share * 100), done, total, unit));
        double rate = nanos <= 0 ? 0 : (done - first) * (double) SECOND / nanos;
        if (rate > 0) {
            line.append("  ").append(rate(rate)).append(' ').append(unit).append("/s");
            line.append("  ");
            if (done < total) {
                line.append(time((long) Math.ceil((total - done) / rate))).append(" left");
            } else {
                line.append("in ").append(time(nanos / SECOND));
            }
        }
        return note.isEmpty() ? line.toString() : line.append("  ").append(note).toString();
    }

    private static String rate(double perSecond) {
        return String.format(Locale.ROOT, perSecond < 10 ? "%.2f" : perSecond < 100 ? "%.1f" : "%,.0f", perSecond);
    }

    private static String time(long seconds) {
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
