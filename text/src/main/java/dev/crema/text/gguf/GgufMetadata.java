package dev.crema.text.gguf;

import dev.crema.text.InputException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Answers for the metadata of a file, key by key; a value of another type than is asked for is refused. */
public final class GgufMetadata {
    private final String file;
    private final Map<String, GgufValue> values;

    /**
     * Wrap keys and values.
     *
     * @param file what to begin an error with
     */
    public GgufMetadata(String file, Map<String, GgufValue> values) {
        this.file = file;
        this.values = values;
    }

    /** Give all keys and values in the order of the file. */
    public Map<String, GgufValue> values() {
        return Collections.unmodifiableMap(values);
    }

    public boolean has(String key) {
        return values.containsKey(key);
    }

    public String text(String key) {
        return optionalText(key).orElseThrow(() -> wrong(key, null, "a text"));
    }

    public Optional<String> optionalText(String key) {
        GgufValue value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof GgufValue.Text(String text)) {
            return Optional.of(text);
        }
        throw wrong(key, value, "a text");
    }

    /** Give a whole number from 0; an array of one number over and over, one for each layer, is that number. */
    public int whole(String key) {
        GgufValue value = values.get(key);
        if (value instanceof GgufValue.Whole(long number) && number >= 0 && number <= Integer.MAX_VALUE) {
            return (int) number;
        }
        if (value instanceof GgufValue.Array array
                && array.count() > 0
                && array.element().whole()) {
            int[] each = ints(key);
            for (int number : each) {
                if (number != each[0]) {
                    throw new InputException(
                            file + ": " + key + " differs between layers; models are read whose layers" + " are alike");
                }
            }
            return each[0];
        }
        throw wrong(key, value, "a whole number from 0");
    }

    public int whole(String key, int otherwise) {
        return has(key) ? whole(key) : otherwise;
    }

    /** Give a real number; the nearest decimal of one that the file holds in 32 bits, so that 1e-5 is 1e-5. */
    public double real(String key, double otherwise) {
        GgufValue value = values.get(key);
        return switch (value) {
            case null -> otherwise;
            case GgufValue.Real(double number) ->
                (float) number == number ? Double.parseDouble(Float.toString((float) number)) : number;
            case GgufValue.Whole(long number) -> number;
            default -> throw wrong(key, value, "a number");
        };
    }

    public boolean flag(String key, boolean otherwise) {
        GgufValue value = values.get(key);
        return switch (value) {
            case null -> otherwise;
            case GgufValue.Flag(boolean yes) -> yes;
            default -> throw wrong(key, value, "true or false");
        };
    }

    /** Give the id of the token that plays a part, such as {@code eos}; a number beyond the vocabulary means none. */
    public OptionalInt tokenId(String part) {
        GgufValue value = values.get("tokenizer.ggml." + part + "_token_id");
        return switch (value) {
            case null -> OptionalInt.empty();
            case GgufValue.Whole(long id) ->
                id >= 0 && id < vocabularySize() ? OptionalInt.of((int) id) : OptionalInt.empty();
            default -> throw wrong("tokenizer.ggml." + part + "_token_id", value, "a token's id");
        };
    }

    private int vocabularySize() {
        return values.get("tokenizer.ggml.tokens") instanceof GgufValue.Array tokens ? tokens.count() : 0;
    }

    public boolean isArray(String key) {
        return values.get(key) instanceof GgufValue.Array;
    }

    /** Give an array of yes and no. */
    public List<Boolean> flags(String key) {
        if (!(values.get(key) instanceof GgufValue.Array array) || array.element() != GgufValue.Kind.BOOL) {
            throw wrong(key, values.get(key), "an array of true and false");
        }
        List<Boolean> flags = new ArrayList<>();
        for (int i = 0; i < array.count(); i++) {
            flags.add(array.bytes().get(ValueLayout.JAVA_BYTE, i) != 0);
        }
        return flags;
    }

    /** Give an array of texts. */
    public List<String> texts(String key) {
        if (values.get(key) instanceof GgufValue.Array array && array.element() == GgufValue.Kind.STRING) {
            return array.texts();
        }
        throw wrong(key, values.get(key), "an array of texts");
    }

    /** Give an array of whole numbers that fit 32 bits. */
    public int[] ints(String key) {
        if (!(values.get(key) instanceof GgufValue.Array array)
                || !array.element().whole()) {
            throw wrong(key, values.get(key), "an array of whole numbers");
        }
        int[] numbers = new int[array.count()];
        for (int i = 0; i < numbers.length; i++) {
            long number = array.element()
                    .wholeAt(array.bytes(), (long) i * array.element().bytes());
            if (number != (int) number) {
                throw new InputException(file + ": " + key + " holds " + number + ", which is beyond 32 bits");
            }
            numbers[i] = (int) number;
        }
        return numbers;
    }

    /** Give an array of real numbers. */
    public float[] floats(String key) {
        if (!(values.get(key) instanceof GgufValue.Array array)
                || !array.element().real()) {
            throw wrong(key, values.get(key), "an array of real numbers");
        }
        float[] numbers = new float[array.count()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) array.element()
                    .realAt(array.bytes(), (long) i * array.element().bytes());
        }
        return numbers;
    }

    private InputException wrong(String key, @Nullable GgufValue value, String expected) {
        String found = switch (value) {
            case null -> "is missing";
            case GgufValue.Array array -> "is an array of " + array.count() + " " + array.element();
            default -> "is " + value;
        };
        return new InputException(file + ": " + key + " " + found + "; it has to be " + expected);
    }
}
