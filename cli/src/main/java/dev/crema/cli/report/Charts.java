package dev.crema.cli.report;

import dev.crema.train.run.DurableFiles;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes charts as PNG, or as SVG where the machine has no fonts for their text.
 *
 * <p>A JDK brings no fonts; on a bare server or in a small container there are none to draw labels with. SVG leaves the
 * labels to whoever looks at it.
 */
public final class Charts {
    private static final Logger LOG = LoggerFactory.getLogger(Charts.class);

    private Charts() {}

    /**
     * Writes a chart and returns its file.
     *
     * @param folder where to write, which exists
     * @param name the file's name without {@code .png} or {@code .svg}
     */
    public static Path write(Chart chart, Path folder, String name) throws IOException {
        if (PngChart.canDraw(chart.text())) {
            Path file = folder.resolve(name + ".png");
            DurableFiles.write(file, PngChart.draw(chart));
            return file;
        }
        Path file = folder.resolve(name + ".svg");
        DurableFiles.write(file, SvgChart.draw(chart));
        LOG.warn(
                "This machine has no font for the text of {}, so it is SVG; install fontconfig and a font to get PNG",
                file);
        return file;
    }
}
