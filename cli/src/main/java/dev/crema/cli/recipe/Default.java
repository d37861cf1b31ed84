package dev.crema.cli.recipe;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives a setting's default, written as a recipe would write it: {@code @Default("10k") long steps}.
 *
 * <p>A setting without one is required, unless its record has a static {@code defaults()} that returns a whole instance,
 * or it is itself a record, whose own settings then decide.
 */
@Target({ElementType.RECORD_COMPONENT, ElementType.PARAMETER, ElementType.FIELD, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
public @interface Default {
    /** Returns the default as YAML. */
    String value();
}
