package dev.crema.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.crema.text.gguf.GgufVocabulary;
import dev.crema.text.gguf.GgufVocabulary.Type;
import dev.crema.text.gguf.ScoredPieces;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Encodes as SentencePiece's BPE does: two neighbours merge if together they are a token, the token of the highest score
 * first, of equal ones the leftmost (Kudo and Richardson, "SentencePiece", 2018).
 *
 * <p>A {@code tokenizer.json} writes the scores as rules for pairs of tokens, and the two part where a token has letters
 * that are none themselves, or where scores are equal. Tokens that stand for themselves, such as the end of an answer,
 * are cut out first; before each stretch between them stands a space, if the model has it so. Spaces are written
 * {@value ScoredPieces#SPACE}; a letter that is no token becomes the tokens of its bytes.
 */
final class SentencePieces implements TokenizerEngine {
    private final List<String> tokens;
    private final List<Type> types;
    private final float[] scores;
    private final boolean prefixesSpace;
    private final Map<String, Integer> ids = new HashMap<>();
    private final int[] byteIds = new int[256];
    /** The tokens that are cut out, by their first character, the longest first. */
    private final Map<Character, List<String>> added = new HashMap<>();

    private final int[] before;
    private final int[] behind;
    private volatile boolean closed;

    /**
     * Builds the tables.
     *
     * @param tokenizer the same tokenizer as a {@code tokenizer.json}, which says what surrounds a text
     */
    SentencePieces(ScoredPieces pieces, JsonNode tokenizer) {
        GgufVocabulary vocabulary = pieces.vocabulary();
        tokens = vocabulary.tokens();
        types = vocabulary.types();
        scores = vocabulary.scores();
        prefixesSpace = pieces.prefixesSpace();
        for (int id = 0; id < tokens.size(); id++) {
            String token = tokens.get(id);
            ids.put(token, id);
            if (types.get(id).added()) {
                added.computeIfAbsent(token.charAt(0), first -> new ArrayList<>())
                        .add(token);
            }
        }
        added.values()
                .forEach(list ->
                        list.sort(Comparator.comparingInt(String::length).reversed()));
        int unknown = Math.max(types.indexOf(Type.UNKNOWN), 0);
        for (int b = 0; b < byteIds.length; b++) {
            byteIds[b] = ids.getOrDefault(byteToken(b), unknown);
        }
        List<Integer> first = new ArrayList<>(), last = new ArrayList<>();
        boolean passed = false;
        for (JsonNode step : tokenizer.path("post_processor").path("single")) {
            passed |= step.has("Sequence");
            Integer id = ids.get(step.path("SpecialToken").path("id").asText());
            if (id != null) {
                (passed ? last : first).add(id);
            }
        }
        before = first.stream().mapToInt(Integer::intValue).toArray();
        behind = last.stream().mapToInt(Integer::intValue).toArray();
    }

    private static String byteToken(int value) {
        return "<0x" + HexFormat.of().withUpperCase().toHexDigits((byte) value) + ">";
    }

    @Override
    public int[] encode(String text, boolean withSpecials) {
        int[] found = tokenize(text).ids();
        if (!withSpecials) {
            return found;
        }
        int[] all = Arrays.copyOf(before, before.length + found.length + behind.length);
        System.arraycopy(found, 0, all, before.length, found.length);
        System.arraycopy(behind, 0, all, before.length + found.length, behind.length);
        return all;
    }

    @Override
    public int[][] encodeAll(String[] texts) {
        return Arrays.stream(texts).parallel().map(text -> encode(text, false)).toArray(int[][]::new);
    }

    @Override
    public TokenizedText tokenize(String text) {
        if (closed) {
            throw new IllegalStateException("The tokenizer is closed");
        }
        Output output = new Output();
        int start = 0;
        for (int at = 0; at < text.length(); ) {
            String special = addedAt(text, at);
            if (special.isEmpty()) {
                at++;
            } else {
                stretch(text, start, at, output);
                output.add(ids.getOrDefault(special, 0), at, at + special.length());
                at += special.length();
                start = at;
            }
        }
        stretch(text, start, text.length(), output);
        return output.tokenized();
    }

    private String addedAt(String text, int at) {
        for (String token : added.getOrDefault(text.charAt(at), List.of())) {
            if (text.startsWith(token, at)) {
                return token;
            }
        }
        return "";
    }

    /** Collects tokens and where they stand. */
    private static final class Output {
        private int[] ids = new int[16], starts = new int[16], ends = new int[16];
        private int size;

        void add(int id, int start, int end) {
            if (size == ids.length) {
                ids = Arrays.copyOf(ids, 2 * size);
                starts = Arrays.copyOf(starts, 2 * size);
                ends = Arrays.copyOf(ends, 2 * size);
            }
            ids[size] = id;
            starts[size] = start;
            ends[size++] = end;
        }

        TokenizedText tokenized() {
            return new TokenizedText(Arrays.copyOf(ids, size), Arrays.copyOf(starts, size), Arrays.copyOf(ends, size));
        }
    }

    /** Two neighbours that may merge; {@code length} tells whether they still are what they were. */
    private record Pair(int left, int right, float score, int length) {
        static final Comparator<Pair> ORDER =
                (a, b) -> a.score != b.score ? Float.compare(b.score, a.score) : Integer.compare(a.left, b.left);
    }

    private void stretch(String text, int from, int to, Output output) {
        if (from == to) {
            return;
        }
        String written = text.substring(from, to).replace(" ", ScoredPieces.SPACE);
        int shift = prefixesSpace ? 1 : 0;
        Symbols symbols = new Symbols(prefixesSpace ? ScoredPieces.SPACE + written : written);
        symbols.merge();
        for (int i = 0; i >= 0; i = symbols.next[i]) {
            int start = from + Math.max(0, symbols.start[i] - shift);
            int end = from + Math.max(0, symbols.start[i] + symbols.length[i] - shift);
            String piece = symbols.text(i);
            Integer id = ids.get(piece);
            if (id != null) {
                output.add(id, start, end);
            } else {
                for (byte b : piece.getBytes(StandardCharsets.UTF_8)) {
                    output.add(byteIds[b & 0xFF], start, end);
                }
            }
        }
    }

    /** The letters of a stretch, which become tokens: a linked list in arrays. */
    private final class Symbols {
        private final String text;
        private final int[] start;
        private final int[] length;
        private final int[] previous;
        private final int[] next;
        private final PriorityQueue<Pair> queue = new PriorityQueue<>(Pair.ORDER);

        Symbols(String text) {
            this.text = text;
            int size = text.codePointCount(0, text.length());
            start = new int[size];
            length = new int[size];
            previous = new int[size];
            next = new int[size];
            int at = 0;
            for (int i = 0; i < size; i++) {
                start[i] = at;
                length[i] = Character.charCount(text.codePointAt(at));
                at += length[i];
                previous[i] = i - 1;
                next[i] = i + 1 < size ? i + 1 : -1;
            }
        }

        String text(int i) {
            return text.substring(start[i], start[i] + length[i]);
        }

        void merge() {
            for (int i = 1; i < start.length; i++) {
                propose(i - 1, i);
            }
            for (Pair pair = queue.poll(); pair != null; pair = queue.poll()) {
                int left = pair.left, right = pair.right;
                boolean stale = length[left] == 0 || length[right] == 0 || length[left] + length[right] != pair.length;
                if (!stale) {
                    length[left] += length[right];
                    length[right] = 0;
                    next[left] = next[right];
                    if (next[right] >= 0) {
                        previous[next[right]] = left;
                    }
                    propose(previous[left], left);
                    propose(left, next[left]);
                }
            }
        }

        private void propose(int left, int right) {
            if (left < 0 || right < 0) {
                return;
            }
            int both = length[left] + length[right];
            Integer id = ids.get(text.substring(start[left], start[left] + both));
            if (id != null) {
                queue.add(new Pair(left, right, scores[id], both));
            }
        }
    }

    @Override
    public String decode(int[] ids, boolean skipSpecials) {
        if (closed) {
            throw new IllegalStateException("The tokenizer is closed");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            if (id < tokens.size() && !(skipSpecials && types.get(id).special())) {
                String token = tokens.get(id);
                if (types.get(id) == Type.BYTE && token.length() == 6) {
                    bytes.write(HexFormat.fromHexDigits(token, 3, 5));
                } else {
                    bytes.writeBytes(token.replace(ScoredPieces.SPACE, " ").getBytes(StandardCharsets.UTF_8));
                }
            }
        }
        String text = bytes.toString(StandardCharsets.UTF_8);
        return prefixesSpace && text.startsWith(" ") ? text.substring(1) : text;
    }

    @Override
    public void close() {
        closed = true;
    }
}
