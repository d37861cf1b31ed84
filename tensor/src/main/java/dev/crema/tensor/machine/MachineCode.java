package dev.crema.tensor.machine;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Locale;

/**
 * Makes functions of machine code.
 *
 * <p>A function's pages are written first and then made executable, never both at once, and stay for good: there are few.
 */
public final class MachineCode {
    private static final int READ = 1, WRITE = 2, EXECUTE = 4;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final long PAGE = 4096;

    private MachineCode() {}

    /** Tells whether functions can be made here: on Linux, on x86-64, where pages may become executable. */
    public static boolean possible() {
        return Holder.POSSIBLE;
    }

    /**
     * Returns the handle that calls functions of so many addresses and numbers, the function itself before them. Kept in a
     * constant, it is compiled into those who call it.
     */
    static MethodHandle caller(int arguments) {
        var types = new MemoryLayout[arguments];
        Arrays.fill(types, ValueLayout.JAVA_LONG); // addresses, for which no object is needed
        return caller(FunctionDescriptor.ofVoid(types));
    }

    /** Returns the handle that calls functions of a type. */
    static MethodHandle caller(FunctionDescriptor type) {
        // Such functions take microseconds, and know nothing of Java: the thread need not say that it leaves.
        return Linker.nativeLinker().downcallHandle(type, Linker.Option.critical(false));
    }

    /**
     * Makes a function.
     *
     * @throws IllegalStateException if the system gives no executable memory
     */
    static MemorySegment function(byte[] code) {
        long bytes = Math.ceilDiv(code.length, PAGE) * PAGE;
        MemorySegment pages = map(bytes);
        MemorySegment.copy(code, 0, pages, ValueLayout.JAVA_BYTE, 0, code.length);
        protect(pages, bytes);
        return pages;
    }

    private static MemorySegment map(long bytes) {
        var p = ValueLayout.ADDRESS;
        var i = ValueLayout.JAVA_INT;
        var l = ValueLayout.JAVA_LONG;
        MethodHandle mmap = find("mmap", FunctionDescriptor.of(p, p, l, i, i, i, l));
        try {
            MemorySegment pages = (MemorySegment)
                    mmap.invokeExact(MemorySegment.NULL, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (pages.address() == -1) throw new IllegalStateException("the system gives no memory for machine code");
            return pages.reinterpret(bytes);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("mmap failed", e);
        }
    }

    private static void protect(MemorySegment pages, long bytes) {
        var i = ValueLayout.JAVA_INT;
        MethodHandle mprotect =
                find("mprotect", FunctionDescriptor.of(i, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, i));
        try {
            if ((int) mprotect.invokeExact(pages, bytes, READ | EXECUTE) != 0) {
                throw new IllegalStateException("the system lets no memory become executable");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("mprotect failed", e);
        }
    }

    private static MethodHandle find(String name, FunctionDescriptor type) {
        SymbolLookup library = Linker.nativeLinker().defaultLookup();
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), type);
    }

    private static final class Holder {
        static final boolean POSSIBLE = probe();

        private static boolean probe() {
            String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
            String processor = System.getProperty("os.arch");
            if (!system.equals("linux") || !processor.equals("amd64")) return false;
            Assembler nothing = Assembler.create();
            nothing.end();
            try {
                function(nothing.code());
                return true;
            } catch (IllegalStateException e) {
                return false; // a system that is locked down; libraries' products serve
            }
        }
    }
}
