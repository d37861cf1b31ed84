package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.crema.model.Activations;
import dev.crema.model.Dropout;
import dev.crema.model.Encoded;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.EncoderDecoderCache;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Functions;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tape;
import dev.crema.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against checkpoints and results of transformers: {@code bench/reference/encoder_decoders.py}. */
class EncoderDecoderParityTest {
    private static final int SPARSE = 16;

    @TempDir
    static Path generated;

    static Iterable<Path> folders() throws IOException {
        return Golden.folders("encoder-decoders");
    }

    @ParameterizedTest
    @MethodSource("folders")
    void encoderStatesAndLogitsAgree(Path folder) throws IOException {
        try (Golden golden = Golden.open(folder, generated);
                EncoderDecoder model = golden.load(EncoderDecoder.class);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Encoded encoded = model.encode(golden.input(""));
            golden.assertClose(everySixteenth(encoded.hiddenStates().mul(golden.shown(""))), "last_hidden_state");
            Tensor ids = golden.tensor("decoder_input_ids");
            golden.assertClose(model.logits(model.decode(ids, encoded)), "logits");
            Tensor left = model.decode(ids, model.encode(golden.input("left.")));
            golden.assertClose(model.logits(left.narrow(1, ids.size(1) - 1, 1)).select(1, 0), "left.logits");
            golden.assertSaves(model, "encoder-decoders");
        }
    }

    private static Tensor everySixteenth(Tensor states) {
        int count = (int) (states.size(1) + SPARSE - 1) / SPARSE;
        Tensor[] kept = new Tensor[count];
        for (int i = 0; i < count; i++) kept[i] = states.narrow(1, (long) i * SPARSE, 1);
        return Tensor.concat(Arrays.asList(kept), 1);
    }

    @ParameterizedTest
    @MethodSource("folders")
    void decodingTokenByTokenEqualsTheWholeForward(Path folder) throws IOException {
        try (Golden golden = Golden.open(folder, generated);
                EncoderDecoder model = golden.load(EncoderDecoder.class);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor ids = golden.tensor("decoder_input_ids");
            int tokens = (int) ids.size(1);
            Encoded encoded = model.encode(golden.input(""));
            try (EncoderDecoderCache cache = EncoderDecoderCache.of(model, encoded, tokens)) {
                Tensor[] steps = new Tensor[tokens - 4];
                steps[0] = model.decode(ids.narrow(1, 0, 5), cache);
                for (int t = 5; t < tokens; t++) steps[t - 4] = model.decode(ids.narrow(1, t, 1), cache);
                golden.assertClose(model.logits(Tensor.concat(Arrays.asList(steps), 1)), "logits");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void lossAndGradientsAgreeByName(Path folder) throws IOException {
        for (Activations activations : Activations.values()) {
            try (Golden golden = Golden.open(folder, generated);
                    EncoderDecoder model = golden.load(EncoderDecoder.class);
                    Tape tape = Tape.open()) {
                model.weights().requireGrad(true);
                Tensor ids = golden.tensor("decoder_input_ids");
                Encoded encoded = model.encode(golden.input(""), activations, Dropout.NONE, tape);
                Tensor hidden = model.decode(ids, encoded, activations, Dropout.NONE, tape);
                Tensor labels = golden.tensor("labels").to(DType.INT64).reshape(-1);
                long counted =
                        Arrays.stream(labels.toLongs()).filter(l -> l >= 0).count();
                Tensor logits = model.logits(tape.cut(hidden)).reshape(labels.size(0), -1);
                Tensor loss = Functions.crossEntropySum(logits, labels).div(counted);
                golden.assertClose(loss.reshape(1), "loss");
                loss.backward();
                tape.backward();
                golden.assertGradients(model);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void bucketsAgree(Path folder) throws IOException {
        try (Golden golden = Golden.open(folder, generated);
                EncoderDecoder model = golden.load(EncoderDecoder.class);
                Scope scope = Scope.open()) {
            for (boolean bothWays : new boolean[] {true, false}) {
                long[] wanted = golden.tensor(bothWays ? "buckets.both" : "buckets.back")
                        .to(DType.INT64)
                        .toLongs();
                for (int distance = -300; distance <= 300; distance++) {
                    assertThat(model.bucket(distance, bothWays))
                            .as("distance %d", distance)
                            .isEqualTo(wanted[distance + 300]);
                }
            }
        }
    }
}
