/**
 * Recipes: a list of stages in YAML, bound to records, run in order, each only when something it depends on changed.
 *
 * <p>{@link dev.crema.cli.recipe.RecipeReader} reads a recipe, {@link dev.crema.cli.recipe.RecipeRunner} runs it.
 */
@NullMarked
package dev.crema.cli.recipe;

import org.jspecify.annotations.NullMarked;
