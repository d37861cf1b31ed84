package dev.crema.cli.report;

import java.util.List;
import java.util.Locale;

/** Draws a chart as SVG, which needs no fonts here. */
final class SvgChart {
    private static final int LEFT = 80;
    private static final int RIGHT = Chart.WIDTH - 30;
    private static final int TOP = 60;
    private static final int BOTTOM = Chart.HEIGHT - 90;

    private final StringBuilder out = new StringBuilder();
    private final Axis x;
    private final Axis y;

    private SvgChart(Chart chart, List<Chart.Line> lines) {
        x = chart.x(lines);
        y = Axis.over(lines, Series::y).widened();
    }

    static String draw(Chart chart) {
        List<Chart.Line> lines = chart.lines();
        var svg = new SvgChart(chart, lines);
        svg.frame(chart);
        lines.forEach(svg::line);
        svg.legend(lines.stream().filter(line -> !line.faint()).toList());
        return svg.out.append("</svg>\n").toString();
    }

    private void frame(Chart chart) {
        add(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='13'>",
                Chart.WIDTH, Chart.HEIGHT);
        add("<rect width='100%%' height='100%%' fill='white'/>");
        add(
                "<text x='%d' y='34' font-size='17' font-weight='bold' fill='#333' text-anchor='middle'>%s</text>",
                (LEFT + RIGHT) / 2, escape(chart.title()));
        for (double tick : y.ticks()) {
            add("<line x1='%d' x2='%d' y1='%.1f' y2='%3$.1f' stroke='#e5e5e5'/>", LEFT, RIGHT, up(tick));
            add(
                    "<text x='%d' y='%.1f' fill='#666' text-anchor='end'>%s</text>",
                    LEFT - 8, up(tick) + 4, Chart.number(tick));
        }
        for (double tick : x.ticks()) {
            add("<line y1='%d' y2='%d' x1='%.1f' x2='%3$.1f' stroke='#e5e5e5'/>", TOP, BOTTOM, along(tick));
            add(
                    "<text x='%.1f' y='%d' fill='#666' text-anchor='middle'>%s</text>",
                    along(tick), BOTTOM + 20, Chart.number(tick));
        }
        add(
                "<text x='%d' y='%d' fill='#333' text-anchor='middle'>%s</text>",
                (LEFT + RIGHT) / 2, BOTTOM + 44, escape(chart.xAxis()));
        add(
                "<text transform='translate(22 %d) rotate(-90)' fill='#333' text-anchor='middle'>%s</text>",
                (TOP + BOTTOM) / 2, escape(chart.yAxis()));
    }

    private void line(Chart.Line line) {
        var path = new StringBuilder();
        boolean drawing = false;
        for (int i = 0; i < line.points().y().size(); i++) {
            double value = line.points().y().get(i);
            if (Double.isNaN(value)) {
                drawing = false;
                continue;
            }
            path.append(drawing ? 'L' : 'M')
                    .append(String.format(
                            Locale.ROOT, "%.1f %.1f", along(line.points().x().get(i)), up(value)));
            drawing = true;
            if (line.marked()) {
                add(
                        "<circle cx='%.1f' cy='%.1f' r='4' fill='#%06x'/>",
                        along(line.points().x().get(i)), up(value), line.colour());
            }
        }
        add(
                "<path d='%s' fill='none' stroke='#%06x' stroke-width='%d' stroke-opacity='%s' stroke-linecap='round' "
                        + "stroke-linejoin='round'/>",
                path, line.colour(), line.faint() ? 1 : 2, line.faint() ? "0.25" : "1");
    }

    private void legend(List<Chart.Line> lines) {
        int at = (LEFT + RIGHT - lines.stream().mapToInt(SvgChart::legendWidth).sum()) / 2;
        for (Chart.Line line : lines) {
            int y = Chart.HEIGHT - 20;
            add(
                    "<line x1='%d' x2='%d' y1='%d' y2='%3$d' stroke='#%06x' stroke-width='2'/>",
                    at, at + 24, y - 4, line.colour());
            add("<text x='%d' y='%d' fill='#333'>%s</text>", at + 32, y, escape(line.name()));
            at += legendWidth(line);
        }
    }

    private static int legendWidth(Chart.Line line) {
        return 60 + 8 * Table.width(line.name());
    }

    private double along(double value) {
        return LEFT + x.share(value) * (RIGHT - LEFT);
    }

    private double up(double value) {
        return BOTTOM - y.share(value) * (BOTTOM - TOP);
    }

    private void add(String format, Object... arguments) {
        out.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
