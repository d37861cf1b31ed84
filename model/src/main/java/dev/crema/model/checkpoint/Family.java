package dev.crema.model.checkpoint;

import dev.crema.model.Decoder;
import dev.crema.model.Encoder;
import dev.crema.model.EncoderDecoder;
import dev.crema.model.Model;
import dev.crema.text.InputException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The model families that can be read and written, by {@code model_type} and architecture. */
public enum Family {
    GPT2("gpt2", "GPT2LMHeadModel"),
    LLAMA("llama", "LlamaForCausalLM"),
    QWEN2("qwen2", "Qwen2ForCausalLM"),
    QWEN3("qwen3", "Qwen3ForCausalLM"),
    MIXTRAL("mixtral", "MixtralForCausalLM"),
    QWEN2_MOE("qwen2_moe", "Qwen2MoeForCausalLM"),
    QWEN3_MOE("qwen3_moe", "Qwen3MoeForCausalLM"),
    DEEPSEEK_V2("deepseek_v2", "DeepseekV2ForCausalLM"),
    DEEPSEEK_V3("deepseek_v3", "DeepseekV3ForCausalLM"),
    MISTRAL("mistral", "MistralForCausalLM"),
    PHI3("phi3", "Phi3ForCausalLM"),
    OLMO2("olmo2", "Olmo2ForCausalLM"),
    GEMMA2("gemma2", "Gemma2ForCausalLM"),
    GEMMA3("gemma3_text", "Gemma3ForCausalLM"),
    BERT("bert", "BertModel"),
    DISTILBERT("distilbert", "DistilBertModel"),
    ROBERTA("roberta", "RobertaModel"),
    XLM_ROBERTA("xlm-roberta", "XLMRobertaModel"),
    T5("t5", "T5ForConditionalGeneration");

    private final String modelType;
    private final String architecture;

    Family(String modelType, String architecture) {
        this.modelType = modelType;
        this.architecture = architecture;
    }

    /** Returns the value of {@code model_type} in {@code config.json}. */
    public String modelType() {
        return modelType;
    }

    /** Returns the entry of {@code architectures} in {@code config.json}; of an encoder, that without a head. */
    public String architecture() {
        return architecture;
    }

    /** What a family's models are. */
    public enum Kind {
        DECODER("decoder-only", Decoder.class),
        ENCODER("encoder-only", Encoder.class),
        ENCODER_DECODER("encoder-decoder", EncoderDecoder.class);

        private final String label;
        private final Class<? extends Model> model;

        Kind(String label, Class<? extends Model> model) {
            this.label = label;
            this.model = model;
        }

        /** Returns the field's word for it. */
        public String label() {
            return label;
        }

        Class<? extends Model> model() {
            return model;
        }

        static Kind of(Class<? extends Model> model) {
            return Arrays.stream(values())
                    .filter(kind -> kind.model == model)
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Returns what the family's models are. */
    public Kind kind() {
        return switch (this) {
            case BERT, DISTILBERT, ROBERTA, XLM_ROBERTA -> Kind.ENCODER;
            case T5 -> Kind.ENCODER_DECODER;
            default -> Kind.DECODER;
        };
    }

    /**
     * Finds a family by its {@code model_type}.
     *
     * @throws InputException if it is not known, with those that are
     */
    public static Family of(String modelType) {
        for (Family family : values()) if (family.modelType.equals(modelType)) return family;
        throw new InputException("The model type \"" + modelType + "\" is not known; known are "
                + Arrays.stream(values()).map(Family::modelType).collect(Collectors.joining(", ")));
    }
}
