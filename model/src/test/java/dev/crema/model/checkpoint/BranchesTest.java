package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.crema.model.Decoder;
import dev.crema.model.Visibility;
import dev.crema.tensor.Autograd;
import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sequences that share their beginning, read once, against each by itself: by attention of whole rows, in a window shorter
 * than the sequences, with capped scores and to latents, which add a mask.
 */
class BranchesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final int[] TRUNK = {5, 9, 3, 17, 2, 11, 6};
    private static final int[][] BRANCHES = {{4, 8, 15, 16, 23}, {7}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};

    @TempDir
    static Path generated;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "qwen3-tied",
                "llama-biased",
                "mistral-window",
                "mixtral-window",
                "gemma3-two-bases",
                "gemma2-capped",
                "gpt2-untied",
                "deepseek-v2-yarn"
            })
    void eachBranchIsAsIfItWereAlone(String name) throws IOException {
        Path folder = GeneratedCheckpoint.of(GOLDEN.resolve(name), generated);
        try (Decoder model = ModelFolder.open(folder).load(DType.FP32, Device.CPU);
                Scope scope = Scope.open();
                var off = Autograd.off()) {
            float[] packed = packed(model);
            int width = packed.length / (2 * length()), at = (length() + TRUNK.length) * width;
            for (int[] branch : BRANCHES) {
                float[] alone = alone(model, branch);
                for (int i = 0; i < branch.length * width; i++) {
                    assertThat(packed[at + i])
                            .isCloseTo(alone[TRUNK.length * width + i], within(2e-5f * (1 + Math.abs(packed[at + i]))));
                }
                at += branch.length * width;
            }
        }
    }

    private static int length() {
        return TRUNK.length + Arrays.stream(BRANCHES).mapToInt(b -> b.length).sum();
    }

    /** Returns the hidden states of two rows: another document as long, and the trunk with its branches. */
    private static float[] packed(Decoder model) {
        int length = length(), at = length;
        int[] ids = new int[2 * length], positions = new int[ids.length], branches = new int[ids.length];
        for (int i = 0; i < length; i++) {
            ids[i] = 1 + i % 20;
            positions[i] = i;
        }
        at = write(TRUNK, 0, 0, at, ids, positions, branches);
        for (int b = 0; b < BRANCHES.length; b++) {
            at = write(BRANCHES[b], b + 1, TRUNK.length, at, ids, positions, branches);
        }
        Tensor documents = Tensors.of(new int[ids.length], 2, length);
        return model.hiddenStates(
                        Tensors.of(ids, 2, length),
                        Tensors.of(positions, 2, length),
                        new Visibility.Branches(documents, Tensors.of(branches, 2, length)))
                .toFloats();
    }

    private static int write(int[] part, int branch, int position, int at, int[] ids, int[] positions, int[] branches) {
        for (int i = 0; i < part.length; i++) {
            ids[at + i] = part[i];
            positions[at + i] = position + i;
            branches[at + i] = branch;
        }
        return at + part.length;
    }

    private static float[] alone(Decoder model, int[] branch) {
        int length = TRUNK.length + branch.length;
        int[] ids = Arrays.copyOf(TRUNK, length);
        System.arraycopy(branch, 0, ids, TRUNK.length, branch.length);
        return model.hiddenStates(Tensors.of(ids, 1, length), model.positions(1, length), new Visibility.Causal())
                .toFloats();
    }
}
