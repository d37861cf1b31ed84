package dev.crema.cli.recipe;

import static java.util.Objects.requireNonNull;

import dev.crema.text.InputException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Binds recipe values to records of settings, strictly.
 *
 * <p>A setting is a record component: a scalar ({@link Scalars}), a list, a map from text, a record, or a sealed
 * interface of records, written as the one key that names the record ({@code cosine: {warmup: 10}}) or, with all its
 * defaults, as that name alone. What is not given comes from the outer record's default, from the record's static
 * {@code defaults()}, or from {@link Default}. An unknown key is an error, as is a value of the wrong type.
 */
final class Binder {
    private Binder() {}

    /** Binds a mapping to a record; {@code path} names it in messages. */
    static <T> T bind(Class<T> type, Node node, String path) {
        return type.cast(value(type, node, path, null));
    }

    /** Returns the settings of a record by key, in the form that {@link YamlWriter} writes and {@link #bind} reads. */
    static Map<String, Object> unbind(Record settings) {
        var entries = new LinkedHashMap<String, Object>();
        for (RecordComponent component : settings.getClass().getRecordComponents()) {
            entries.put(Names.snake(component.getName()), unbind(component.getType(), get(component, settings)));
        }
        return entries;
    }

    private static Object unbind(Class<?> declared, Object value) {
        return switch (value) {
            case Record settings
            when declared.isSealed() -> Map.of(Names.snake(settings.getClass().getSimpleName()), unbind(settings));
            case Record settings -> unbind(settings);
            case List<?> list ->
                list.stream()
                        .map(item -> unbind(choiceOf(item.getClass()), item))
                        .toList();
            case Map<?, ?> map -> {
                var entries = new LinkedHashMap<String, Object>();
                map.forEach((key, item) -> entries.put((String) key, unbind(choiceOf(item.getClass()), item)));
                yield entries;
            }
            default -> Scalars.write(value);
        };
    }

    /** Returns the sealed interface that a record is a choice of, or the record's class itself. */
    private static Class<?> choiceOf(Class<?> type) {
        return Arrays.stream(type.getInterfaces())
                .filter(Class::isSealed)
                .findFirst()
                .orElse(type);
    }

    private static Object value(Type type, Node node, String path, @Nullable Object fallback) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            return generic.getRawType() == List.class ? list(arguments[0], node, path) : map(arguments[1], node, path);
        }
        Class<?> plain = (Class<?>) type;
        if (plain.isRecord()) {
            return record(plain, mapping(node, path), path, fallback);
        } else if (plain.isSealed() && !plain.isEnum()) {
            return choice(plain, node, path, fallback);
        }
        return scalar(plain, node, path);
    }

    private static Object scalar(Class<?> type, Node node, String path) {
        if (!(node instanceof Node.Text text)) {
            throw expected(node, path, Scalars.describe(type));
        }
        try {
            return Scalars.read(type, text.text());
        } catch (IllegalArgumentException | ArithmeticException e) {
            String guess = type.isEnum() ? Names.didYouMean(text.text(), Scalars.constants(type)) : "";
            throw expected(node, path, Scalars.describe(type) + guess);
        }
    }

    private static Object list(Type item, Node node, String path) {
        if (!(node instanceof Node.Sequence sequence)) {
            throw expected(node, path, describe(List.class));
        }
        var values = new ArrayList<>();
        for (Node each : sequence.items()) {
            values.add(value(item, each, path + "[" + values.size() + "]", null));
        }
        return List.copyOf(values);
    }

    private static Object map(Type item, Node node, String path) {
        var values = new LinkedHashMap<String, Object>();
        mapping(node, path)
                .entries()
                .forEach((key, each) -> values.put(key, value(item, each, path + "." + key, null)));
        return values;
    }

    private static Object choice(Class<?> type, Node node, String path, @Nullable Object fallback) {
        Map<String, Class<?>> choices = choices(type);
        String name;
        Node settings;
        if (node instanceof Node.Text text) {
            name = text.text();
            settings = new Node.Mapping(node.origin(), Map.of());
        } else if (node instanceof Node.Mapping mapping && mapping.entries().size() == 1) {
            name = mapping.entries().keySet().iterator().next();
            settings = mapping.entries().values().iterator().next();
        } else if (node instanceof Node.Mapping mapping && mapping.entries().size() > 1) {
            throw new InputException(node.origin() + ": " + path + " has "
                    + String.join(" and ", mapping.entries().keySet()) + ": expected " + describe(type)
                    + "; set " + path + " as a whole to replace the choice");
        } else {
            throw expected(node, path, describe(type));
        }
        Class<?> chosen = choices.get(name);
        if (chosen == null) {
            String guess = Names.didYouMean(name, choices.keySet());
            throw new InputException(
                    node.origin() + ": " + path + " is '" + name + "': expected " + describe(type) + guess);
        }
        return value(chosen, settings, path + "." + name, chosen.isInstance(fallback) ? fallback : null);
    }

    private static Map<String, Class<?>> choices(Class<?> type) {
        var choices = new LinkedHashMap<String, Class<?>>();
        for (Class<?> each : type.getPermittedSubclasses()) {
            choices.put(Names.snake(each.getSimpleName()), each);
        }
        return choices;
    }

    private static Node.Mapping mapping(Node node, String path) {
        return switch (node) {
            case Node.Mapping mapping -> mapping;
            case Node.Nothing nothing -> new Node.Mapping(nothing.origin(), Map.of());
            default -> throw expected(node, path, describe(Map.class));
        };
    }

    private static Object record(Class<?> type, Node.Mapping given, String path, @Nullable Object fallback) {
        RecordComponent[] components = type.getRecordComponents();
        List<String> keys =
                Arrays.stream(components).map(c -> Names.snake(c.getName())).toList();
        given.entries().forEach((key, value) -> {
            if (!keys.contains(key)) {
                throw new InputException(value.origin() + ": " + path + " has no key '" + key + "'; its keys: "
                        + String.join(", ", keys) + Names.didYouMean(key, keys));
            }
        });
        Object defaults = fallback == null ? defaultsOf(type) : fallback;
        Object[] values = new Object[components.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = component(components[i], given, path, defaults);
        }
        return construct(type, values, given, path);
    }

    private static Object component(
            RecordComponent component, Node.Mapping given, String path, @Nullable Object defaults) {
        String key = Names.snake(component.getName());
        Type type = component.getGenericType();
        String childPath = path.isEmpty() ? key : path + "." + key;
        Default annotated = component.getAnnotation(Default.class);
        Object fallback = null;
        if (defaults != null) {
            fallback = get(component, defaults);
        } else if (annotated != null) {
            String source = "default of " + childPath;
            fallback = value(type, YamlReader.readValue(source, annotated.value()), childPath, null);
        }
        Node node = given.entries().get(key);
        if (node != null) {
            return value(type, node, childPath, fallback);
        } else if (fallback != null) {
            return fallback;
        } else if (component.getType().isRecord()) {
            return value(type, new Node.Mapping(given.origin(), Map.of()), childPath, null);
        }
        throw new InputException(
                given.origin() + ": " + path + " needs '" + key + "': " + describe(component.getType()));
    }

    private static Object construct(Class<?> type, Object[] values, Node.Mapping given, String path) {
        try {
            Class<?>[] types = Arrays.stream(type.getRecordComponents())
                    .map(RecordComponent::getType)
                    .toArray(Class<?>[]::new);
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Check.Failed failed) {
                String key = Names.snake(failed.setting());
                Node node = given.entries().getOrDefault(key, given);
                throw new InputException(node.origin() + ": " + path + "." + key + failed.rest(), failed);
            } else if (e.getCause() instanceof IllegalArgumentException || e.getCause() instanceof InputException) {
                throw new InputException(
                        given.origin() + ": " + path + ": " + e.getCause().getMessage(), e.getCause());
            }
            throw new AssertionError(type + " failed to check its settings", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static @Nullable Object defaultsOf(Class<?> type) {
        try {
            Method defaults = type.getDeclaredMethod("defaults");
            if (!Modifier.isStatic(defaults.getModifiers()) || defaults.getReturnType() != type) {
                return null;
            }
            defaults.setAccessible(true);
            return defaults.invoke(null);
        } catch (NoSuchMethodException e) {
            return null;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(type + ".defaults() failed", e);
        }
    }

    private static Object get(RecordComponent component, Object settings) {
        try {
            Method accessor = component.getAccessor();
            accessor.setAccessible(true);
            return requireNonNull(accessor.invoke(settings), component + " is null");
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static InputException expected(Node node, String path, String expected) {
        String found = switch (node) {
            case Node.Text text -> " is '" + text.text() + "'";
            case Node.Nothing _ -> " has no value";
            case Node.Sequence _ -> " is a list";
            case Node.Mapping _ -> " is a mapping";
        };
        return new InputException(node.origin() + ": " + path + found + ": expected " + expected);
    }

    private static String describe(Class<?> type) {
        if (type == List.class) {
            return "a list, such as [a, b]";
        } else if (type == Map.class || type.isRecord()) {
            return "a mapping, such as {key: value}";
        } else if (type.isSealed() && !type.isEnum()) {
            return "one of " + String.join(", ", choices(type).keySet());
        }
        return Scalars.describe(type);
    }
}
