package dev.crema.tensor;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Owns every native object that is made while it is the innermost scope of its thread, and frees it on {@link #close}.
 *
 * <p>The garbage collector knows nothing of native memory: a gigabyte of activations weighs a few bytes on its scales.
 * So ownership is lexical. A method opens a scope, works, hands what it returns to the scope outside with
 * {@link #keep}, and leaves; all that it made on the way, the wrappers of options and scalars included, is gone.
 *
 * <pre>{@code
 * try (Scope scope = Scope.open()) {
 *     Tensor hidden = up.matmul(x).gelu();
 *     return scope.keep(down.matmul(hidden));
 * }
 * }</pre>
 *
 * <p>A tensor that libtorch still needs for a backward pass lives on inside the graph; only the handle goes. Scopes are
 * confined to the thread that opened them and close in the reverse order of opening.
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<Deque<Scope>> STACK = ThreadLocal.withInitial(ArrayDeque::new);

    private final Thread thread = Thread.currentThread();
    private final PointerScope pointers;
    private final @Nullable Scope outer;
    private final boolean graph;
    private boolean closed;

    private Scope(boolean graph) {
        this.outer = STACK.get().peek();
        this.graph = graph;
        this.pointers = new PointerScope();
        STACK.get().push(this);
    }

    /** Opens a scope inside the current one of this thread. */
    public static Scope open() {
        LibTorch.ready();
        return new Scope(false);
    }

    /** Opens a scope that outlives the graph recorded in it: backward rules made inside are kept until it closes. */
    static Scope openGraph() {
        LibTorch.ready();
        return new Scope(true);
    }

    /** Hands a tensor to the scope outside this one, or to nobody if there is none, and returns it. */
    public Tensor keep(Tensor tensor) {
        if (outer == null) return release(tensor);
        outer.pointers.attach(tensor.handle);
        return tensor;
    }

    /**
     * Makes a tensor outlive every scope and returns it: from here on it lives until {@link Tensor#close}. For weights,
     * caches and optimizer state, which outlive the method that made them.
     */
    public static Tensor release(Tensor tensor) {
        // Handles count references: the scope that owns this one gives its own up when it closes.
        tensor.handle.retainReference();
        return tensor;
    }

    /** Takes a released tensor back: the innermost scope owns it from here on. */
    static Tensor adopt(Tensor tensor) {
        Scope innermost = STACK.get().peek();
        if (innermost == null) throw new IllegalStateException("no scope is open on thread " + Thread.currentThread());
        innermost.pointers.attach(tensor.handle);
        tensor.handle.releaseReference();
        return tensor;
    }

    /** Ties a native helper to the scope of the graph being recorded, or to the outermost scope where none is. */
    static void attachToGraph(Pointer pointer) {
        Scope owner = STACK.get().peek();
        if (owner == null) throw new IllegalStateException("no scope is open on thread " + Thread.currentThread());
        Scope innermost = owner;
        while (!owner.graph && owner.outer != null) owner = owner.outer;
        if (owner != innermost) owner.pointers.attach(pointer);
    }

    /** Frees what this scope owns. */
    @Override
    public void close() {
        if (closed) return;
        if (Thread.currentThread() != thread || STACK.get().peek() != this) {
            throw new IllegalStateException("a scope closes on its own thread, inner scopes first");
        }
        closed = true;
        STACK.get().pop();
        pointers.close();
    }
}
