package dev.crema.train.metrics;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.zip.CRC32C;

/**
 * Writes scalars to a TensorBoard event file.
 *
 * <p>The file is a sequence of TFRecords: the length as 8 bytes, its checksum, the data, its checksum, all little endian.
 * The checksum is CRC-32C, rotated and offset so that a checksum of data that holds checksums stays sound. The data of a
 * record is an {@code Event} message ({@code tensorflow/core/util/event.proto}): wall time in field 1, step in 2, and one
 * of the file's version in 3, a summary in 5, a session's start in 7. A session that starts at a step makes TensorBoard
 * forget what earlier files say from that step on: so a resumed run is drawn as one line.
 */
final class EventFile implements Closeable {
    private static final int SESSION_START = 1;

    private final FileChannel channel;
    private final InstantSource clock;

    private EventFile(FileChannel channel, InstantSource clock) {
        this.channel = channel;
        this.clock = clock;
    }

    /** Creates a new file in a folder, for scalars from {@code firstStep} on. */
    static EventFile create(Path folder, long firstStep, InstantSource clock) throws IOException {
        String base = "events.out.tfevents." + clock.instant().getEpochSecond() + ".crema";
        Path file = folder.resolve(base);
        for (int n = 1; Files.exists(file); n++) {
            file = folder.resolve(base + "." + n);
        }
        var events =
                new EventFile(FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), clock);
        events.append(events.event(0).text(3, "brain.Event:2"));
        events.append(events.event(firstStep).message(7, new Proto().number(1, SESSION_START)));
        return events;
    }

    void write(Metrics metrics) throws IOException {
        var summary = new Proto();
        metrics.values()
                .forEach((name, value) ->
                        summary.message(1, new Proto().text(1, name).float32(2, value.floatValue())));
        append(event(metrics.step()).message(5, summary));
    }

    private Proto event(long step) {
        Instant now = clock.instant();
        return new Proto()
                .float64(1, now.getEpochSecond() + now.getNano() / 1e9)
                .number(2, step);
    }

    private void append(Proto event) throws IOException {
        byte[] data = event.bytes();
        var record = ByteBuffer.allocate(8 + 4 + data.length + 4).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(maskedCrc(record.array(), 0, 8));
        record.put(data);
        record.putInt(maskedCrc(data, 0, data.length));
        record.flip();
        while (record.hasRemaining()) {
            channel.write(record);
        }
    }

    private static int maskedCrc(byte[] bytes, int from, int length) {
        var crc = new CRC32C();
        crc.update(bytes, from, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
