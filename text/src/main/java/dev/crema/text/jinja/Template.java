package dev.crema.text.jinja;

import dev.crema.text.InputException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Jinja template, run as transformers runs the chat templates of models.
 *
 * <p>The language is that of Python's Jinja2 3.1 with {@code trim_blocks} and {@code lstrip_blocks}, in its immutable
 * sandbox, with {@code break} and {@code continue}, {@code raise_exception}, {@code strftime_now}, transformers' own
 * {@code tojson}, and {@code generation} blocks around what the assistant wrote. Source becomes {@link Token}s (see
 * {@link Lexer}), these become {@link Statement}s and {@link Expression}s (see {@link Parser}), and those are run in
 * place by {@link Interpreter} and {@link Evaluator} over {@link Value}s that behave as Python's do.
 *
 * <p>A template comes from outside, so a {@link TemplateLimits} bounds its time, memory and recursion. A template can
 * be rendered by many threads at once.
 */
public final class Template {
    private final List<Statement> statements;
    private final boolean marksGenerations;
    private final TemplateLimits limits;

    private Template(Parser.Parsed parsed, TemplateLimits limits) {
        this.statements = parsed.statements();
        this.marksGenerations = parsed.marksGenerations();
        this.limits = limits;
    }

    /** Parse a template; an InputException names the line of what Jinja would refuse. */
    public static Template of(String source) {
        return of(source, TemplateLimits.DEFAULT);
    }

    /** Parse a template that renders within {@code limits}. */
    public static Template of(String source, TemplateLimits limits) {
        try {
            return new Template(Parser.parse(source), limits);
        } catch (TemplateFailure failure) {
            throw new InputException("chat template, " + failure.getMessage());
        }
    }

    /** Tell whether the template has {@code generation} blocks. */
    public boolean marksGenerations() {
        return marksGenerations;
    }

    /**
     * Render with these variables: maps, lists, strings, numbers, booleans and nulls.
     *
     * @param clock tells {@code strftime_now} the time and zone
     * @throws InputException where Jinja would raise, and at the limits; it names the line
     */
    public Rendering render(Map<String, ? extends @Nullable Object> variables, Clock clock) {
        Budget budget = new Budget(limits);
        Evaluator evaluator = new Evaluator(budget);
        try {
            Scope scope = Scope.root(new Globals(evaluator.operators(), clock).names());
            variables.forEach((name, value) -> scope.set(name, Value.of(value)));
            return new Interpreter(budget, evaluator).run(statements, scope);
        } catch (TemplateFailure failure) {
            throw new InputException("chat template, line " + evaluator.line() + ": " + failure.getMessage());
        } catch (StackOverflowError tooDeep) {
            throw new InputException("chat template, line " + evaluator.line()
                    + ": values or calls nest deeper than the stack holds; mend the template's recursion");
        }
    }
}
