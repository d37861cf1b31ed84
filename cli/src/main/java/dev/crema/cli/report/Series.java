package dev.crema.cli.report;

import dev.crema.train.metrics.Metrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Holds the points of one curve.
 *
 * @param name what the legend calls it
 * @param x places along the axis, ascending
 * @param y values; one that is not finite leaves a gap
 */
public record Series(String name, List<Double> x, List<Double> y) {
    public Series {
        if (x.size() != y.size()) {
            throw new IllegalArgumentException(name + " has " + x.size() + " x and " + y.size() + " y");
        }
        x = List.copyOf(x);
        y = y.stream().map(value -> Double.isFinite(value) ? value : Double.NaN).toList();
    }

    /** Returns the curve of a metric over steps, from those steps that measured it. */
    public static Series of(String name, List<Metrics> metrics, String metric) {
        var x = new ArrayList<Double>();
        var y = new ArrayList<Double>();
        for (Metrics step : metrics) {
            Double value = step.values().get(metric);
            if (value != null) {
                x.add((double) step.step());
                y.add(value);
            }
        }
        return new Series(name, x, y);
    }

    boolean isEmpty() {
        return y.stream().allMatch(value -> value.isNaN());
    }

    /**
     * Returns the curve under a moving average over about a thirtieth of its points.
     *
     * <p>The window is centred, and narrows towards both ends, so that the average does not lag: an exponential average
     * would lie above a falling loss.
     */
    Series smoothed() {
        int n = y.size();
        double[] sums = new double[n + 1];
        int[] counts = new int[n + 1];
        for (int i = 0; i < n; i++) {
            boolean gap = Double.isNaN(y.get(i));
            sums[i + 1] = sums[i] + (gap ? 0 : y.get(i));
            counts[i + 1] = counts[i] + (gap ? 0 : 1);
        }
        int most = n / 60;
        var smooth = new ArrayList<Double>();
        for (int i = 0; i < n; i++) {
            int half = Math.clamp(Math.min(i, n - 1 - i), most / 3, most);
            int from = Math.max(0, i - half);
            int to = Math.min(n, i + half + 1);
            boolean gap = Double.isNaN(y.get(i));
            smooth.add(gap ? Double.NaN : (sums[to] - sums[from]) / (counts[to] - counts[from]));
        }
        return new Series(name, x, smooth);
    }

    /** Returns the curve with at most {@code 2 * buckets} points: the least and the greatest of each bucket. */
    Series thinned(int buckets) {
        int n = y.size();
        if (n <= 2 * buckets) {
            return this;
        }
        var kept = new ArrayList<Integer>();
        for (int bucket = 0; bucket < buckets; bucket++) {
            int from = (int) ((long) bucket * n / buckets);
            int to = (int) ((long) (bucket + 1) * n / buckets);
            int least = from;
            int greatest = from;
            for (int i = from; i < to; i++) {
                // Comparisons with NaN are false: a point that is not there replaces none and is replaced by any.
                least = y.get(i) < y.get(least) || Double.isNaN(y.get(least)) ? i : least;
                greatest = y.get(i) > y.get(greatest) || Double.isNaN(y.get(greatest)) ? i : greatest;
            }
            int[] both = {Math.min(least, greatest), Math.max(least, greatest)};
            Arrays.stream(both).distinct().forEach(kept::add);
        }
        return new Series(
                name,
                kept.stream().map(x::get).toList(),
                kept.stream().map(y::get).toList());
    }
}
