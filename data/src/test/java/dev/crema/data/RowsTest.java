package dev.crema.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.text.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowsTest {
    private static final int COLUMNS = 16;
    private static final Order SHUFFLED = new Order.Shuffled(3);

    @TempDir
    Path folder;

    /** Document d is d * 100, d * 100 + 1, ...: a token tells its document and its place. */
    private TokenCache corpus(int documents) {
        Random random = new Random(1);
        List<int[]> ids = IntStream.range(0, documents)
                .mapToObj(d -> IntStream.range(0, 2 + random.nextInt(38))
                        .map(i -> d * 100 + i)
                        .toArray())
                .toList();
        return TestData.cache(folder, ids, 0x110000);
    }

    private static void assertRowsAreSound(Batch batch) {
        for (int i = 0; i < batch.ids().length; i++) {
            boolean first = i % batch.columns() == 0;
            if (batch.documents()[i] == Batch.PADDING) {
                assertThat(batch.targets()[i]).isEqualTo(Batch.NO_LOSS);
                assertThat(batch.ids()[i]).isZero();
                continue;
            }
            assertThat(batch.targets()[i]).as("the next of the same document").isEqualTo(batch.ids()[i] + 1);
            if (first || batch.documents()[i] != batch.documents()[i - 1]) {
                assertThat(batch.positions()[i]).isZero();
                assertThat(batch.documents()[i]).isEqualTo(first ? 0 : batch.documents()[i - 1] + 1);
            } else {
                assertThat(batch.positions()[i]).isEqualTo(batch.positions()[i - 1] + 1);
                assertThat(batch.ids()[i]).isEqualTo(batch.ids()[i - 1] + 1);
            }
        }
    }

    /** Counts how often each prediction (token and next) is made in one pass. */
    private static Map<Integer, Integer> predictionsOfOnePass(RowSource source) {
        Map<Integer, Integer> seen = new HashMap<>();
        for (Iterator<Batch> pass = Batches.onePass(source, 4); pass.hasNext(); ) {
            Batch batch = pass.next();
            assertRowsAreSound(batch);
            for (int i = 0; i < batch.ids().length; i++) {
                if (batch.targets()[i] != Batch.NO_LOSS) {
                    seen.merge(batch.ids()[i], 1, Integer::sum);
                }
            }
        }
        return seen;
    }

    @Test
    void concatenatedRowsHaveNoPaddingAndMissLessThanARow() {
        TokenCache cache = corpus(300);
        for (Order order : List.of(new Order.Stored(), SHUFFLED)) {
            ConcatenatedRows rows = new ConcatenatedRows(cache, COLUMNS, order);
            for (int epoch = 0; epoch < 3; epoch++) {
                Map<Integer, Integer> seen = predictionsOfOnePass(rows);
                assertThat(seen.values()).containsOnly(1);
                assertThat(cache.predictions() - seen.size()).isLessThan(COLUMNS);
                assertThat((long) seen.size()).isEqualTo(rows.rowsPerPass() * COLUMNS);
            }
            assertThat(rows.report().padding()).isZero();
        }
    }

    @Test
    void passesDifferInTheirCutsAndTheirOrder() {
        ConcatenatedRows rows = new ConcatenatedRows(corpus(300), COLUMNS, SHUFFLED);
        Batch first = new Batches(rows, (int) rows.rowsPerPass()).next();
        Batch second = new Batches(rows, (int) rows.rowsPerPass()).next();
        assertThat(starts(first)).isNotEqualTo(starts(second));
        assertThat(starts(first).stream().sorted().toList())
                .isNotEqualTo(starts(second).stream().sorted().toList());
    }

    @Test
    void packedExamplesStayWholeAndEachComesOnceAPass() {
        TokenCache cache = corpus(500);
        for (Order order : List.of(new Order.Stored(), SHUFFLED)) {
            PackedRows rows = new PackedRows(cache, 64, order, LongExample.REFUSE, 128);
            for (int epoch = 0; epoch < 2; epoch++) {
                Map<Integer, Integer> seen = predictionsOfOnePass(rows);
                assertThat(seen.values()).containsOnly(1);
                assertThat((long) seen.size()).isEqualTo(cache.predictions());
            }
            assertThat(rows.report().paddingShare()).isLessThan(0.04);
            assertThat(rows.report().truncated()).isZero();
        }
    }

    @Test
    void longExamplesAreTruncatedAndCountedOrRefused() {
        TokenCache cache = corpus(200);
        long tooLong =
                IntStream.range(0, 200).filter(d -> cache.predictions(d) > 20).count();
        PackedRows rows = new PackedRows(cache, 20, SHUFFLED, LongExample.TRUNCATE);
        predictionsOfOnePass(rows);
        assertThat(rows.report().truncated()).isEqualTo(tooLong);
        assertThatThrownBy(() -> new Batches(new PackedRows(cache, 20, SHUFFLED, LongExample.REFUSE), 1).next())
                .isInstanceOf(InputException.class)
                .hasMessageContaining("does not fit rows of 20");
    }

    @Test
    void cropsAreContiguousOneDocumentAndStayInside() {
        int[] text = IntStream.range(0, 1000).toArray();
        TokenCache cache = TestData.cache(folder, List.of(text), 1 << 16);
        Documents.Sides sides = Documents.splitTrailing(cache, 0.1);
        Batches train = new Batches(new CroppedRows(sides.train(), COLUMNS, SHUFFLED), 32);
        int lowest = Integer.MAX_VALUE;
        int highest = 0;
        for (int i = 0; i < 100; i++) {
            Batch batch = train.next();
            assertRowsAreSound(batch);
            assertThat(batch.documents()).containsOnly(0);
            lowest = Math.min(lowest, Arrays.stream(batch.ids()).min().orElseThrow());
            highest = Math.max(highest, Arrays.stream(batch.targets()).max().orElseThrow());
        }
        assertThat(lowest).isZero();
        assertThat(highest).isEqualTo(899);
        Batch validation = Batches.onePass(new CroppedRows(sides.validation(), COLUMNS, new Order.Stored()), 99)
                .next();
        assertThat(validation.rows()).isEqualTo(6);
        assertThat(validation.ids()[0]).isEqualTo(900);
    }

    @Test
    void aMixtureKeepsItsWeights() {
        TokenCache low = TestData.cache(folder, List.of(IntStream.range(0, 5000).toArray()), 1 << 16);
        TokenCache high =
                TestData.cache(folder, List.of(IntStream.range(6000, 9000).toArray()), 1 << 16);
        Batch batch = new Batches(mixture(low, high, 7), 4000).next();
        long fromHigh = IntStream.range(0, 4000)
                .filter(row -> batch.ids()[row * COLUMNS] >= 6000)
                .count();
        assertThat(fromHigh / 4000.0).isBetween(0.22, 0.28); // 0.25, standard error 0.007
    }

    private static RowSource mixture(TokenCache a, TokenCache b, long seed) {
        return new MixedRows(
                List.of(
                        new MixedRows.Weighted(new ConcatenatedRows(a, COLUMNS, SHUFFLED), 3),
                        new MixedRows.Weighted(new PackedRows(b, COLUMNS, SHUFFLED, LongExample.TRUNCATE, 32), 1)),
                seed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"concatenated", "packed", "cropped", "mixed"})
    void aResumedSourceGivesTheSameBatchesWhereverItStopped(String kind) throws Exception {
        TokenCache cache = corpus(150);
        Supplier<RowSource> fresh = () -> switch (kind) {
            case "concatenated" -> new ConcatenatedRows(cache, COLUMNS, SHUFFLED);
            case "packed" -> new PackedRows(cache, COLUMNS, SHUFFLED, LongExample.TRUNCATE, 40);
            case "cropped" -> new CroppedRows(cache, COLUMNS, SHUFFLED);
            default -> mixture(cache, cache, 5);
        };
        int steps = 200; // several passes
        List<Batch> straight = new ArrayList<>();
        List<String> saved = new ArrayList<>();
        Batches whole = new Batches(fresh.get(), 3);
        JsonMapper json = new JsonMapper();
        for (int step = 0; step < steps; step++) {
            saved.add(json.writeValueAsString(whole.cursor()));
            straight.add(whole.next());
        }
        assertThat(whole.cursor().epoch()).isPositive();
        Random random = new Random(9);
        for (int trial = 0; trial < 20; trial++) {
            int from = random.nextInt(steps);
            Batches resumed = new Batches(fresh.get(), 3);
            resumed.seek(json.readValue(saved.get(from), Cursor.class));
            for (int step = from; step < Math.min(steps, from + 40); step++) {
                assertSame(resumed.next(), straight.get(step));
            }
        }
    }

    @Test
    void aCursorOfOtherDataIsRefused() {
        Cursor cursor = new ConcatenatedRows(corpus(50), COLUMNS, SHUFFLED).cursor();
        assertThatThrownBy(() -> new ConcatenatedRows(corpus(60), COLUMNS, SHUFFLED).seek(cursor))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("resume with the same data");
    }

    @Test
    void aDamagedCursorIsRefused() {
        ConcatenatedRows rows = new ConcatenatedRows(corpus(50), COLUMNS, SHUFFLED);
        assertThatThrownBy(() -> rows.seek(new Cursor(rows.label(), 0, rows.rowsPerPass(), 0)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("resume from another");
        PackedRows packed = new PackedRows(corpus(50), COLUMNS, SHUFFLED, LongExample.TRUNCATE);
        packed.seek(new Cursor(packed.label(), 0, 0, 1_000_000));
        assertThatThrownBy(() -> new Batches(packed, 1).next()).isInstanceOf(InputException.class);
    }

    @Test
    void aCorpusShorterThanARowIsAnError() {
        TokenCache cache = TestData.texts(folder, List.of("short"));
        assertThatThrownBy(() -> new ConcatenatedRows(cache, COLUMNS, SHUFFLED))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("fewer than one row of 16");
        assertThatThrownBy(() -> new CroppedRows(cache, COLUMNS, SHUFFLED)).isInstanceOf(InputException.class);
    }

    private static void assertSame(Batch actual, Batch expected) {
        assertThat(actual.ids()).isEqualTo(expected.ids());
        assertThat(actual.targets()).isEqualTo(expected.targets());
        assertThat(actual.positions()).isEqualTo(expected.positions());
        assertThat(actual.documents()).isEqualTo(expected.documents());
        assertThat(actual.tokens()).isEqualTo(expected.tokens());
    }

    private static List<Integer> starts(Batch batch) {
        return IntStream.range(0, batch.rows())
                .mapToObj(row -> batch.ids()[row * batch.columns()])
                .toList();
    }
}
