package dev.crema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class NearestTest {
    private static final List<String> VERBS = List.of("chat", "generate", "pretrain", "sft");

    @Test
    void findsTheWordThatWasMeant() {
        assertThat(Nearest.to("chta", VERBS)).contains("chat");
        assertThat(Nearest.to("pre-train", VERBS)).contains("pretrain");
        assertThat(Nearest.to("genrate", VERBS)).contains("generate");
        assertThat(Nearest.to("stf", VERBS)).contains("sft");
    }

    @Test
    void findsNoneWhereNoneIsNear() {
        assertThat(Nearest.to("quantize", VERBS)).isEmpty();
    }

    @Test
    void countsASwapAsOne() {
        assertThat(Nearest.distance("chta", "chat")).isEqualTo(1);
        assertThat(Nearest.distance("", "sft")).isEqualTo(3);
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
    }
}
