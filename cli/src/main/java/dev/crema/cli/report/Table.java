package dev.crema.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Lays out rows of text for a terminal.
 *
 * <p>Columns of numbers stand to the right, others to the left. Chinese, Japanese and Korean characters and emoji take
 * two columns, marks that sit on the character before them none.
 */
public final class Table {
    private static final Pattern NUMBER =
            Pattern.compile("|-|[-+±]?[\\d.,]+(e[-+]?\\d+)?( ?[%kMGT]?i?B?)?( ?± ?[\\d.]+)?");
    private static final String GAP = "  ";

    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();

    /** Makes a table without rows. */
    public Table(String... header) {
        this.header = List.of(header);
    }

    /**
     * Adds a row and returns this table.
     *
     * @throws IllegalArgumentException if it has not as many cells as the header
     */
    public Table row(String... cells) {
        if (cells.length != header.size()) {
            throw new IllegalArgumentException(
                    "a row has " + cells.length + " cells, the header " + header.size() + ": " + List.of(cells));
        }
        rows.add(List.of(cells));
        return this;
    }

    /** Returns the table as lines, each ending in a line feed. */
    @Override
    public String toString() {
        int columns = header.size();
        int[] widths = new int[columns];
        boolean[] numbers = new boolean[columns];
        for (int c = 0; c < columns; c++) {
            int column = c;
            widths[c] = Math.max(
                    width(header.get(c)),
                    rows.stream().mapToInt(row -> width(row.get(column))).max().orElse(0));
            numbers[c] = rows.stream()
                    .allMatch(row -> NUMBER.matcher(row.get(column)).matches());
        }
        var out = new StringBuilder();
        line(out, header, widths, numbers);
        line(out, IntStream.of(widths).mapToObj("-"::repeat).toList(), widths, numbers);
        rows.forEach(row -> line(out, row, widths, numbers));
        return out.toString();
    }

    private static void line(StringBuilder out, List<String> cells, int[] widths, boolean[] numbers) {
        var line = new StringBuilder();
        for (int c = 0; c < widths.length; c++) {
            String padding = " ".repeat(widths[c] - width(cells.get(c)));
            line.append(c == 0 ? "" : GAP);
            line.append(numbers[c] ? padding + cells.get(c) : cells.get(c) + padding);
        }
        out.append(line.toString().stripTrailing()).append('\n');
    }

    /** Returns how many columns of a terminal a text takes. */
    static int width(String text) {
        return text.codePoints().map(Table::width).sum();
    }

    private static int width(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT, Character.CONTROL -> 0;
            default -> isWide(codePoint) ? 2 : 1;
        };
    }

    /** Tells whether Unicode's East Asian Width (annex 11) is wide or fullwidth. */
    private static boolean isWide(int c) {
        return c >= 0x1100 && c <= 0x115F // Hangul initials
                || c >= 0x2E80 && c <= 0x303E // radicals, CJK punctuation
                || c >= 0x3041 && c <= 0xA4CF // kana, CJK, Yi
                || c >= 0xA960 && c <= 0xA97F // Hangul extended
                || c >= 0xAC00 && c <= 0xD7A3 // Hangul syllables
                || c >= 0xF900 && c <= 0xFAFF // compatibility ideographs
                || c >= 0xFE30 && c <= 0xFE6F // compatibility and small forms
                || c >= 0xFF01 && c <= 0xFF60 // fullwidth forms
                || c >= 0xFFE0 && c <= 0xFFE6
                || c >= 0x20000 && c <= 0x3FFFD // ideographs beyond the first plane
                || Character.isEmojiPresentation(c);
    }
}
