package dev.crema.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.crema.model.checkpoint.Safetensors;
import dev.crema.model.checkpoint.SafetensorsWriter;
import dev.crema.tensor.Tensor;
import dev.crema.text.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * All that decides how a run goes on, as files of a checkpoint: master weights, optimizer, progress, the method's state.
 *
 * @param step steps taken
 * @param tokens tokens seen
 * @param best the best measured figure so far, NaN before the first
 * @param bestStep the step it was measured at, 0 before the first
 * @param sinceBest measurements since then
 * @param method the method's own state
 */
record TrainingState(long step, long tokens, double best, long bestStep, int sinceBest, JsonNode method) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String WEIGHTS = "weights.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String STATE = "state.json";

    static TrainingState start() {
        return new TrainingState(0, 0, Double.NaN, 0, 0, JSON.createObjectNode());
    }

    /** Goes one step on. */
    TrainingState next(long tokensOfStep, JsonNode methodThen) {
        return new TrainingState(step + 1, tokens + tokensOfStep, best, bestStep, sinceBest, methodThen);
    }

    /** Takes in a figure measured at this step. */
    TrainingState measured(double value, boolean higherIsBetter) {
        boolean better = !Double.isNaN(value) && (Double.isNaN(best) || (higherIsBetter ? value > best : value < best));
        return better
                ? new TrainingState(step, tokens, value, step, 0, method)
                : new TrainingState(step, tokens, best, bestStep, sinceBest + 1, method);
    }

    /** Tells whether the weights of this step are the best measured. */
    boolean bestIsHere() {
        return bestStep > 0 && bestStep == step;
    }

    void write(Path folder, MasterWeights masters, Optimizer optimizer) throws IOException {
        SafetensorsWriter.write(folder.resolve(WEIGHTS), masters.byName());
        SafetensorsWriter.write(folder.resolve(OPTIMIZER), optimizer.state());
        var json = JSON.createObjectNode();
        json.put("step", step).put("tokens", tokens).put("optimizer_steps", optimizer.steps());
        // JSON has no NaN; the bits say what the number was, exactly.
        json.put("best_bits", Double.doubleToRawLongBits(best)).put("best_step", bestStep);
        json.put("since_best", sinceBest);
        json.set("method", method);
        Files.write(folder.resolve(STATE), JSON.writeValueAsBytes(json));
    }

    static TrainingState read(Path folder, MasterWeights masters, Optimizer optimizer) throws IOException {
        restore(folder.resolve(WEIGHTS), masters.byName());
        restore(folder.resolve(OPTIMIZER), optimizer.state());
        masters.publish();
        JsonNode json = JSON.readTree(Files.readAllBytes(folder.resolve(STATE)));
        optimizer.steps(json.path("optimizer_steps").asLong());
        return new TrainingState(
                json.path("step").asLong(),
                json.path("tokens").asLong(),
                Double.longBitsToDouble(json.path("best_bits").asLong()),
                json.path("best_step").asLong(),
                json.path("since_best").asInt(),
                json.path("method"));
    }

    /** Overwrites a run's weights with those of a checkpoint. */
    static void readWeights(Path folder, MasterWeights masters) {
        restore(folder.resolve(WEIGHTS), masters.byName());
        masters.publish();
    }

    private static void restore(Path file, Map<String, Tensor> tensors) {
        try (Safetensors saved = Safetensors.open(file)) {
            tensors.forEach((name, tensor) -> {
                Safetensors.Entry entry = saved.entry(name);
                if (!Arrays.equals(entry.shape(), tensor.shape())) {
                    throw new InputException(file + ": " + name + " has the shape " + Arrays.toString(entry.shape())
                            + ", the run wants " + Arrays.toString(tensor.shape())
                            + ": it belongs to another model; name another run folder");
                }
            });
            saved.readInto(tensors);
        }
    }
}
