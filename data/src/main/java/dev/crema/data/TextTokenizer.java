package dev.crema.data;

import dev.crema.data.Example.Completion;
import dev.crema.data.Example.PlainText;
import dev.crema.text.InputException;
import dev.crema.text.SpecialTokens.SpecialToken;
import dev.crema.text.TokenizedText;
import dev.crema.text.Tokenizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/** Tokenizes plain text and completions; each kind of an example's batch on all cores. */
final class TextTokenizer implements ExampleTokenizer {
    private final Tokenizer tokenizer;
    private final int[] begin;
    private final int[] end;

    TextTokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        int[] aroundNothing = tokenizer.encodeWithSpecials("");
        this.begin = tokenizer
                .specials()
                .bos()
                .filter(bos -> aroundNothing.length > 0 && aroundNothing[0] == bos.id())
                .map(bos -> new int[] {bos.id()})
                .orElseGet(() -> new int[0]);
        this.end = tokenizer
                .specials()
                .eos()
                .map(SpecialToken::id)
                .map(id -> new int[] {id})
                .orElseGet(() -> new int[0]);
    }

    @Override
    public List<TokenizedExample> tokenize(List<Example> examples) {
        Iterator<int[]> plain = tokenizer
                .encodeAll(examples.stream()
                        .filter(PlainText.class::isInstance)
                        .map(example -> ((PlainText) example).text())
                        .toList())
                .iterator();
        Iterator<TokenizedExample> other = examples.parallelStream()
                .filter(example -> !(example instanceof PlainText))
                .map(this::tokenize)
                .toList()
                .iterator();
        return examples.stream()
                .map(example -> example instanceof PlainText text ? whole(plain.next(), text.part()) : other.next())
                .toList();
    }

    @Override
    public int vocabularySize() {
        return tokenizer.vocabularySize();
    }

    @Override
    public String fingerprint() {
        return "text 1 " + tokenizer.fingerprint() + " " + Arrays.toString(begin) + " "
                + tokenizer.specials().roles(); // which may stand in another file than the vocabulary
    }

    private TokenizedExample tokenize(Example example) {
        return switch (example) {
            case PlainText(String text, Example.Part part) -> whole(tokenizer.encode(text), part);
            case Completion(String prompt, String completion) -> completion(prompt, completion);
            case Example.Chat chat ->
                throw new InputException("chats need a chat template, and this model has none: add"
                        + " chat_template.jinja to its folder, or use records of prompt and completion");
            case Example.Tagged tagged ->
                throw new InputException(
                        "tagged words are for classify; to learn their text, give records of text or of pairs");
            case Example.Problem problem ->
                throw new InputException("problem " + problem.id() + " has an answer to check and no text to learn;"
                        + " read it as question_answer to fine-tune on it");
        };
    }

    /** Puts begin and end around a document; all of it bears loss. */
    private TokenizedExample whole(int[] text, Example.Part part) {
        int[] first = part.begins() ? begin : new int[0];
        int[] last = part.ends() ? end : new int[0];
        int[] ids = join(first, text, last);
        BitSet loss = new BitSet(ids.length);
        loss.set(first.length, ids.length);
        return new TokenizedExample(ids, loss, part);
    }

    private TokenizedExample completion(String prompt, String completion) {
        TokenizedText text = tokenizer.tokenize(prompt + completion);
        int[] ids = join(begin, text.ids(), end);
        BitSet loss = new BitSet(ids.length);
        for (int i = 0; i < text.size(); i++) {
            loss.set(begin.length + i, text.ends()[i] > prompt.length()); // a token on both sides is to be predicted
        }
        loss.set(begin.length + text.size(), ids.length);
        return new TokenizedExample(ids, loss, Example.Part.WHOLE);
    }

    private static int[] join(int[]... parts) {
        return IntStream.range(0, parts.length)
                .flatMap(i -> IntStream.of(parts[i]))
                .toArray();
    }
}
