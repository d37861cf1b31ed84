package dev.crema.data;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A tokenizer whose tokens are single characters (Unicode code points), as nanoGPT's Shakespeare recipe has.
 *
 * <p>It is written as a Hugging Face {@code tokenizer.json}: a Split into characters, a WordLevel vocabulary, a decoder that
 * joins without spaces. Ids follow the code points; {@code <unk>}, for what the corpus did not hold, comes last.
 *
 * @param characters the code points, ascending, each once
 */
public record CharacterVocabulary(List<Integer> characters) {
    /** The token for a character that the vocabulary does not have. */
    public static final String UNKNOWN = "<unk>";

    public CharacterVocabulary {
        characters = List.copyOf(characters);
        if (characters.isEmpty()) {
            throw new InputException("a character vocabulary needs at least one character; the corpus is empty");
        }
    }

    /** Collects the characters of a source. */
    public static CharacterVocabulary of(ExampleSource source) {
        BitSet seen = new BitSet();
        try (ExampleReader reader = source.open()) {
            while (reader.hasNext()) {
                switch (reader.next()) {
                    case Example.PlainText(String text, Example.Part part) ->
                        text.codePoints().forEach(seen::set);
                    case Example other ->
                        throw new InputException(source.name()
                                + ": a character vocabulary is made from plain text, not from records of prompts");
                }
            }
        }
        return new CharacterVocabulary(seen.stream().boxed().toList());
    }

    /** Counts the tokens: the characters and {@link #UNKNOWN}. */
    public int size() {
        return characters.size() + 1;
    }

    /** Writes {@code tokenizer.json} and {@code tokenizer_config.json} into a folder, each whole or not at all. */
    public void write(Path folder) {
        try {
            Files.createDirectories(folder);
            write(folder, "tokenizer.json", tokenizer());
            write(folder, "tokenizer_config.json", config());
        } catch (IOException e) {
            throw new InputException(folder + ": the tokenizer cannot be written: " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return characters.stream()
                .map(Character::toString)
                .collect(Collectors.joining("", "CharacterVocabulary[", "]"));
    }

    private ObjectNode tokenizer() {
        ObjectNode root = object();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        root.putArray("added_tokens")
                .addObject()
                .put("id", characters.size())
                .put("content", UNKNOWN)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        root.putNull("normalizer");
        ObjectNode split = root.putObject("pre_tokenizer");
        split.put("type", "Split");
        split.putObject("pattern").put("Regex", "[\\s\\S]"); // the dot leaves newlines out
        split.put("behavior", "Isolated").put("invert", false);
        root.putNull("post_processor");
        root.putObject("decoder").put("type", "Fuse");
        ObjectNode model = root.putObject("model");
        model.put("type", "WordLevel");
        ObjectNode vocabulary = model.putObject("vocab");
        for (int id = 0; id < characters.size(); id++) {
            vocabulary.put(Character.toString(characters.get(id)), id);
        }
        vocabulary.put(UNKNOWN, characters.size());
        model.put("unk_token", UNKNOWN);
        return root;
    }

    private static ObjectNode config() {
        return object().put("tokenizer_class", "PreTrainedTokenizerFast")
                .put("unk_token", UNKNOWN)
                .put("clean_up_tokenization_spaces", false);
    }

    private static ObjectNode object() {
        return new JsonMapper().createObjectNode();
    }

    private static void write(Path folder, String name, ObjectNode content) throws IOException {
        byte[] json = JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsBytes(content);
        Path beside = Files.createTempFile(folder, name, ".partial");
        try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(json);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(beside, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
