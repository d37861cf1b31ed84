package dev.crema.cli.recipe;

import dev.crema.cli.recipe.RecipeReader.Draft;
import dev.crema.cli.recipe.RecipeReader.DraftStage;
import dev.crema.text.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Applies {@code --set key=value} to a recipe before its settings are bound, so that both are checked alike. */
final class Overrides {
    private Overrides() {}

    static Draft apply(Draft draft, String override) {
        int equals = override.indexOf('=');
        String source = "--set " + override;
        List<String> keys = equals < 0
                ? List.of()
                : List.of(override.substring(0, equals).strip().split("\\.", -1));
        if (keys.isEmpty() || keys.contains("")) {
            throw new InputException(source + ": expected key=value, such as seed=2 or "
                    + draft.stages().getFirst().name() + ".steps=200");
        }
        Node value = YamlReader.readValue(source, override.substring(equals + 1));
        if (keys.size() == 1
                && (keys.getFirst().equals("name") || keys.getFirst().equals("seed"))) {
            return new Draft(draft.root().with(keys.getFirst(), value), draft.stages());
        }
        List<String> path = keys.getFirst().equals("stages") ? keys.subList(1, keys.size()) : keys;
        return new Draft(draft.root(), inStage(draft.stages(), path, value));
    }

    private static List<DraftStage> inStage(List<DraftStage> stages, List<String> path, Node value) {
        List<String> names = stages.stream().map(DraftStage::name).toList();
        if (path.isEmpty() || !names.contains(path.getFirst())) {
            String name = path.isEmpty() ? "" : path.getFirst();
            throw new InputException(value.origin() + ": there is no stage '" + name + "'; stages: "
                    + String.join(", ", names) + Names.didYouMean(name, names));
        }
        if (path.size() == 1 || path.get(1).equals("name")) {
            throw new InputException(
                    value.origin() + ": name a setting of the stage, such as " + path.getFirst() + ".steps=200");
        }
        var changed = new ArrayList<DraftStage>();
        for (DraftStage stage : stages) {
            boolean meant = stage.name().equals(path.getFirst());
            changed.add(meant ? stage.with(with(stage.settings(), path.subList(1, path.size()), value)) : stage);
        }
        return changed;
    }

    private static Node.Mapping with(Node.Mapping mapping, List<String> path, Node value) {
        String key = path.getFirst();
        if (path.size() == 1) {
            return mapping.with(key, value);
        }
        Node.Mapping inner = mapping.entries().get(key) instanceof Node.Mapping there
                ? there
                : new Node.Mapping(value.origin(), Map.of());
        return mapping.with(key, with(inner, path.subList(1, path.size()), value));
    }
}
