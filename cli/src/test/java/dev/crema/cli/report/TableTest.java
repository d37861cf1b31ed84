package dev.crema.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTest {
    @Test
    void alignsNumbersRightAndTextLeft() {
        var table = new Table("stage", "accuracy", "note")
                .row("base", "0.01 ± 0.02", "")
                .row("冷启动", "89.5 %", "cold start")
                .row("r1", "-", "");
        assertThat(table).hasToString("""
                stage      accuracy  note
                ------  -----------  ----------
                base    0.01 ± 0.02
                冷启动       89.5 %  cold start
                r1                -
                """);
    }

    @Test
    void hasItsHeaderWhenThereAreNoRows() {
        assertThat(new Table("a", "bc")).hasToString("a  bc\n-  --\n");
    }

    @ParameterizedTest
    @CsvSource({"abc,3", "中文,4", "한국,4", "ｱ,1", "Ａ,2", "é,1", "e\u0301,1", "🙂,2", "𠀀,2", "…,1", "'',0"})
    void measuresColumns(String text, int width) {
        assertThat(Table.width(text)).isEqualTo(width);
    }

    @Test
    void refusesARowThatDoesNotFit() {
        assertThatThrownBy(() -> new Table("a", "b").row("1")).hasMessage("a row has 1 cells, the header 2: [1]");
    }
}
