package dev.crema.text.jinja;

import java.util.List;
import java.util.Optional;

/** What a template does; {@code line} is where it starts in the source. */
sealed interface Statement {
    int line();

    record Text(String text, int line) implements Statement {}

    record Output(Expression expression, int line) implements Statement {}

    record If(List<Branch> branches, List<Statement> otherwise, int line) implements Statement {}

    record Branch(Expression test, List<Statement> body) {}

    record For(
            Target target,
            Expression iterable,
            Optional<Expression> filter,
            boolean recursive,
            List<Statement> body,
            List<Statement> otherwise,
            int line)
            implements Statement {}

    record Set(Target target, Expression value, int line) implements Statement {}

    /** Assigns the output of a block; {@code value} is {@link Expression.BlockText} under its filters. */
    record SetBlock(Target target, Expression value, List<Statement> body, int line) implements Statement {}

    record FilterBlock(Expression value, List<Statement> body, int line) implements Statement {}

    record With(List<Target> targets, List<Expression> values, List<Statement> body, int line) implements Statement {}

    record Define(MacroSource macro, int line) implements Statement {}

    /** Calls a macro and hands it the block as {@code caller}. */
    record CallBlock(Expression.Call call, MacroSource caller, int line) implements Statement {}

    /** What the assistant wrote: transformers derives loss masks from these blocks. */
    record Generation(List<Statement> body, int line) implements Statement {}

    record Break(int line) implements Statement {}

    record Continue(int line) implements Statement {}

    /** A macro as written; {@code uses} tells which special names its body reads. */
    record MacroSource(String name, List<Parameter> parameters, List<Statement> body, java.util.Set<String> uses) {}

    record Parameter(String name, Optional<Expression> otherwise) {}

    /** What can be assigned to. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        record Attribute(String namespace, String name) implements Target {}

        record Unpacked(List<Target> parts) implements Target {}
    }
}
