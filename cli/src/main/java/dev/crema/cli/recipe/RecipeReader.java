package dev.crema.cli.recipe;

import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Reads recipes: YAML with a name, a seed and a list of stages.
 *
 * <pre>{@code
 * name: quickstart
 * seed: 1
 * stages:
 *   - tokenizer: { vocabulary: 512 }
 *   - pretrain: { name: base, steps: 10k }
 *   - sft: { name: cold-start, from: base }
 * }</pre>
 *
 * <p>A stage without a name is named after its kind. Settings come from defaults, the recipe, and overrides
 * {@code base.steps=200}, each before the one ahead of it.
 */
public final class RecipeReader {
    private static final List<String> KEYS = List.of("name", "seed", "stages");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private final Map<String, Class<? extends Record>> kinds = new LinkedHashMap<>();

    /** Makes a reader of recipes with these kinds of stages, which are records. */
    public RecipeReader(List<Class<? extends Stage>> kinds) {
        for (Class<? extends Stage> kind : kinds) {
            Class<? extends Record> settings = kind.asSubclass(Record.class);
            if (Arrays.stream(settings.getRecordComponents())
                    .anyMatch(c -> c.getName().equals("name"))) {
                throw new IllegalArgumentException(kind + ": 'name' belongs to every stage and cannot be a component");
            }
            this.kinds.put(Recipe.kindOf(kind), settings);
        }
    }

    /**
     * Reads a recipe.
     *
     * @param overrides each {@code key=value}: a key of the recipe ({@code seed}) or of a stage by the stage's name
     *     ({@code base.steps} or {@code stages.base.steps})
     * @throws InputException naming the line, the value and what was expected, if anything in it cannot be used
     */
    public Recipe read(Path file, List<String> overrides) throws IOException {
        try {
            return read(file.toString(), Files.readString(file), overrides);
        } catch (NoSuchFileException e) {
            throw new InputException("there is no recipe " + file + "; name a YAML file", e);
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": not UTF-8 text; save it as UTF-8", e);
        }
    }

    /** Reads a recipe that is no file; {@code source} names it in messages. */
    public Recipe read(String source, String text, List<String> overrides) {
        if (!(YamlReader.readFile(source, text) instanceof Node.Mapping root)) {
            throw new InputException(source + ": a recipe is a mapping with the keys " + String.join(", ", KEYS));
        }
        root.entries().forEach((key, value) -> {
            if (!KEYS.contains(key)) {
                throw new InputException(value.origin() + ": a recipe has no key '" + key + "'; its keys: "
                        + String.join(", ", KEYS) + Names.didYouMean(key, KEYS));
            }
        });
        var draft = new Draft(root, drafts(root));
        for (String override : overrides) {
            draft = Overrides.apply(draft, override);
        }
        Header header = header(draft.root(), source);
        return new Recipe(header.name(), header.seed(), stages(draft.stages()));
    }

    /** A recipe whose stages are known by name but whose settings are still text. */
    record Draft(Node.Mapping root, List<DraftStage> stages) {}

    /** A stage whose settings are still text. */
    record DraftStage(String name, String kind, Node.Mapping settings) {
        DraftStage with(Node.Mapping changed) {
            return new DraftStage(name, kind, changed);
        }
    }

    private record Header(String name, @Default("1") long seed) {}

    private static Header header(Node.Mapping root, String source) {
        Node.Mapping keys = root.without("stages");
        if (!keys.entries().containsKey("name")) {
            String stem = Path.of(source).getFileName().toString().replaceFirst("\\.ya?ml$", "");
            keys = keys.with("name", new Node.Text(root.origin(), stem));
        }
        return Binder.bind(Header.class, keys, "recipe");
    }

    private List<DraftStage> drafts(Node.Mapping root) {
        if (!(root.entries().get("stages") instanceof Node.Sequence sequence)
                || sequence.items().isEmpty()) {
            throw new InputException(
                    root.origin() + ": a recipe needs 'stages': a list, such as [" + firstKind() + ": {}]");
        }
        var drafts = new ArrayList<DraftStage>();
        var names = new TreeSet<>(KEYS);
        for (Node item : sequence.items()) {
            DraftStage draft = draft(item);
            if (!NAME.matcher(draft.name()).matches() || KEYS.contains(draft.name())) {
                throw new InputException(item.origin() + ": a stage cannot be named '" + draft.name()
                        + "'; use letters, digits, '.', '_' and '-', and none of " + String.join(", ", KEYS));
            }
            if (!names.add(draft.name())) {
                throw new InputException(item.origin() + ": a second stage is named '" + draft.name()
                        + "'; give one of them another name: {name: ...}");
            }
            drafts.add(draft);
        }
        return drafts;
    }

    private DraftStage draft(Node item) {
        String kind;
        Node settings;
        if (item instanceof Node.Text text) {
            kind = text.text();
            settings = new Node.Nothing(item.origin());
        } else if (item instanceof Node.Mapping mapping && mapping.entries().size() == 1) {
            kind = mapping.entries().keySet().iterator().next();
            settings = mapping.entries().values().iterator().next();
        } else {
            throw new InputException(item.origin() + ": a stage is one kind and its settings, such as " + firstKind()
                    + ": {...}; indent the settings below the kind");
        }
        if (!kinds.containsKey(kind)) {
            throw new InputException(item.origin() + ": there is no kind of stage '" + kind + "'; kinds: "
                    + String.join(", ", kinds.keySet()) + Names.didYouMean(kind, kinds.keySet()));
        }
        Node.Mapping mapping = switch (settings) {
            case Node.Mapping given -> given;
            case Node.Nothing nothing -> new Node.Mapping(nothing.origin(), Map.of());
            default ->
                throw new InputException(settings.origin() + ": " + kind + " needs its settings, such as {key: value}");
        };
        return switch (mapping.entries().get("name")) {
            case null -> new DraftStage(kind, kind, mapping);
            case Node.Text name -> new DraftStage(name.text(), kind, mapping.without("name"));
            default -> throw new InputException(mapping.origin() + ": the name of a stage is text");
        };
    }

    private List<Recipe.Step> stages(List<DraftStage> drafts) {
        var steps = new ArrayList<Recipe.Step>();
        var earlier = new LinkedHashSet<String>();
        for (DraftStage draft : drafts) {
            Class<? extends Record> kind = kinds.getOrDefault(draft.kind(), Record.class);
            Stage stage = (Stage) Binder.bind(kind, draft.settings(), "stages." + draft.name());
            for (Input input : stage.inputs()) {
                if (input instanceof Input.Output output && !earlier.contains(output.stage())) {
                    throw notEarlier(draft, output.stage(), earlier);
                }
            }
            steps.add(new Recipe.Step(draft.name(), stage));
            earlier.add(draft.name());
        }
        return steps;
    }

    private static InputException notEarlier(DraftStage draft, String stage, Set<String> earlier) {
        Origin origin = find(draft.settings(), stage);
        return new InputException(origin + ": stages." + draft.name() + " reads from '" + stage
                + "', which is no stage before it"
                + (earlier.isEmpty() ? "" : "; before it: " + String.join(", ", earlier))
                + Names.didYouMean(stage, earlier));
    }

    /** Returns where a text stands below a node, or where the node does. */
    private static Origin find(Node node, String text) {
        List<Node> children = switch (node) {
            case Node.Mapping mapping -> List.copyOf(mapping.entries().values());
            case Node.Sequence sequence -> sequence.items();
            default -> List.of();
        };
        return children.stream()
                .filter(child -> child instanceof Node.Text leaf && leaf.text().equals(text))
                .findFirst()
                .map(Node::origin)
                .or(() -> children.stream()
                        .map(child -> find(child, text))
                        .filter(origin -> !origin.equals(node.origin()))
                        .findFirst())
                .orElse(node.origin());
    }

    private String firstKind() {
        return kinds.keySet().iterator().next();
    }
}
