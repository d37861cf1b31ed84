package dev.crema.text;

import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufTexts;
import dev.crema.text.gguf.ScoredPieces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * The texts that come with a model's weights ({@code tokenizer.json}, {@code generation_config.json}, ...): the files of
 * its folder, or what the metadata of a GGUF file says in their place.
 */
public sealed interface ModelTexts {
    /** What belongs to a model beside its weights and its configuration. */
    List<String> COMPANIONS = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "chat_template.jinja",
            "generation_config.json");

    /**
     * Find the texts of a model's folder or of a GGUF file.
     *
     * @throws InputException if the GGUF file is malformed or has no tokenizer that is known
     */
    static ModelTexts of(Path model) {
        if (!GgufFile.isGguf(model)) {
            return new Folder(model);
        }
        try (GgufFile file = GgufFile.open(model)) {
            return new Metadata(model, new GgufTexts(file));
        }
    }

    /** Write the texts of the tokenizer, the chat template and the generation settings into a folder, made if need be. */
    default void save(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String name : COMPANIONS) {
            Optional<String> text = find(name);
            if (text.isPresent()) {
                Path beside = folder.resolve("." + name + ".tmp");
                Files.writeString(beside, text.get());
                Files.move(
                        beside,
                        folder.resolve(name),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Give the text that stands, or would stand, under a file's name. */
    Optional<String> find(String name);

    /** Say for an error where a text stands. */
    String where(String name);

    /** The files of a folder; a tokenizer in an older form stands for a {@code tokenizer.json}. */
    record Folder(Path path) implements ModelTexts {
        @Override
        public Optional<String> find(String name) {
            return new OlderForms(this).find(name);
        }

        /** Read a file, if there is one of that very name. */
        Optional<String> text(String name) {
            Path file = path.resolve(name);
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            try {
                return Optional.of(Files.readString(file));
            } catch (IOException e) {
                throw new InputException("Cannot read " + file + " as UTF-8 text: " + e.getMessage(), e);
            }
        }

        boolean has(String name) {
            return Files.isRegularFile(path.resolve(name));
        }

        /** Read a file that is no text, of at most {@code limit} bytes. */
        Optional<byte[]> bytes(String name, long limit) {
            Path file = path.resolve(name);
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            try {
                if (Files.size(file) > limit) {
                    throw new InputException(
                            file + " has " + Files.size(file) + " bytes; at most " + limit + " are read");
                }
                return Optional.of(Files.readAllBytes(file));
            } catch (IOException e) {
                throw new InputException("Cannot read " + file + ": " + e.getMessage(), e);
            }
        }

        @Override
        public String where(String name) {
            return path.resolve(name).toString();
        }
    }

    /** What the metadata of a GGUF file says. */
    record Metadata(Path path, GgufTexts texts) implements ModelTexts {
        @Override
        public Optional<String> find(String name) {
            return texts.find(name);
        }

        /** Give the pieces and scores of a SentencePiece model, if the tokenizer is one. */
        Optional<ScoredPieces> pieces() {
            return texts.pieces();
        }

        @Override
        public String where(String name) {
            return name + " of " + path;
        }
    }
}
