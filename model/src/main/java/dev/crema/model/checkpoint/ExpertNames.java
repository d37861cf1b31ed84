package dev.crema.model.checkpoint;

import dev.crema.model.ArchConfig.FeedForwardSpec.Experts;
import dev.crema.model.ArchConfig.FeedForwardSpec.SharedExpert;
import dev.crema.model.checkpoint.WeightNames.Part;
import java.util.ArrayList;
import java.util.List;

/**
 * Names the weights of experts in the families' checkpoints: one tensor for each matrix of each expert.
 *
 * <p>A weight of ours holds all experts, {@code [E, rows, columns]}; a part is some rows of it, counted from the first
 * expert's.
 *
 * @param layer the prefix of the layer, which ends with a point
 * @param hiddenSize D
 */
record ExpertNames(Family family, Experts spec, String layer, long hiddenSize) {
    /** Lists the parts of a weight of the layer's feed-forward part, {@code rows} high. */
    List<Part> parts(String weight, String kind, long rows) {
        return switch (weight) {
            case "feedForward.router" ->
                List.of(new Part(
                        block() + "gate" + (kind.equals(".correction") ? ".e_score_correction_bias" : kind),
                        0,
                        rows,
                        false));
            case "feedForward.experts.input" -> input();
            case "feedForward.experts.output" -> output();
            case "feedForward.shared.input" -> {
                long width = sharedWidth();
                yield List.of(
                        new Part(shared() + ".gate_proj" + kind, 0, width, false),
                        new Part(shared() + ".up_proj" + kind, width, width, false));
            }
            case "feedForward.shared.output" -> List.of(new Part(shared() + ".down_proj" + kind, 0, rows, false));
            case "feedForward.sharedGate" -> List.of(new Part(block() + "shared_expert_gate" + kind, 0, rows, false));
            default -> throw new IllegalStateException("experts have no weight " + weight);
        };
    }

    private List<Part> input() {
        List<Part> parts = new ArrayList<>();
        long width = spec.width();
        for (int e = 0; e < spec.routing().experts(); e++) {
            parts.add(new Part(expert(e) + matrix("w1", "gate_proj"), 2 * e * width, width, false));
            parts.add(new Part(expert(e) + matrix("w3", "up_proj"), (2 * e + 1) * width, width, false));
        }
        return parts;
    }

    private List<Part> output() {
        List<Part> parts = new ArrayList<>();
        for (int e = 0; e < spec.routing().experts(); e++) {
            parts.add(new Part(expert(e) + matrix("w2", "down_proj"), e * hiddenSize, hiddenSize, false));
        }
        return parts;
    }

    /** Returns the name under which a state dictionary of transformers 5 has all experts in one tensor. */
    String stacked(String weight) {
        return layer + "mlp.experts." + (weight.endsWith("input") ? "gate_up_proj" : "down_proj");
    }

    private String block() {
        return layer + (family == Family.MIXTRAL ? "block_sparse_moe." : "mlp.");
    }

    private String expert(int index) {
        return block() + "experts." + index + ".";
    }

    private String matrix(String mixtral, String others) {
        return (family == Family.MIXTRAL ? mixtral : others) + ".weight";
    }

    private String shared() {
        return block() + (family == Family.QWEN2_MOE ? "shared_expert" : "shared_experts");
    }

    private long sharedWidth() {
        return switch (spec.shared()) {
            case SharedExpert.None none -> 0;
            case SharedExpert.Added(int width) -> width;
            case SharedExpert.Gated(int width) -> width;
        };
    }
}
