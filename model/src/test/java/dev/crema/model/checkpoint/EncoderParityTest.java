package dev.crema.model.checkpoint;

import dev.crema.model.Activations;
import dev.crema.model.Dropout;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderConfig.Head;
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

/** Against checkpoints and results of transformers: {@code bench/reference/encoders.py}. */
class EncoderParityTest {
    @TempDir
    static Path generated;

    static Iterable<Path> folders() throws IOException {
        return Golden.folders("encoders");
    }

    @ParameterizedTest
    @MethodSource("folders")
    void hiddenStatesAndLogitsAgree(Path folder) throws IOException {
        try (Golden golden = Golden.open(folder, generated);
                Encoder model = golden.load(Encoder.class);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            Tensor hidden = model.hiddenStates(golden.input("")); // [B, T, D]
            golden.assertClose(hidden.mul(golden.shown("")), "last_hidden_state");
            if (model.hasLogits()) {
                Tensor logits = model.logits(hidden);
                golden.assertClose(logits.rank() == 3 ? logits.mul(golden.shown("")) : logits, "logits");
            }
            if (golden.has("pooler_output")) golden.assertClose(model.pooled(hidden), "pooler_output");
            Tensor left = model.hiddenStates(golden.input("left."));
            golden.assertClose(left.mul(golden.shown("left.")), "left.last_hidden_state");
            golden.assertSaves(model, "encoders");
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void lossAndGradientsAgreeByName(Path folder) throws IOException {
        for (Activations activations : Activations.values()) {
            try (Golden golden = Golden.open(folder, generated);
                    Encoder model = golden.load(Encoder.class);
                    Tape tape = Tape.open()) {
                if (model.config().head() instanceof Head.Pooler) return; // it has no loss
                model.weights().requireGrad(true);
                Tensor hidden = model.hiddenStates(golden.input(""), activations, Dropout.NONE);
                Tensor logits = model.logits(tape.cut(hidden));
                Tensor labels = golden.tensor("labels").to(DType.INT64).reshape(-1);
                long counted =
                        Arrays.stream(labels.toLongs()).filter(l -> l >= 0).count();
                Tensor rows = logits.reshape(labels.size(0), -1);
                Tensor loss = Functions.crossEntropySum(rows, labels).div(counted);
                golden.assertClose(loss.reshape(1), "loss");
                loss.backward();
                tape.backward();
                golden.assertGradients(model);
            }
        }
    }
}
