package dev.crema.cli.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws a chart with XChart, at twice the size so that it is sharp on any screen. */
final class PngChart {
    private static final int SCALE = 2;
    private static final Color TEXT = new Color(0x333333);
    private static final Color QUIET = new Color(0x666666);
    private static final Color GRID = new Color(0xE5E5E5);
    private static final int FAINT = 60;

    private PngChart() {}

    /** Tells whether this machine has fonts for a text, by drawing it. */
    static boolean canDraw(String text) {
        System.setProperty("java.awt.headless", "true");
        try {
            Graphics2D probe = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB).createGraphics();
            probe.drawString(text, 0, 8);
            boolean hasAll = new Font(Font.SANS_SERIF, Font.PLAIN, 13).canDisplayUpTo(text) == -1;
            probe.dispose();
            return hasAll;
        } catch (RuntimeException | Error e) {
            // The JDK throws one or the other, by whether fontconfig or the fonts are missing, and has no other way to
            // ask.
            return false;
        }
    }

    static byte[] draw(Chart chart) throws IOException {
        XYChart drawn = new XYChartBuilder()
                .width(Chart.WIDTH)
                .height(Chart.HEIGHT)
                .title(chart.title())
                .xAxisTitle(chart.xAxis())
                .yAxisTitle(chart.yAxis())
                .build();
        style(drawn.getStyler());
        List<Chart.Line> lines = chart.lines();
        if (!lines.isEmpty()) {
            Axis x = chart.x(lines);
            drawn.getStyler().setXAxisMin(x.min());
            // XChart puts ticks at the data where it is evenly spaced, 51, 102, 153; a little more room, and it rounds.
            drawn.getStyler().setXAxisMax(x.max() + 0.0037 * (x.max() - x.min()));
        }
        lines.forEach(line -> add(drawn, line));
        var image = new BufferedImage(Chart.WIDTH * SCALE, Chart.HEIGHT * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.scale(SCALE, SCALE);
        drawn.paint(graphics, Chart.WIDTH, Chart.HEIGHT);
        graphics.dispose();
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    private static void add(XYChart chart, Chart.Line line) {
        String key = line.faint() ? line.name() + " as measured" : line.name();
        XYSeries series = chart.addSeries(key, line.points().x(), line.points().y());
        Color colour = new Color(line.colour());
        series.setLineColor(
                line.faint() ? new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), FAINT) : colour);
        series.setLineStyle(new BasicStroke(line.faint() ? 1f : 2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        series.setMarker(line.marked() ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(colour);
        series.setShowInLegend(!line.faint());
    }

    private static void style(XYStyler style) {
        style.setBaseFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        style.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 17));
        style.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        style.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        style.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        style.setChartBackgroundColor(Color.WHITE);
        style.setPlotBackgroundColor(Color.WHITE);
        style.setChartFontColor(TEXT);
        style.setAxisTickLabelsColor(QUIET);
        style.setChartTitleBoxVisible(false);
        style.setChartTitlePadding(12);
        style.setChartPadding(16);
        style.setXAxisTickMarkSpacingHint(100);
        style.setLegendPadding(14);
        style.setPlotBorderVisible(false);
        style.setPlotGridLinesColor(GRID);
        style.setPlotGridLinesStroke(new BasicStroke(1f));
        style.setAxisTicksMarksVisible(false);
        style.setAxisTicksLineVisible(false);
        style.setLegendPosition(LegendPosition.OutsideS);
        style.setLegendLayout(LegendLayout.Horizontal);
        style.setLegendBorderColor(Color.WHITE);
        style.setAntiAlias(true);
        style.setxAxisTickLabelsFormattingFunction(Chart::number);
        style.setyAxisTickLabelsFormattingFunction(Chart::number);
    }
}
