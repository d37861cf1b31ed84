package dev.crema.text.sentencepiece;

import dev.crema.text.InputException;
import dev.crema.text.gguf.GgufVocabulary;
import dev.crema.text.gguf.GgufVocabulary.Type;
import dev.crema.text.protobuf.Protobuf;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A file of SentencePiece, such as {@code spiece.model} (Kudo and Richardson, "SentencePiece", 2018).
 *
 * @param algorithm how pieces are chosen
 * @param pieces their texts, scores and types; the index of each is its id
 * @param byteFallback whether what no piece spells becomes bytes
 * @param unknown the id that stands for what cannot be spelled
 * @param charsMap rules that replace characters, as SentencePiece stores them; empty for none
 * @see <a href="https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto">sentencepiece_model.proto</a>
 */
public record SentencePieceModel(
        Algorithm algorithm, GgufVocabulary pieces, boolean byteFallback, int unknown, byte[] charsMap) {
    private static final int MAX_PIECES = 1 << 22, MAX_LENGTH = 1024;

    /** How a text is parted into pieces. */
    public enum Algorithm {
        /** The likeliest pieces (Kudo, "Subword Regularization", 2018). */
        UNIGRAM,
        /** Merges of neighbours. */
        BPE
    }

    /**
     * Reads a file.
     *
     * @param where its name
     * @throws InputException if it is malformed, or its algorithm is another
     */
    public static SentencePieceModel read(String where, byte[] file) {
        Reading reading = new Reading(where);
        Protobuf model = new Protobuf(where + " is no SentencePiece model", MemorySegment.ofArray(file));
        while (model.next()) {
            switch (model.field()) {
                case 1 -> reading.piece(model.message());
                case 2 -> reading.trainer(model.message());
                case 3 -> reading.normalizer(model.message());
                default -> {}
            }
        }
        return reading.model();
    }

    /** What has been read so far; the fields' defaults are those of the format. */
    private static final class Reading {
        private final String where;
        private final List<String> texts = new ArrayList<>();
        private final List<Type> types = new ArrayList<>();
        private final List<Float> scores = new ArrayList<>();
        private final Set<String> seen = new HashSet<>();
        private int algorithm = 1;
        private boolean byteFallback;
        private long unknown;
        private byte[] charsMap = new byte[0];

        Reading(String where) {
            this.where = where;
        }

        void piece(Protobuf message) {
            String text = "";
            float score = 0;
            long type = Type.NORMAL.ordinal();
            while (message.next()) {
                switch (message.field()) {
                    case 1 -> text = message.text();
                    case 2 -> score = message.real();
                    case 3 -> type = message.number();
                    default -> {}
                }
            }
            int id = texts.size();
            if (text.isEmpty() || text.length() > MAX_LENGTH || !seen.add(text)) {
                throw bad("piece " + id + " is empty, longer than " + MAX_LENGTH + " characters, or there twice");
            }
            if (!Float.isFinite(score) || type < 1 || type >= Type.values().length) {
                throw bad("piece " + id + " has the score " + score + " and the type " + type);
            }
            if (id >= MAX_PIECES) throw bad("it has more than " + MAX_PIECES + " pieces");
            texts.add(text);
            scores.add(score);
            types.add(Type.values()[(int) type]);
        }

        void trainer(Protobuf message) {
            while (message.next()) {
                switch (message.field()) {
                    case 3 -> algorithm = Math.clamp(message.number(), 0, 99);
                    case 35 -> byteFallback = message.number() != 0;
                    case 40 -> unknown = message.number();
                    default -> {}
                }
            }
        }

        void normalizer(Protobuf message) {
            while (message.next()) {
                if (message.field() == 2) charsMap = message.bytes().toArray(ValueLayout.JAVA_BYTE);
            }
        }

        SentencePieceModel model() {
            Algorithm chosen = switch (algorithm) {
                case 1 -> Algorithm.UNIGRAM;
                case 2 -> Algorithm.BPE;
                default -> throw bad("its pieces are words or characters; unigram and BPE models are read");
            };
            if (unknown < 0 || unknown >= texts.size()) {
                throw bad("its unknown piece is number " + unknown + " of " + texts.size());
            }
            if (charsMap.length > 0) CharsMap.check(where, charsMap);
            float[] values = new float[scores.size()];
            for (int id = 0; id < values.length; id++) values[id] = scores.get(id);
            GgufVocabulary pieces = new GgufVocabulary(List.copyOf(texts), List.copyOf(types), values);
            return new SentencePieceModel(chosen, pieces, byteFallback, (int) unknown, charsMap);
        }

        private InputException bad(String why) {
            return new InputException(where + " cannot be read: " + why);
        }
    }
}
