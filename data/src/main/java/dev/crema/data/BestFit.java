package dev.crema.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/** Best-fit-decreasing bin packing, in time linear in the items: open bins are kept by the room that they have left. */
final class BestFit {
    private BestFit() {}

    /** Packs items of the given lengths, each 1 to {@code capacity}, and returns the items of each bin. */
    static List<List<Integer>> pack(int[] lengths, int capacity) {
        List<List<Integer>> bins = new ArrayList<>();
        List<ArrayDeque<Integer>> byRoom = IntStream.rangeClosed(0, capacity)
                .mapToObj(room -> new ArrayDeque<Integer>())
                .toList();
        BitSet rooms = new BitSet(capacity + 1);
        int[] longestFirst = IntStream.range(0, lengths.length)
                .boxed()
                .sorted((a, b) -> Integer.compare(lengths[b], lengths[a])) // stable, so the order decides among equals
                .mapToInt(Integer::intValue)
                .toArray();
        for (int item : longestFirst) {
            int room = rooms.nextSetBit(lengths[item]);
            int bin;
            if (room < 0) {
                room = capacity;
                bin = bins.size();
                bins.add(new ArrayList<>());
            } else {
                bin = byRoom.get(room).poll();
                rooms.set(room, !byRoom.get(room).isEmpty());
            }
            bins.get(bin).add(item);
            int left = room - lengths[item];
            byRoom.get(left).add(bin);
            rooms.set(left, left > 0);
        }
        return bins;
    }
}
