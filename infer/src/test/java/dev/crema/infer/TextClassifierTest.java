package dev.crema.infer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextClassifierTest {
    @Test
    void cutsTextsIntoWordsSignsAndCharacters() {
        assertThat(TextClassifier.words("EU rejects O'Neill's well-known call (3.5%)."))
                .containsExactly("EU", "rejects", "O'Neill's", "well-known", "call", "(", "3.5", "%", ")", ".");
        assertThat(TextClassifier.words("王小明住在Berlin，很好。"))
                .containsExactly("王", "小", "明", "住", "在", "Berlin", "，", "很", "好", "。");
        assertThat(TextClassifier.words(" \t\n")).isEmpty();
    }
}
