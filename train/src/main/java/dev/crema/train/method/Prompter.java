package dev.crema.train.method;

import dev.crema.data.Example.Problem;
import dev.crema.data.PairTokenizer;
import dev.crema.text.ChatTemplate;
import dev.crema.text.Tokenizer;
import java.util.Arrays;

/** Turns problems into prompts and completions into text, by the model's own tokenizer and template. */
public sealed interface Prompter {
    Tokenizer tokenizer();

    /** Returns the ids of a problem's prompt, to the point where the assistant begins. */
    int[] prompt(Problem problem);

    /** For decoders, which continue what a chat template makes of a problem. */
    record OfChat(Tokenizer tokenizer, ChatTemplate template) implements Prompter {
        @Override
        public int[] prompt(Problem problem) {
            return tokenizer.encode(template.render(problem.prompt(), true));
        }
    }

    /** For encoder-decoders, which read a problem as they read the first text of a pair. */
    record OfPairs(Tokenizer tokenizer) implements Prompter {
        @Override
        public int[] prompt(Problem problem) {
            return new PairTokenizer(tokenizer).read(problem.prompt());
        }
    }

    /** Returns what the assistant said, without the token that ends its turn. */
    default String text(int[] ids) {
        int length = ids.length;
        while (length > 0 && tokenizer().specials().stopIds().contains(ids[length - 1])) length--;
        return tokenizer().decode(Arrays.copyOf(ids, length));
    }
}
