package dev.crema.text;

import dev.crema.text.SpecialTokens.Role;
import dev.crema.text.gguf.GgufFile;
import dev.crema.text.gguf.GgufValue;
import dev.crema.text.gguf.TokenizerMetadata;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gives the metadata by which a GGUF file describes the tokenizer and the chat template of a model. */
public final class GgufTokenizer {
    private static final String PREFIX = "tokenizer.";
    private static final String TEMPLATE = "tokenizer.chat_template";

    private GgufTokenizer() {}

    /**
     * Read a model's tokenizer and template; those of a GGUF file are taken over as they are.
     *
     * @param model a folder or a GGUF file
     * @param rows how many tokens the model's embedding has
     * @throws InputException if there is no tokenizer, or none that GGUF can describe
     */
    public static Map<String, GgufValue> metadata(Path model, int rows) {
        return GgufFile.isGguf(model) ? taken(model) : translated(model, rows);
    }

    private static Map<String, GgufValue> taken(Path model) {
        Map<String, GgufValue> taken = new LinkedHashMap<>();
        try (GgufFile file = GgufFile.open(model)) {
            file.metadata().values().forEach((key, value) -> {
                if (key.startsWith(PREFIX)) {
                    taken.put(key, value instanceof GgufValue.Array array ? copy(array) : value);
                }
            });
        }
        return taken;
    }

    /** Outlives the file. */
    private static GgufValue copy(GgufValue.Array array) {
        byte[] bytes = array.bytes().toArray(ValueLayout.JAVA_BYTE);
        return new GgufValue.Array(array.element(), array.count(), MemorySegment.ofArray(bytes));
    }

    private static Map<String, GgufValue> translated(Path model, int rows) {
        TokenizerFiles files = TokenizerFiles.read(model);
        Vocabulary vocabulary = files.vocabulary();
        if (vocabulary.size() > rows) {
            throw new InputException(model + ": the tokenizer has " + vocabulary.size() + " tokens, the model " + rows
                    + ": they do not belong together");
        }
        List<String> tokens = new ArrayList<>();
        for (int id = 0; id < rows; id++) {
            tokens.add(vocabulary.hasId(id) ? vocabulary.token(id) : "");
        }
        Map<String, GgufValue> metadata = new LinkedHashMap<>(
                TokenizerMetadata.of(model.toString(), files.tokenizer(), tokens, roles(files.specials(vocabulary))));
        ChatTemplateFiles templates = new ChatTemplateFiles(model);
        if (templates.hasTemplate()) {
            metadata.put(TEMPLATE, new GgufValue.Text(templates.template()));
        }
        return metadata;
    }

    private static Map<String, Integer> roles(SpecialTokens specials) {
        Map<String, Integer> roles = new LinkedHashMap<>();
        specials.roles().forEach((role, token) -> roles.put(name(role), token.id()));
        List<Integer> others = new ArrayList<>(specials.stopIds());
        specials.eos().ifPresent(eos -> others.remove((Integer) eos.id()));
        Iterator<Integer> ends = others.iterator();
        for (String end : List.of("eos", "eot", "eom")) {
            if (!roles.containsKey(end) && ends.hasNext()) {
                roles.put(end, ends.next());
            }
        }
        return roles;
    }

    private static String name(Role role) {
        return switch (role) {
            case BOS -> "bos";
            case EOS -> "eos";
            case PAD -> "padding";
            case UNK -> "unknown";
            case CLS -> "cls";
            case SEP -> "seperator"; // the format spells it so
            case MASK -> "mask";
        };
    }
}
