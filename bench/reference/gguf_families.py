"""Small models of each architecture, written as GGUF by the package gguf with the rules of llama.cpp's converter.

    python bench/reference/gguf_families.py            writes model/src/test/resources/golden/gguf/NAME.gguf
    python bench/reference/gguf_families.py reload DIR loads what the tests of `model` have exported to
                                                       model/target/saved/gguf with transformers, where it can

Beside each file lies NAME.safetensors with `input_ids` [2, T] and `logits` [2, T, V]: what transformers computes with the
same weights before they are converted. The names come from the package's own map; what the converter
does to tensors and hyperparameters is written down below as conversion/{llama,phi,olmo,gemma,qwen,deepseek}.py have it.
"""

import pathlib
import sys

from common import torch
from generated import generate, saved

import gguf
import numpy as np
import transformers
from safetensors.torch import save_file

TARGET = pathlib.Path("model/src/test/resources/golden/gguf")
TOKENS = 14
SIZES = dict(
    vocab_size=40, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1, head_dim=8,
    intermediate_size=32, max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
    pad_token_id=0, tie_word_embeddings=False,
)
LATENT = dict(
    kv_lora_rank=12, qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=5, moe_intermediate_size=8,
    num_key_value_heads=3, head_dim=4, first_k_dense_replace=1,
)
YARN = dict(
    rope_type="yarn", rope_theta=10_000.0, factor=4.0, original_max_position_embeddings=8, mscale=0.707,
    mscale_all_dim=0.707, beta_fast=32, beta_slow=1,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=500_000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=8192,
)
PHI_SCALING = dict(
    rope_type="longrope", rope_theta=10_000.0, original_max_position_embeddings=8, partial_rotary_factor=0.75,
    short_factor=[1.0, 1.25, 1.5], long_factor=[1.5, 3.0, 6.0],
)


def linear_by_window():
    return {
        "full_attention": dict(rope_type="linear", factor=8.0, rope_theta=1_000_000.0),
        "sliding_attention": dict(rope_type="default", rope_theta=10_000.0),
    }


def models():
    """NAME: architecture of the file, configuration, whether in an older layout."""
    t = transformers
    yield "mistral", "llama", t.MistralConfig(**SIZES | dict(num_attention_heads=4, num_key_value_heads=2), sliding_window=None), False
    yield "llama3", "llama", t.LlamaConfig(**SIZES, rope_parameters=LLAMA3), False
    mixtral = SIZES | dict(num_local_experts=5, num_experts_per_tok=2)
    yield "mixtral", "llama", t.MixtralConfig(**mixtral), False
    yield "mixtral-apart", "llama", t.MixtralConfig(**mixtral), True
    phi = {key: value for key, value in SIZES.items() if key != "head_dim"}
    yield "phi3", "phi3", t.Phi3Config(**phi, rope_parameters=PHI_SCALING, sliding_window=5, original_max_position_embeddings=8), False
    yield "olmo2", "olmo2", t.Olmo2Config(**phi), False
    gemma = SIZES | dict(tie_word_embeddings=True, query_pre_attn_scalar=8, sliding_window=5)
    yield "gemma2", "gemma2", t.Gemma2Config(**gemma, attn_logit_softcapping=20.0, final_logit_softcapping=7.0), False
    yield "gemma3", "gemma3", t.Gemma3TextConfig(**gemma | dict(num_hidden_layers=6), rope_parameters=linear_by_window()), False
    experts = SIZES | dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=12)
    yield "qwen2moe", "qwen2moe", t.Qwen2MoeConfig(**{k: v for k, v in experts.items() if k != "head_dim"}, shared_expert_intermediate_size=20, norm_topk_prob=False), False
    yield "qwen3", "qwen3", t.Qwen3Config(**SIZES | dict(head_dim=10, tie_word_embeddings=True)), False
    yield "qwen3moe", "qwen3moe", t.Qwen3MoeConfig(**experts | dict(head_dim=10), norm_topk_prob=True), False
    second = dict(n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=2, routed_scaling_factor=1.5, rms_norm_eps=1e-6)
    plain = SIZES | LATENT | second | dict(topk_method="greedy", norm_topk_prob=False, rope_parameters=YARN)
    yield "deepseek2", "deepseek2", t.DeepseekV2Config(**plain, q_lora_rank=7, n_group=1, topk_group=1), False
    yield "deepseek2-expanded", "deepseek2", t.DeepseekV2Config(**plain, q_lora_rank=None, n_group=1, topk_group=1), True
    third = SIZES | LATENT | second | dict(n_routed_experts=6, n_group=3, topk_group=2, norm_topk_prob=True, n_shared_experts=1)
    yield "deepseek3", "deepseek2", t.DeepseekV3Config(**third, q_lora_rank=7, rope_parameters=YARN | dict(mscale=1.0, mscale_all_dim=1.0)), False


def built(config):
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    return generate(model)


def expected(model):
    torch.manual_seed(3)
    ids = torch.randint(3, model.config.vocab_size, (2, TOKENS))
    with torch.no_grad():
        return ids, model(input_ids=ids).logits.float()


def permuted(weights, heads):
    """Pairs that turn are neighbours in files of the architecture llama; in Hugging Face's they are the halves of a head."""
    halves = weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
    return halves.swapaxes(1, 2).reshape(weights.shape)


def converted(arch, config, name, tensor, older):
    """Pairs of names, as the package's map knows them, and tensors."""
    if arch == "llama" and name.endswith("q_proj.weight"):
        tensor = permuted(tensor, config.num_attention_heads)
    if arch == "llama" and name.endswith("k_proj.weight"):
        tensor = permuted(tensor, config.num_key_value_heads)
    if arch in ("gemma2", "gemma3") and name.endswith("norm.weight"):
        tensor = tensor + 1
    if name.endswith("e_score_correction_bias"):
        name = name.replace("e_score_correction_bias", "e_score_correction.bias")
    if name.endswith("kv_b_proj.weight") and not older:
        heads, plain, value = config.num_attention_heads, config.qk_nope_head_dim, config.v_head_dim
        keys, values = tensor.view(heads, plain + value, -1).split([plain, value], dim=1)
        yield name.replace("kv_b_proj", "k_b_proj"), keys.transpose(1, 2)
        yield name.replace("kv_b_proj", "v_b_proj"), values
    else:
        yield name, tensor


def stacked(tensors):
    """All experts of a layer as one tensor, by the names of the converter."""
    result, experts = {}, {}
    for name, tensor in tensors.items():
        parts = name.split(".")
        if "experts" in parts:
            at = parts.index("experts")
            merged = ".".join(parts[: at + 1] + parts[at + 2 :])
            if "block_sparse_moe" in parts:
                merged = f"layers.{parts[2]}.feed_forward.experts.{parts[-2]}.weight"
            experts.setdefault(merged, []).append(tensor)
        else:
            result[name] = tensor
    return result | {name: torch.stack(each) for name, each in experts.items()}


def apart(names, name, tensor):
    """Mixtral's experts as in the files of 2023: a matrix each."""
    gguf_name = names.get_name(name, try_suffixes=(".weight", ".bias"))
    if not gguf_name.endswith(("_exps.weight", "_exps.bias")):
        yield gguf_name, tensor
        return
    for expert, matrix in enumerate(tensor):
        yield gguf_name.replace("_exps.", f".{expert}."), matrix


def hyperparameters(writer, arch, config, older):
    c = config
    rope = c.rope_parameters
    everywhere = rope.get("full_attention", rope)
    writer.add_block_count(c.num_hidden_layers)
    writer.add_context_length(c.max_position_embeddings)
    writer.add_embedding_length(c.hidden_size)
    writer.add_feed_forward_length(c.intermediate_size)
    writer.add_head_count(c.num_attention_heads)
    writer.add_layer_norm_rms_eps(c.rms_norm_eps)
    writer.add_head_count_kv(1 if arch == "deepseek2" and not older else c.num_key_value_heads)
    if arch != "gemma2":
        writer.add_rope_freq_base(everywhere["rope_theta"])
    if arch in ("llama", "gemma2", "gemma3", "qwen3", "qwen3moe"):
        writer.add_key_length(c.head_dim)
        writer.add_value_length(c.head_dim)
    if arch == "llama":
        writer.add_vocab_size(c.vocab_size)
        writer.add_rope_dimension_count(c.head_dim)
    experts = getattr(c, "n_routed_experts", None) or getattr(c, "num_local_experts", None) or getattr(c, "num_experts", None)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(c.num_experts_per_tok)
    if arch in ("qwen2moe", "qwen3moe"):
        writer.add_expert_feed_forward_length(c.moe_intermediate_size)
    if arch == "qwen2moe":
        writer.add_expert_shared_feed_forward_length(c.shared_expert_intermediate_size)
    if arch == "phi3":
        writer.add_rope_scaling_orig_ctx_len(everywhere["original_max_position_embeddings"])
        writer.add_rope_dimension_count(int(everywhere["partial_rotary_factor"] * c.hidden_size) // c.num_attention_heads)
        writer.add_sliding_window(c.sliding_window)
        scale = c.max_position_embeddings / everywhere["original_max_position_embeddings"]
        writer.add_rope_scaling_attn_factors(float(np.sqrt(1 + np.log(scale) / np.log(everywhere["original_max_position_embeddings"]))))
        writer.add_tensor("rope_factors_long.weight", np.array(everywhere["long_factor"], dtype=np.float32))
        writer.add_tensor("rope_factors_short.weight", np.array(everywhere["short_factor"], dtype=np.float32))
    if arch == "gemma2":
        writer.add_attn_logit_softcapping(c.attn_logit_softcapping)
        writer.add_final_logit_softcapping(c.final_logit_softcapping)
    if arch in ("gemma2", "gemma3"):
        writer.add_sliding_window(c.sliding_window)
    if arch == "deepseek2":
        latent(writer, c, everywhere, older)
    if everywhere["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(everywhere["rope_type"]))
        writer.add_rope_scaling_factor(everywhere["factor"])
    if everywhere["rope_type"] == "yarn":
        writer.add_rope_scaling_orig_ctx_len(everywhere["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(everywhere["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(everywhere["beta_slow"])
    if everywhere["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(c.head_dim, everywhere))


def latent(writer, c, rope, older):
    writer.add_leading_dense_block_count(c.first_k_dense_replace)
    writer.add_vocab_size(c.vocab_size)
    if c.q_lora_rank is not None:
        writer.add_q_lora_rank(c.q_lora_rank)
    writer.add_kv_lora_rank(c.kv_lora_rank)
    query = c.qk_nope_head_dim + c.qk_rope_head_dim
    writer.add_key_length(query if older else c.kv_lora_rank + c.qk_rope_head_dim)
    writer.add_value_length(c.v_head_dim if older else c.kv_lora_rank)
    if not older:
        writer.add_key_length_mla(query)
        writer.add_value_length_mla(c.v_head_dim)
    writer.add_expert_feed_forward_length(c.moe_intermediate_size)
    writer.add_expert_shared_count(c.n_shared_experts)
    writer.add_expert_weights_scale(c.routed_scaling_factor)
    third = c.model_type == "deepseek_v3"
    if third:
        writer.add_expert_weights_norm(c.norm_topk_prob)
        writer.add_expert_group_count(c.n_group)
        writer.add_expert_group_used_count(c.topk_group)
    writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID if third else gguf.ExpertGatingFuncType.SOFTMAX)
    writer.add_rope_dimension_count(c.qk_rope_head_dim)
    writer.add_rope_scaling_yarn_log_mul(0.1 * rope["mscale_all_dim"])


def llama3_factors(size, rope):
    frequencies = 1.0 / rope["rope_theta"] ** (torch.arange(0, size, 2, dtype=torch.float32) / size)
    wavelengths = 2 * torch.pi / frequencies
    turns = rope["original_max_position_embeddings"] / wavelengths
    smooth = ((turns - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])).clamp(0, 1)
    return (1 / ((1 - smooth) / rope["factor"] + smooth)).numpy().astype(np.float32)


def write(name, arch, config, older):
    model = built(config)
    ids, logits = expected(model)
    writer = gguf.GGUFWriter(TARGET / f"{name}.gguf", arch)
    writer.add_name(name)
    writer.add_file_type(0)
    hyperparameters(writer, arch, config, older)
    key = next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == arch)
    names = gguf.get_tensor_name_map(key, config.num_hidden_layers)
    for theirs, tensor in stacked(saved(model)).items():
        for renamed, values in converted(arch, config, theirs, tensor.detach(), older):
            for ours, matrix in apart(names, renamed, values) if name == "mixtral-apart" else [(names.get_name(renamed, try_suffixes=(".weight", ".bias")), values)]:
                writer.add_tensor(ours, np.ascontiguousarray(matrix.float().squeeze().numpy()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file({"input_ids": ids, "logits": logits}, TARGET / f"{name}.safetensors")
    print(f"{name}: {(TARGET / f'{name}.gguf').stat().st_size:,} bytes")


def reload(folder):
    """What transformers has no loader for is compared by the test, byte for byte with what the package wrote."""
    known = {"llama", "phi3", "gemma2", "gemma3", "qwen2moe", "qwen3", "qwen3moe"}
    for name, arch, config, older in models():
        file = folder / f"{name}.gguf"
        if arch not in known or name.startswith("mixtral") or not file.exists():
            continue
        config._attn_implementation = "eager"
        kind = transformers.LlamaForCausalLM if name == "mistral" else transformers.AutoModelForCausalLM
        if name == "mistral":
            config = transformers.LlamaConfig(**{k: v for k, v in config.to_dict().items() if k not in ("model_type", "architectures", "sliding_window")})
        model = kind.from_pretrained(folder, gguf_file=file.name, config=config, dtype=torch.float32).eval()
        ids, logits = expected(built(config))
        with torch.no_grad():
            off = (model(input_ids=ids).logits - logits).abs().max() / logits.abs().max()
        print(f"{name}: {off:.1e} of the largest logit")


if __name__ == "__main__":
    if sys.argv[1:2] == ["reload"]:
        reload(pathlib.Path(sys.argv[2]))
    else:
        TARGET.mkdir(parents=True, exist_ok=True)
        for each in models():
            write(*each)
