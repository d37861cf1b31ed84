package dev.crema.data;

import dev.crema.data.Example.PlainText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Small sources and a tokenizer whose ids are characters, so that tests can read the rows. */
final class TestData {
    /** Ends a document. */
    static final int END = 1;

    private TestData() {}

    static Path write(Path folder, String name, String content) {
        try {
            return Files.writeString(folder.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Example> read(Source source) {
        List<Example> examples = new ArrayList<>();
        try (ExampleReader reader = source.open()) {
            reader.forEachRemaining(examples::add);
        }
        return examples;
    }

    /** Makes a cache of documents given as token ids; all tokens bear loss. */
    static TokenCache cache(Path root, List<int[]> documents, int vocabulary) {
        return TokenCaches.of(
                new Listed(documents.stream().map(TestData::spell).toList()), new Characters(vocabulary, false), root);
    }

    /** Makes a cache of texts, each ended by {@link #END}. */
    static TokenCache texts(Path root, List<String> texts) {
        return TokenCaches.of(new Listed(texts), new Characters(1 << 16, true), root);
    }

    private static String spell(int[] ids) {
        return new String(ids, 0, ids.length);
    }

    /** A source of the texts given. */
    record Listed(List<String> texts) implements ExampleSource {
        @Override
        public String name() {
            return "listed";
        }

        @Override
        public String key() {
            ContentHash hash = new ContentHash();
            texts.forEach(hash::add);
            return hash.hex();
        }

        @Override
        public ExampleReader open() {
            return ExampleReader.of(texts.stream().map(PlainText::new).iterator());
        }
    }

    /** A token is a code point. */
    record Characters(int vocabularySize, boolean ended) implements ExampleTokenizer {
        @Override
        public List<TokenizedExample> tokenize(List<Example> examples) {
            return examples.stream().map(this::tokenize).toList();
        }

        @Override
        public String fingerprint() {
            return "characters " + vocabularySize + " " + ended;
        }

        private TokenizedExample tokenize(Example example) {
            PlainText text = (PlainText) example;
            String ending = ended && text.part().ends() ? Character.toString(END) : "";
            int[] ids = (text.text() + ending).codePoints().toArray();
            BitSet loss = new BitSet();
            loss.set(0, ids.length);
            return new TokenizedExample(ids, loss, text.part());
        }
    }
}
