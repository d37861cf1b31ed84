package dev.crema.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class WordTokensTest {
    private static final Path GPT2 = Path.of("src/test/resources/tokenizers/gpt2");

    @Test
    void everyWordBeginsWithItsSpaceWhereSpacesBelongToWords() {
        Tokenizer tokenizer = Tokenizer.load(GPT2);
        WordTokens tokens = WordTokens.of(List.of("the", "cat", "the"), tokenizer, 100);
        assertThat(tokens.ids()).isEqualTo(tokenizer.encode(" the cat the"));
        assertThat(tokens.words()[0]).isZero();
        assertThat(tokens.words()).containsOnlyOnce(1).containsOnlyOnce(2);
    }
}
