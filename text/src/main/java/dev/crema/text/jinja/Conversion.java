package dev.crema.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Copies Java data into template values. */
final class Conversion {
    private Conversion() {}

    static Value of(@Nullable Object value, int depth) {
        if (depth > Value.MAX_NESTING) {
            throw new TemplateFailure("a variable nests more than " + Value.MAX_NESTING
                    + " lists and dictionaries; flatten it, or break its cycle");
        }
        return switch (value) {
            case null -> Value.None.NONE;
            case Value already -> already;
            case CharSequence text -> Value.Str.of(text.toString());
            case Boolean flag -> Value.Bool.of(flag);
            case BigInteger number -> new Value.Int(number);
            case Byte number -> Value.Int.of(number);
            case Short number -> Value.Int.of(number);
            case Integer number -> Value.Int.of(number);
            case Long number -> Value.Int.of(number);
            case Float number -> new Value.Float(number);
            case Double number -> new Value.Float(number);
            case BigDecimal number -> new Value.Float(number.doubleValue());
            case Map<?, ?> map -> {
                LinkedHashMap<Value, Value> entries = LinkedHashMap.newLinkedHashMap(map.size());
                map.forEach((key, item) -> entries.put(of(key, depth + 1), of(item, depth + 1)));
                yield Value.dict(entries);
            }
            case Collection<?> items -> {
                List<Value> copy = new ArrayList<>(items.size());
                items.forEach(item -> copy.add(of(item, depth + 1)));
                yield new Value.ListValue(Collections.unmodifiableList(copy));
            }
            default ->
                throw new TemplateFailure(
                        "a variable holds a " + value.getClass().getSimpleName()
                                + "; pass maps, lists, strings, numbers, booleans and nulls");
        };
    }
}
