package dev.crema.cli.report;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** A range with ticks at round numbers: 1, 2 or 5 times a power of ten apart. */
record Axis(double min, double max) {
    static Axis over(List<Chart.Line> lines, Function<Series, List<Double>> values) {
        double[] all = lines.stream()
                .flatMap(line -> values.apply(line.points()).stream())
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .toArray();
        double min = Arrays.stream(all).min().orElse(0);
        double max = Arrays.stream(all).max().orElse(1);
        double room = max > min ? 0 : Math.max(1e-6, Math.abs(max) / 2);
        return new Axis(min - room, max + room);
    }

    Axis widened() {
        double room = 0.04 * (max - min);
        return new Axis(min - room, max + room);
    }

    double share(double value) {
        return (value - min) / (max - min);
    }

    List<Double> ticks() {
        double rough = (max - min) / 6;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = Stream.of(1.0, 2.0, 5.0, 10.0)
                .map(times -> times * power)
                .filter(candidate -> candidate >= rough)
                .findFirst()
                .orElse(10 * power);
        return Stream.iterate(Math.ceil(min / step), tick -> tick * step <= max, tick -> tick + 1)
                .map(tick -> tick * step)
                .toList();
    }
}
