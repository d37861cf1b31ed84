package dev.crema.data;

import dev.crema.data.Example.Part;
import dev.crema.data.Example.PlainText;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * Reads plain text as documents; a long document comes in parts, cut where a line ends.
 *
 * <p>The cut prefers a newline between two characters that are no white space, because there the usual
 * pre-tokenizers split too, so that the parts have the tokens of the whole.
 */
final class TextReader extends FileReader {
    private final DocumentBoundary boundary;
    private final int partChars;
    private final LineReader lines;
    private final StringBuilder text = new StringBuilder();
    private final ArrayDeque<PlainText> ready = new ArrayDeque<>();
    private boolean begun;
    private boolean atEnd;

    TextReader(Path file, DocumentBoundary boundary, int partChars) {
        this.boundary = boundary;
        this.partChars = partChars;
        this.lines = new LineReader(file, Math.max(4, partChars));
    }

    @Override
    Optional<Example> read() {
        while (ready.isEmpty() && !atEnd) {
            if (lines.advance()) {
                take(lines.piece());
            } else {
                atEnd = true;
                endDocument();
            }
        }
        return Optional.ofNullable(ready.poll());
    }

    @Override
    public void close() {
        lines.close();
    }

    private void take(String line) {
        switch (boundary) {
            case DocumentBoundary.WholeFile() -> text.append(line);
            case DocumentBoundary.BlankLines() -> {
                if (line.isBlank()) {
                    endDocument();
                } else {
                    text.append(line);
                }
            }
            case DocumentBoundary.Separator(String separator) -> takeSeparated(line, separator);
        }
        if (text.length() > partChars) {
            cut();
        }
    }

    private void takeSeparated(String line, String separator) {
        int from = Math.max(0, text.length() - separator.length() + 1); // it may straddle two pieces of a line
        text.append(line);
        for (int found = text.indexOf(separator, from); found >= 0; found = text.indexOf(separator)) {
            String rest = text.substring(found + separator.length());
            text.setLength(found);
            endDocument();
            text.append(rest);
        }
    }

    private void endDocument() {
        if (!(boundary instanceof DocumentBoundary.WholeFile)) {
            trimNewlines();
        }
        boolean blank = text.chars().allMatch(Character::isWhitespace);
        if (begun || !blank) {
            ready.add(new PlainText(text.toString(), begun ? Part.LAST : Part.WHOLE));
        }
        text.setLength(0);
        begun = false;
    }

    private void cut() {
        int cut = cutPosition();
        ready.add(new PlainText(text.substring(0, cut), begun ? Part.MIDDLE : Part.FIRST));
        text.delete(0, cut);
        begun = true;
    }

    private int cutPosition() {
        int last = Math.max(1, text.length() - held());
        int anyNewline = -1;
        for (int i = last; i > text.length() / 2; i--) {
            if (text.charAt(i - 1) != '\n') {
                continue;
            }
            if (i >= 2 && !Character.isWhitespace(text.charAt(i)) && !Character.isWhitespace(text.charAt(i - 2))) {
                return i;
            }
            anyNewline = anyNewline < 0 ? i : anyNewline;
        }
        if (anyNewline > 0) {
            return anyNewline;
        }
        return Character.isLowSurrogate(text.charAt(last)) && last > 1 ? last - 1 : last;
    }

    /** A cut leaves something for the last part, and never falls into a separator of which the rest is still to come. */
    private int held() {
        return boundary instanceof DocumentBoundary.Separator(String separator) ? separator.length() : 1;
    }

    private void trimNewlines() {
        int end = text.length();
        while (end > 0 && isNewline(text.charAt(end - 1))) {
            end--;
        }
        text.setLength(end);
        int start = 0;
        while (!begun && start < end && isNewline(text.charAt(start))) {
            start++;
        }
        text.delete(0, start);
    }

    private static boolean isNewline(char c) {
        return c == '\n' || c == '\r';
    }
}
