package dev.crema.text.bpe;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.crema.text.InputException;
import dev.crema.text.SpecialTokens.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds what a training found, to be looked at or saved.
 *
 * @param training what was asked for
 * @param vocabulary the id of every token as {@code tokenizer.json} spells it, in the order of the ids
 * @param merges in the order in which they apply
 * @param textBytes the bytes of text that were read
 * @param words the different words that were kept
 * @param droppedOccurrences how many words of the text were lost to {@link BpeTraining#maxMemoryBytes}
 */
public record TrainedBpe(
        BpeTraining training,
        Map<String, Integer> vocabulary,
        List<Merge> merges,
        long textBytes,
        int words,
        long droppedOccurrences) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Two tokens that become one, as bytes. */
    public record Merge(byte[] left, byte[] right) {
        /** Write the merge as {@code merges.txt} does. */
        @Override
        public String toString() {
            return ByteAlphabet.write(left) + " " + ByteAlphabet.write(right);
        }
    }

    public TrainedBpe {
        vocabulary = Collections.unmodifiableMap(new LinkedHashMap<>(vocabulary));
        merges = List.copyOf(merges);
    }

    /** Give the special tokens the first ids and every learnt token the next. */
    static TrainedBpe of(BpeTraining training, MergeLearner learner, WordCounter counter) {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        for (String special : training.specialTokens()) {
            vocabulary.put(special, vocabulary.size());
        }
        for (byte[] token : learner.tokens()) {
            String written = ByteAlphabet.write(token);
            if (vocabulary.putIfAbsent(written, vocabulary.size()) != null) {
                throw new InputException("Special token '" + written
                        + "' is spelt like a learnt one: choose another, such as '<|" + written + "|>'");
            }
        }
        return new TrainedBpe(
                training, vocabulary, learner.merges(), counter.bytes(), learner.words(), counter.dropped());
    }

    /** Write {@code tokenizer.json} and {@code tokenizer_config.json} into a folder, made if need be. */
    public void save(Path folder) {
        save(folder, JSON.createObjectNode());
    }

    /** Write the two files with a Jinja chat template in the second. */
    public void save(Path folder, String chatTemplate) {
        save(folder, JSON.createObjectNode().put("chat_template", chatTemplate));
    }

    private void save(Path folder, ObjectNode configuration) {
        training.roles().forEach((role, token) -> configuration.put(role.key(), token));
        configuration.put("clean_up_tokenization_spaces", false);
        configuration.put("tokenizer_class", "PreTrainedTokenizerFast");
        try {
            Files.createDirectories(folder);
            write(folder.resolve("tokenizer_config.json"), configuration);
            write(folder.resolve("tokenizer.json"), json());
        } catch (IOException e) {
            throw new InputException("Cannot save the tokenizer in " + folder + ": " + e.getMessage(), e);
        }
    }

    private ObjectNode json() {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        root.putNull("truncation").putNull("padding");
        ArrayNode added = root.putArray("added_tokens");
        for (String special : training.specialTokens()) {
            added.addObject()
                    .put("id", vocabulary.get(special))
                    .put("content", special)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        root.putNull("normalizer");
        root.set("pre_tokenizer", training.pre().json());
        surround(root);
        root.set("decoder", PreTokenization.byteLevel(true));
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.putNull("dropout").putNull("unk_token");
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        ObjectNode ids = model.putObject("vocab");
        vocabulary.forEach(ids::put);
        ArrayNode rules = model.putArray("merges");
        merges.forEach(merge -> rules.add(merge.toString())); // the form that every version of the library reads
        return root;
    }

    /** Put CLS and SEP around a text, where the tokenizer has both. */
    private void surround(ObjectNode root) {
        String cls = training.roles().get(Role.CLS), sep = training.roles().get(Role.SEP);
        if (cls == null || sep == null) {
            root.putNull("post_processor");
            return;
        }
        ObjectNode around = root.putObject("post_processor").put("type", "BertProcessing");
        around.putArray("sep").add(sep).add(vocabulary.get(sep));
        around.putArray("cls").add(cls).add(vocabulary.get(cls));
    }

    /** Write beside, sync, rename: a reader sees the old file or the new one. */
    private static void write(Path file, ObjectNode json) throws IOException {
        Path beside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".tmp");
        try {
            String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
            try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }
}
