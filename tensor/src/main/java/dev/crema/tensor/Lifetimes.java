package dev.crema.tensor;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Records where tensors are made, so that one that outlives its time can be found: {@code -Dcrema.debug.lifetimes=true}.
 *
 * <p>Off, it costs one test of a constant. On, each live tensor carries the stack of its making.
 */
public final class Lifetimes {
    private static final boolean ON = Boolean.getBoolean("crema.debug.lifetimes");
    private static final ConcurrentLinkedQueue<Birth> BIRTHS = new ConcurrentLinkedQueue<>();

    private Lifetimes() {}

    private record Birth(Reference<org.bytedeco.pytorch.Tensor> handle, String what, Throwable where) {
        boolean live() {
            org.bytedeco.pytorch.Tensor tensor = handle.get();
            return tensor != null && !tensor.isNull();
        }
    }

    static void made(Tensor tensor) {
        // A gradient that nobody has collected yet is a tensor without type and shape.
        if (ON && tensor.handle.defined())
            BIRTHS.add(new Birth(new WeakReference<>(tensor.handle), tensor.toString(), new Throwable("made here")));
    }

    static void closed(Tensor tensor) {
        if (ON) BIRTHS.removeIf(birth -> !birth.live());
    }

    /** Tells whether the switch is on. */
    public static boolean recorded() {
        return ON;
    }

    /** Returns, for each tensor alive, its shape and the place that made it; empty if the switch is off. */
    public static List<String> live() {
        BIRTHS.removeIf(birth -> !birth.live());
        List<String> live = new ArrayList<>();
        for (Birth birth : BIRTHS) {
            String place = "?";
            for (StackTraceElement frame : birth.where().getStackTrace()) {
                if (!frame.getClassName().startsWith("dev.crema.tensor")) {
                    place = frame.toString();
                    break;
                }
            }
            live.add(birth.what() + " made at " + place);
        }
        return live;
    }
}
