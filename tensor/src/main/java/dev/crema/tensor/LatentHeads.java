package dev.crema.tensor;

import dev.crema.tensor.machine.Panels;
import dev.crema.tensor.simd.LatentDecode;
import java.util.ArrayList;
import java.util.List;

/** Runs {@link LatentDecode} on tensors. */
final class LatentHeads {
    private LatentHeads() {}

    /**
     * @param queries {@code [B, 1, H, R + r]}
     * @param latents {@code [B, S, R + r]} of a cache
     * @param starts for each row the first latent that is seen
     * @param length latents in use
     */
    static Tensor attend(Tensor queries, Tensor latents, int rank, int[] starts, int length, double scale) {
        long batch = queries.size(0), heads = queries.size(2);
        try (Scope scope = Scope.open()) {
            Tensor mixed = scope.keep(Tensors.empty(queries.dtype(), Device.CPU, batch, 1, heads, rank));
            Tensor asked = queries.contiguous();
            List<LatentDecode> rows = new ArrayList<>();
            for (int row = 0; row < batch; row++) {
                int from = starts[row];
                rows.add(new LatentDecode(
                        SimdRows.of(asked.select(0, row).select(0, 0)),
                        SimdRows.of(latents.select(0, row).narrow(0, from, length - from)),
                        (float) scale,
                        SimdRows.of(mixed.select(0, row).select(0, 0))));
            }
            LatentDecode.run(
                    rows,
                    bytes -> Tensors.empty(DType.UINT8, Device.CPU, bytes)
                            .segment()
                            .address());
            return mixed;
        }
    }

    /** Tells whether the kernel computes them; {@code rank} as above. */
    static boolean fit(Tensor queries, Tensor latents, int rank) {
        return queries.device().isCpu()
                && queries.dtype() == latents.dtype()
                && SimdRows.tiles(queries.dtype())
                && queries.size(3) % 2 == 0
                && rank % Panels.COLUMNS == 0
                && latents.select(0, 0).isContiguous();
    }
}
