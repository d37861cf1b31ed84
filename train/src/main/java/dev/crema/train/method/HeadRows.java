package dev.crema.train.method;

import dev.crema.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All that the head reads in a backward pass, one below the other: what bears the main loss, and then what is beside it.
 *
 * @param input {@code [N, D]}
 * @param targets N tokens
 * @param derivatives of what the step lowers, by the log-probability of each target
 */
record HeadRows(Tensor input, int[] targets, float[] derivatives) {
    static HeadRows of(Prediction.Taught taught, int[] targets, long targetsOfStep) {
        List<Tensor> inputs = new ArrayList<>(List.of(taught.headInput()));
        int count = targets.length;
        for (Prediction.Taught.Beside beside : taught.beside()) {
            inputs.add(beside.headInput());
            count += beside.targets().length;
        }
        int[] all = Arrays.copyOf(targets, count);
        float[] derivatives = new float[count];
        Arrays.fill(derivatives, -1f / targetsOfStep);
        int at = targets.length;
        for (Prediction.Taught.Beside beside : taught.beside()) {
            int length = beside.targets().length;
            System.arraycopy(beside.targets(), 0, all, at, length);
            Arrays.fill(derivatives, at, at + length, (float) (-beside.weight() / targetsOfStep));
            at += length;
        }
        return new HeadRows(inputs.size() == 1 ? inputs.getFirst() : Tensor.concat(inputs, 0), all, derivatives);
    }
}
