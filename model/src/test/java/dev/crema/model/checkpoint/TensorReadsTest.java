package dev.crema.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.crema.tensor.DType;
import dev.crema.tensor.Device;
import dev.crema.tensor.Scope;
import dev.crema.tensor.Tensor;
import dev.crema.tensor.Tensors;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads tensors of several pieces into places of every kind. */
class TensorReadsTest {
    private static final int ROWS = 3001, COLUMNS = 1027; // 12.3 MB: two pieces, the second short

    @TempDir
    private Path folder;

    private Safetensors write() throws IOException {
        Path file = folder.resolve("t.safetensors");
        try (Scope scope = Scope.open()) {
            Tensor matrix = Tensors.arange((long) ROWS * COLUMNS, Device.CPU)
                    .to(DType.FP32)
                    .reshape(ROWS, COLUMNS);
            SafetensorsWriter.write(
                    file,
                    Map.of(
                            "matrix",
                            matrix,
                            "scalar",
                            Tensors.full(7, DType.FP32, Device.CPU),
                            "none",
                            matrix.narrow(0, 0, 0)));
        }
        return Safetensors.open(file);
    }

    @Test
    void fillsPlacesOfEveryTypeAndLayout() throws IOException {
        try (Safetensors file = write();
                Scope scope = Scope.open()) {
            Tensor joined = Tensors.zeros(DType.FP32, Device.CPU, ROWS + 2, COLUMNS);
            Tensor half = Tensors.zeros(DType.BF16, Device.CPU, ROWS, COLUMNS);
            Tensor turned = Tensors.zeros(DType.FP32, Device.CPU, COLUMNS, ROWS);
            Tensor scalar = Tensors.zeros(DType.FP64, Device.CPU);
            TensorReads reads = new TensorReads();
            reads.add(file.entry("matrix"), joined.narrow(0, 1, ROWS));
            reads.add(file.entry("matrix"), half);
            reads.add(file.entry("matrix"), turned.transpose(0, 1));
            reads.add(file.entry("scalar"), scalar);
            reads.add(file.entry("none"), Tensors.zeros(DType.FP32, Device.CPU, 0, COLUMNS));
            reads.run();
            Tensor matrix = file.entry("matrix").tensor();
            assertThat(joined.narrow(0, 1, ROWS).toFloats()).isEqualTo(matrix.toFloats());
            assertThat(joined.select(0, 0).toFloats()).isEqualTo(new float[COLUMNS]);
            assertThat(joined.select(0, ROWS + 1L).toFloats()).isEqualTo(new float[COLUMNS]);
            assertThat(half.toFloats()).isEqualTo(matrix.to(DType.BF16).toFloats());
            assertThat(turned.toFloats()).isEqualTo(matrix.transpose(0, 1).toFloats());
            assertThat(scalar.toFloats()).containsExactly(7);
        }
    }

    @Test
    void refusesAFileThatIsCutWhileItIsRead() throws IOException {
        try (Safetensors file = write();
                Scope scope = Scope.open()) {
            try (FileChannel channel = FileChannel.open(file.file(), StandardOpenOption.WRITE)) {
                channel.truncate(6_000_000);
            }
            TensorReads reads = new TensorReads();
            reads.add(file.entry("matrix"), Tensors.zeros(DType.FP32, Device.CPU, ROWS, COLUMNS));
            assertThatThrownBy(reads::run)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("became shorter while it was read");
        }
    }
}
