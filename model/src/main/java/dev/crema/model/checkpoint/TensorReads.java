package dev.crema.model.checkpoint;

import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fills tensors from files, in pieces, on several threads, straight where each piece belongs.
 *
 * <p>The files are read, although they are mapped as well: pages of a mapping would be resident beside the tensors that
 * they are copied to, so that a model took twice its size while it loads. Read into the tensor itself, a weight exists
 * once. Only what changes its type, layout or device on the way goes through a buffer, of one piece a thread.
 */
final class TensorReads {
    private static final int PIECE = 8 << 20;
    /** More threads do not read faster, and each that converts has libtorch's own threads under it. */
    private static final int MOST_THREADS = 4;

    private final List<Piece> pieces = new ArrayList<>();

    /** A stretch of a file's tensor and its place. */
    private sealed interface Piece {
        Safetensors.Entry entry();

        /** Returns where in the tensor's bytes the piece begins. */
        long offset();

        /** Bytes that are wanted as they are. */
        record Direct(Safetensors.Entry entry, long offset, MemorySegment target) implements Piece {}

        /** Rows that go through a buffer. */
        record Converted(Safetensors.Entry entry, long offset, long bytes, Tensor target) implements Piece {}

        /** Rows of codes, from {@code firstRow}, that a buffer of FP32 takes up. */
        record Scaled(Safetensors.Entry entry, long firstRow, BlockScales scales, Tensor target) implements Piece {
            @Override
            public long offset() {
                return firstRow * scales.columns();
            }
        }
    }

    /**
     * Plans to fill a tensor, which may be a view, with an entry of its shape. The innermost scope has to stay open until
     * {@link #run} is through.
     */
    void add(Safetensors.Entry entry, Tensor target) {
        long bytes = entry.memory().byteSize();
        if (bytes == 0) return;
        if (entry.dtype() == target.dtype() && target.device().isCpu() && target.isContiguous()) {
            MemorySegment memory = target.segment();
            for (long at = 0; at < bytes; at += PIECE) {
                pieces.add(new Piece.Direct(entry, at, memory.asSlice(at, Math.min(PIECE, bytes - at))));
            }
            return;
        }
        long[] shape = entry.shape();
        long rows = shape.length == 0 ? 1 : shape[0], rowBytes = bytes / rows, step = Math.max(1, PIECE / rowBytes);
        for (long row = 0; row < rows; row += step) {
            long count = Math.min(step, rows - row);
            Tensor place = shape.length == 0 ? target : target.narrow(0, row, count);
            pieces.add(new Piece.Converted(entry, row * rowBytes, count * rowBytes, place));
        }
    }

    /** Plans to fill a matrix, which may be a view, with an entry of its shape in FP8 with scales by blocks. */
    void add(Safetensors.Entry entry, BlockScales scales, Tensor target) {
        long rows = entry.shape()[0], step = Math.max(1, PIECE / Float.BYTES / scales.columns());
        for (long row = 0; row < rows; row += step) {
            pieces.add(new Piece.Scaled(entry, row, scales, target.narrow(0, row, Math.min(step, rows - row))));
        }
    }

    /**
     * Reads all that was planned, in the order in which it lies in the files.
     *
     * @throws InputException if a file cannot be read
     */
    void run() {
        pieces.sort(Comparator.comparing((Piece piece) -> piece.entry().file())
                .thenComparingLong(piece -> piece.entry().position() + piece.offset()));
        AtomicInteger next = new AtomicInteger();
        int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
        try (ExecutorService crew = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) done.add(crew.submit(() -> work(next)));
            for (Future<?> future : done) future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) throw cause;
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InputException("loading was interrupted", e);
        }
    }

    private void work(AtomicInteger next) {
        try (var off = Autograd.off();
                Arena arena = Arena.ofConfined()) {
            Buffer buffer = new Buffer(arena);
            for (int i = next.getAndIncrement(); i < pieces.size(); i = next.getAndIncrement()) {
                switch (pieces.get(i)) {
                    case Piece.Direct piece -> piece.entry().read(piece.offset(), piece.target());
                    case Piece.Converted piece -> convert(piece, buffer.of(piece.bytes()));
                    case Piece.Scaled piece -> {
                        long codes = piece.target().elements(), values = Float.BYTES * codes;
                        MemorySegment both = buffer.of(values + codes);
                        scale(piece, both.asSlice(values), both.asSlice(0, values));
                    }
                }
            }
        } catch (RuntimeException e) {
            next.set(pieces.size()); // nobody goes on for nothing
            throw e;
        }
    }

    /** Memory of one thread, as large as its largest piece so far. */
    private static final class Buffer {
        private final Arena arena;
        private MemorySegment memory = MemorySegment.NULL;

        Buffer(Arena arena) {
            this.arena = arena;
        }

        MemorySegment of(long bytes) {
            if (memory.byteSize() < bytes) memory = arena.allocate(bytes, 64);
            return memory.asSlice(0, bytes);
        }
    }

    private static void scale(Piece.Scaled piece, MemorySegment codes, MemorySegment values) {
        piece.entry().read(piece.offset(), codes);
        piece.scales().decode(codes, piece.firstRow(), values);
        try (Scope scope = Scope.open()) {
            Tensor target = piece.target();
            target.copyInPlace(Tensors.over(values, DType.FP32, target.shape()));
        }
    }

    private static void convert(Piece.Converted piece, MemorySegment buffer) {
        piece.entry().read(piece.offset(), buffer);
        try (Scope scope = Scope.open()) {
            piece.target()
                    .copyInPlace(Tensors.over(
                            buffer, piece.entry().dtype(), piece.target().shape()));
        }
    }
}
