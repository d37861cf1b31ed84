package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void holdsBackWhatMayBecomeAStopString() {
        StopStrings stops = new StopStrings(List.of("</answer>", "\n\n"));
        assertThat(stops.append("42</ans")).isEqualTo("42");
        assertThat(stops.append("we")).isEmpty();
        assertThat(stops.append("red\n")).isEqualTo("</answered");
        assertThat(stops.append("x</answer> more")).isEqualTo("\nx");
        assertThat(stops.found()).isTrue();
        assertThat(stops.append("more")).isEmpty();
        assertThat(stops.finish()).isEmpty();
    }

    @Test
    void givesTheRestWhenTheTextEndsWithoutOne() {
        StopStrings stops = new StopStrings(List.of("END"));
        assertThat(stops.append("the EN")).isEqualTo("the ");
        assertThat(stops.finish()).isEqualTo("EN");
        assertThat(stops.found()).isFalse();
    }

    @Test
    void showsTheTextUpToTheFirstStopStringHoweverItIsCut() {
        SplittableRandom random = new SplittableRandom(3);
        List<String> words = List.of("ab", "bba", "aaab");
        for (int round = 0; round < 2000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 12; i++) text.append("abc".charAt(random.nextInt(3)));
            StopStrings stops = new StopStrings(words);
            StringBuilder shown = new StringBuilder();
            // Character by character, a stop string is found where it first ends.
            for (int i = 0; i < text.length(); i++) shown.append(stops.append(text.substring(i, i + 1)));
            shown.append(stops.finish());
            assertThat(shown.toString()).isEqualTo(expected(text.toString(), words));
        }
    }

    private static String expected(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String before = text.substring(0, end);
            int first = stops.stream()
                    .filter(before::endsWith)
                    .mapToInt(stop -> before.length() - stop.length())
                    .min()
                    .orElse(-1);
            if (first >= 0) return text.substring(0, first);
        }
        return text;
    }
}
