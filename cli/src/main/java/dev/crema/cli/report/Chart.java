package dev.crema.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Describes a line chart.
 *
 * @param title what it shows
 * @param xAxis what runs along
 * @param yAxis what runs up
 * @param series the curves, each drawn faint as measured and strong as smoothed
 */
public record Chart(String title, String xAxis, String yAxis, List<Series> series) {
    static final int WIDTH = 960;
    static final int HEIGHT = 540;

    /** Okabe and Ito's palette, which most colour-blind readers can tell apart; its yellow is too light for a line. */
    private static final int[] PALETTE = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000};

    /** Fewer points than this are marked one by one: there is nothing to smooth. */
    private static final int SMOOTH_FROM = 40;

    /** More than two points in a pixel cannot be seen. */
    private static final int BUCKETS = 800;

    public Chart {
        series = List.copyOf(series);
        long names = series.stream().map(Series::name).distinct().count();
        if (names < series.size()) {
            throw new IllegalArgumentException("two curves of the chart '" + title + "' have the same name");
        }
    }

    /** A curve ready to be drawn. */
    record Line(String name, Series points, int colour, boolean faint) {
        boolean marked() {
            return points.y().size() < SMOOTH_FROM;
        }
    }

    /** Returns the curves to draw, those in front last. */
    List<Line> lines() {
        var faint = new ArrayList<Line>();
        var strong = new ArrayList<Line>();
        for (Series each : series) {
            if (each.isEmpty()) {
                continue;
            }
            int colour = PALETTE[strong.size() % PALETTE.length];
            boolean smooth = each.y().size() >= SMOOTH_FROM;
            if (smooth) {
                faint.add(new Line(each.name(), each.thinned(BUCKETS), colour, true));
            }
            Series drawn = smooth ? each.smoothed().thinned(BUCKETS) : each;
            strong.add(new Line(each.name(), drawn, colour, false));
        }
        faint.addAll(strong);
        return faint;
    }

    /** Returns all text on the chart. */
    String text() {
        return title
                + xAxis
                + yAxis
                + String.join("", series.stream().map(Series::name).toList());
    }

    /** Returns the range of x, from 0 where the points begin near it: steps count from 1. */
    Axis x(List<Line> lines) {
        Axis measured = Axis.over(lines, Series::x);
        boolean nearZero = measured.min() > 0 && measured.min() < 0.05 * measured.max();
        return nearZero ? new Axis(0, measured.max()) : measured;
    }

    /** Writes a number at a tick: plain between a thousandth and a million, else with an exponent. */
    static String number(double value) {
        double size = Math.abs(value);
        boolean plain = value == 0 || size >= 1e-3 && size < 1e6;
        return plain
                ? String.format(Locale.ROOT, "%.4f", value).replaceFirst("\\.?0+$", "")
                : String.format(Locale.ROOT, "%.2e", value);
    }
}
