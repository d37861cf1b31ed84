package dev.crema.train.method;

import dev.crema.data.Example.Problem;
import dev.crema.text.ChatTemplate;
import dev.crema.text.Tokenizer;

/** Turns problems into prompts and completions into text, by the model's own tokenizer and template. */
public record Prompter(Tokenizer tokenizer, ChatTemplate template) {
    /** Returns the ids of a problem's prompt, to the point where the assistant begins. */
    public int[] prompt(Problem problem) {
        return tokenizer.encode(template.render(problem.prompt(), true));
    }

    /** Returns what the assistant said, without the token that ends its turn. */
    public String text(int[] ids) {
        int length = ids.length;
        while (length > 0 && tokenizer.specials().stopIds().contains(ids[length - 1])) length--;
        return tokenizer.decode(java.util.Arrays.copyOf(ids, length));
    }
}
