"""Golden checkpoints of Mistral, Phi-3, OLMo 2, Gemma 2 and 3, of windows, and of the scalings of rotary positions.

What a folder holds says families.py, which also writes it. Sequences of 21 tokens go past each sliding window, and past
the original context of each scaling but one.
"""

import json

from families import write

import transformers

SMALL = dict(vocab_size=61, bos_token_id=1, eos_token_id=2, pad_token_id=0, max_position_embeddings=128)
LONG = dict(rope_type="longrope", rope_theta=10000.0, long_factor=[1.1, 2.5, 4.0, 6.5], short_factor=[1.0, 1.2, 1.5, 2.0])
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=8.0, original_max_position_embeddings=16)


def shape(hidden, heads, shared, inner, layers=2, **more):
    return {
        **SMALL,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        **more,
    }


CONFIGS = {
    # A window of 7 in every layer; six heads of 14 on a width of 44.
    "mistral-window": transformers.MistralConfig(
        **shape(44, 6, 2, 51), head_dim=14, sliding_window=7, tie_word_embeddings=False
    ),
    # Two layers of three slide; positions divided by 4; a single key-value head.
    "mistral-some-layers": transformers.MinistralConfig(
        **shape(40, 5, 1, 47, layers=3),
        head_dim=8,
        sliding_window=5,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0),
        tie_word_embeddings=True,
    ),
    # The upper layers slide.
    "qwen2-window": transformers.Qwen2Config(
        **shape(36, 3, 1, 41, layers=3),
        use_sliding_window=True,
        sliding_window=6,
        max_window_layers=1,
        tie_word_embeddings=True,
    ),
    "llama-yarn": transformers.LlamaConfig(
        **shape(42, 3, 3, 39),
        rope_parameters={**YARN, "mscale": 0.7, "mscale_all_dim": 0.4, "beta_fast": 4.0},
        tie_word_embeddings=True,
    ),
    "llama-dynamic": transformers.LlamaConfig(
        **{**shape(36, 3, 1, 43), "max_position_embeddings": 13},
        rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.5),
        tie_word_embeddings=False,
    ),
    # Six of eight dimensions of a head of 10 turn; the sequence is longer than the original context.
    "phi3-long": transformers.Phi3Config(
        **shape(50, 5, 5, 37),
        original_max_position_embeddings=8,
        rope_parameters={**LONG, "partial_rotary_factor": 0.8},
        tie_word_embeddings=True,
    ),
    # Within the original context: the short factors, though stretched cosines.
    "phi3-window": transformers.Phi3Config(
        **shape(48, 6, 3, 45),
        original_max_position_embeddings=64,
        sliding_window=5,
        rope_parameters=LONG,
        tie_word_embeddings=False,
    ),
    "olmo2-biased": transformers.Olmo2Config(
        **shape(42, 7, 7, 53), attention_bias=True, rope_parameters=YARN, tie_word_embeddings=False
    ),
    "olmo2-tied": transformers.Olmo2Config(**shape(40, 5, 1, 49), rms_norm_eps=1e-3, tie_word_embeddings=True),
    # Bounds near the scores' own size; the head is half as wide as the scale says.
    "gemma2-capped": transformers.Gemma2Config(
        **shape(36, 6, 2, 49, layers=3),
        head_dim=10,
        query_pre_attn_scalar=20,
        sliding_window=6,
        attn_logit_softcapping=2.5,
        final_logit_softcapping=4.0,
    ),
    "gemma2-biased": transformers.Gemma2Config(
        **shape(42, 3, 1, 31),
        head_dim=14,
        query_pre_attn_scalar=14,
        sliding_window=4,
        layer_types=["full_attention", "sliding_attention"],
        attention_bias=True,
        attn_logit_softcapping=None,
        final_logit_softcapping=None,
        tie_word_embeddings=False,
    ),
    "gemma3-two-bases": transformers.Gemma3TextConfig(
        **shape(40, 4, 2, 45, layers=3),
        head_dim=12,
        query_pre_attn_scalar=17,
        sliding_window=6,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        rope_parameters={
            "full_attention": dict(rope_type="linear", rope_theta=1000000.0, factor=8.0),
            "sliding_attention": dict(rope_type="default", rope_theta=10000.0),
        },
    ),
    "gemma3-biased": transformers.Gemma3TextConfig(
        **shape(39, 3, 1, 43),
        head_dim=10,
        query_pre_attn_scalar=10,
        sliding_window=5,
        layer_types=["full_attention", "sliding_attention"],
        attention_bias=True,
        final_logit_softcapping=5.0,
        tie_word_embeddings=False,
    ),
}

DIALECTS = {
    "mistral-some-layers": "the model type `mistral` with `layer_types`, of which transformers makes a Ministral",
    "phi3-window": "`su` as the scaling's type under `rope_scaling`, as in Phi-3's first files",
    "gemma3-two-bases": "rope_theta, rope_local_base_freq, rope_scaling and sliding_window_pattern, as published",
}


def write_dialect(name, folder):
    """Rewrites a configuration in the dialect that the table promises."""
    file = folder / "config.json"
    config = json.loads(file.read_text())
    if name == "mistral-some-layers":
        config["model_type"], config["architectures"] = "mistral", ["MistralForCausalLM"]
    elif name == "phi3-window":
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope["rope_theta"]
        config["rope_scaling"] = {"type": "su", **{key: rope[key] for key in ("long_factor", "short_factor")}}
    elif name == "gemma3-two-bases":
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope["full_attention"]["rope_theta"]
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        config["rope_scaling"] = {"rope_type": "linear", "factor": rope["full_attention"]["factor"]}
        config["sliding_window_pattern"] = 3
        del config["layer_types"], config["_sliding_window_pattern"]
    else:
        return
    file.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    sizes = [write(name, config, 10_000 + 100 * i, write_dialect) for i, (name, config) in enumerate(CONFIGS.items())]
    print(f"total {sum(sizes):,} bytes")
