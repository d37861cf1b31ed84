package dev.crema.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.train.metrics.Metrics;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class ChartsTest {
    @TempDir
    Path folder;

    @Test
    void writesAPictureWithEveryCurve() throws IOException {
        Path file = Charts.write(losses(500), folder, "loss");
        // PNG where there are fonts, and the machine decides; the other form has its own test.
        assertThat(file)
                .hasFileName(PngChart.canDraw("loss") ? "loss.png" : "loss.svg")
                .isNotEmptyFile();
        if (PngChart.canDraw("loss")) {
            BufferedImage image = ImageIO.read(file.toFile());
            assertThat(image.getWidth()).isEqualTo(2 * Chart.WIDTH);
            assertThat(colours(image)).contains(0x0072B2, 0xD55E00, 0xFFFFFF);
        }
    }

    @Test
    void writesSvgWhereNoFontHasTheText() throws IOException {
        // A character for private use, which fonts leave empty: as Chinese is on a machine without a Chinese font.
        Chart chart = new Chart("\uE123", "step", "loss", losses(10).series());
        assertThat(Charts.write(chart, folder, "loss")).hasFileName("loss.svg").isNotEmptyFile();
    }

    @Test
    void drawsNothingPointsGapsAndManyPointsAlike() throws IOException {
        var nan = new Series("nan", List.of(1.0, 2.0), List.of(Double.NaN, Double.POSITIVE_INFINITY));
        var one = new Series("one", List.of(1.0), List.of(3.0));
        var gap = new Series("gap", List.of(1.0, 2.0, 3.0), List.of(1.0, Double.NaN, 2.0));
        var charts = List.of(
                new Chart("none", "step", "loss", List.of()),
                new Chart("not finite", "step", "loss", List.of(nan)),
                new Chart("few", "step", "loss", List.of(one, gap, nan)),
                losses(100_000));
        for (Chart chart : charts) {
            assertThat(Charts.write(chart, folder, chart.title())).isNotEmptyFile();
            assertThat(SvgChart.draw(chart)).doesNotContain("NaN").hasSizeLessThan(400_000);
        }
    }

    @Test
    void svgIsWellFormedAndNamesEverything() throws Exception {
        Chart chart = new Chart("a < b & c", "step", "loss", losses(100).series());
        String svg = SvgChart.draw(chart);
        Document document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
        assertThat(document.getDocumentElement().getTextContent())
                .contains("a < b & c", "step", "loss", "base", "tuned");
        assertThat(document.getElementsByTagName("path").getLength()).isEqualTo(4);
    }

    @Test
    void ticksStandAtRoundNumbers() {
        assertThat(new Axis(0.3, 5.9).ticks()).containsExactly(1.0, 2.0, 3.0, 4.0, 5.0);
        assertThat(new Axis(0, 1200).ticks()).containsExactly(0.0, 200.0, 400.0, 600.0, 800.0, 1000.0, 1200.0);
    }

    @Test
    void smoothingDoesNotLag() {
        var steps = IntStream.range(0, 400).mapToObj(i -> (double) i).toList();
        Series flat = new Series("flat", steps, steps.stream().map(i -> 2.0).toList());
        assertThat(flat.smoothed().y()).allSatisfy(y -> assertThat(y).isBetween(2 - 1e-9, 2 + 1e-9));
        Series line = new Series("line", steps, steps);
        for (int i = 0; i < 400; i++) {
            assertThat(line.smoothed().y().get(i)).isBetween(i - 1.001, i + 1.001);
        }
        assertThat(new Series("gap", List.of(1.0, 2.0), List.of(1.0, Double.NaN))
                        .smoothed()
                        .y())
                .containsExactly(1.0, Double.NaN);
    }

    @Test
    void thinningKeepsThePeaks() {
        var y = new ArrayList<Double>();
        for (int i = 0; i < 10_000; i++) {
            y.add(i == 5_555 ? 99.0 : i == 7_777 ? -99.0 : i == 3_333 ? Double.NaN : i % 3);
        }
        var x = IntStream.range(0, y.size()).mapToObj(i -> (double) i).toList();
        Series thin = new Series("peaks", x, y).thinned(100);
        assertThat(thin.y()).hasSizeLessThanOrEqualTo(200).contains(99.0, -99.0).doesNotContain(Double.NaN);
        assertThat(thin.x()).isSorted();
    }

    @Test
    void takesTheStepsThatMeasuredAMetric() {
        var metrics = List.of(
                Metrics.at(1, 0).with("loss", 3),
                Metrics.at(2, 0).with("loss", 2).with("accuracy", 0.5),
                Metrics.at(3, 0).with("loss", 1));
        assertThat(Series.of("a", metrics, "accuracy")).isEqualTo(new Series("a", List.of(2.0), List.of(0.5)));
        assertThat(Series.of("l", metrics, "loss").y()).containsExactly(3.0, 2.0, 1.0);
        assertThatThrownBy(() -> new Series("s", List.of(1.0), List.of())).hasMessage("s has 1 x and 0 y");
    }

    static Chart losses(int steps) {
        var random = new Random(1);
        var base = new ArrayList<Metrics>();
        var tuned = new ArrayList<Metrics>();
        for (int i = 1; i <= steps; i++) {
            double fall = Math.exp(-5.0 * i / steps);
            base.add(Metrics.at(i, 0).with("loss", 1.2 + 4 * fall + random.nextGaussian() * (0.1 + 0.2 * fall)));
            tuned.add(Metrics.at(i, 0).with("loss", 0.8 + 2 * fall * fall + random.nextGaussian() * 0.08));
        }
        return new Chart(
                "Training loss",
                "step",
                "cross-entropy, nats a token",
                List.of(Series.of("base", base, "loss"), Series.of("tuned", tuned, "loss")));
    }

    private static List<Integer> colours(BufferedImage image) {
        return IntStream.of(image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth()))
                .map(rgb -> rgb & 0xFFFFFF)
                .distinct()
                .boxed()
                .toList();
    }
}
