package dev.crema.model;

import static dev.crema.model.ParameterSpec.linear;
import static dev.crema.model.ParameterSpec.matrix;
import static dev.crema.model.ParameterSpec.norm;
import static dev.crema.model.ParameterSpec.vector;

import dev.crema.model.EncoderConfig.Head;
import dev.crema.model.ParameterSpec.Start;
import java.util.ArrayList;
import java.util.List;

/** The parameters of an {@link Encoder}. */
final class EncoderParameters {
    private EncoderParameters() {}

    static List<ParameterSpec> of(EncoderConfig config) {
        List<ParameterSpec> specs = new ArrayList<>();
        long d = config.hiddenSize(), width = config.feedForward().width();
        boolean bias = config.feedForward().bias();
        specs.add(matrix("tokens.weight", config.vocabularySize(), d, Start.NORMAL));
        specs.add(matrix("positions.weight", (long) config.firstPosition() + config.context(), d, Start.NORMAL));
        if (config.tokenTypes() > 0) specs.add(matrix("tokenTypes.weight", config.tokenTypes(), d, Start.NORMAL));
        norm(specs, "embeddingNorm", config.norm(), d);
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = "blocks." + layer + ".";
            linear(specs, block + "attention.input", 3 * d, d, true, Start.NORMAL);
            linear(specs, block + "attention.output", d, d, true, Start.NORMAL);
            norm(specs, block + "attentionNorm", config.norm(), d);
            linear(specs, block + "feedForward.input", width, d, bias, Start.NORMAL);
            linear(specs, block + "feedForward.output", d, width, bias, Start.NORMAL);
            norm(specs, block + "feedForwardNorm", config.norm(), d);
        }
        head(specs, config);
        return specs;
    }

    private static void head(List<ParameterSpec> specs, EncoderConfig config) {
        long d = config.hiddenSize();
        switch (config.head()) {
            case Head.None none -> {}
            case Head.Pooler pooler -> linear(specs, "pooler", d, d, true, Start.NORMAL);
            case Head.MaskedLanguage head -> {
                linear(specs, "prediction", d, d, true, Start.NORMAL);
                norm(specs, "predictionNorm", config.norm(), d);
                if (!head.tied()) specs.add(matrix("head.weight", config.vocabularySize(), d, Start.NORMAL));
                specs.add(vector("head.bias", config.vocabularySize(), Start.ZEROS));
            }
            case Head.SequenceClassification head -> {
                linear(specs, "pooler", d, d, true, Start.NORMAL);
                linear(specs, "classifier", head.labels().size(), d, true, Start.NORMAL);
            }
            case Head.TokenClassification head ->
                linear(specs, "classifier", head.labels().size(), d, true, Start.NORMAL);
        }
    }
}
