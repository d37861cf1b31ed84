package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Decoder;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private static final GenerationOptions OPTIONS = new GenerationOptions(20, Sampling.at(1), Set.of(), 7);

    @Test
    void leavesAModelAsItWas() {
        try (Decoder model = TinyModel.rotary()) {
            List<int[]> prompts = List.of(new int[] {3, 14, 15});
            Generator generator = new Generator(model);
            int[] before = ids(generator, prompts);
            try (WarmUp warmUp = WarmUp.of(generator, model.config())) {
                assertThat(ids(generator, prompts)).isEqualTo(before);
            }
            assertThat(ids(generator, prompts)).isEqualTo(before);
        }
    }

    @Test
    void endsWhenAsked() {
        try (Decoder model = TinyModel.rotary()) {
            WarmUp warmUp = WarmUp.of(new Generator(model), model.config());
            assertThat(warmUp.running()).isTrue();
            warmUp.close();
            assertThat(warmUp.running()).isFalse();
        }
    }

    private static int[] ids(Generator generator, List<int[]> prompts) {
        return generator
                .generate(prompts, 1, OPTIONS, TokenListener.NONE)
                .completions()
                .getFirst()
                .ids();
    }
}
