"""Golden checkpoints of the families with experts: what families.py writes, with small vocabularies and short rows.

In one folder the manifest has each layer's experts stacked in one tensor, as a state dictionary of transformers 5 has them.
No token stands near a tie of its routers, so that rounding cannot change a choice.
"""

import pathlib
import sys

import families
import generated
from common import golden, torch

import transformers
from safetensors.torch import load_file

families.generate = lambda model: generate(model)
families.BATCH, families.LENGTH, families.PADDING, families.DOCUMENTS = 2, 13, (0, 4), (5, 8)

SMALL = dict(vocab_size=61, bos_token_id=1, eos_token_id=2, max_position_embeddings=64)

YARN = dict(
    rope_type="yarn", rope_theta=10000.0, factor=8.0, beta_fast=32, beta_slow=1, original_max_position_embeddings=8
)

CONFIGS = {
    # Seven experts, three heads of 10 over a hidden size of 34.
    "mixtral-odd-heads": transformers.MixtralConfig(
        **SMALL,
        hidden_size=34,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=10,
        intermediate_size=21,
        num_local_experts=7,
        num_experts_per_tok=3,
    ),
    # One expert a token: its weight is always one, and the router learns nothing.
    "mixtral-top1-tied": transformers.MixtralConfig(
        **SMALL,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=19,
        num_local_experts=4,
        num_experts_per_tok=1,
        rms_norm_eps=1e-3,
        tie_word_embeddings=True,
    ),
    # A dense layer among those with experts; weights not normalised.
    "qwen2-moe-mixed-layers": transformers.Qwen2MoeConfig(
        **SMALL,
        hidden_size=36,
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=3,
        intermediate_size=41,
        moe_intermediate_size=17,
        shared_expert_intermediate_size=23,
        num_experts=5,
        num_experts_per_tok=2,
        mlp_only_layers=[1],
    ),
    "qwen2-moe-unbiased": transformers.Qwen2MoeConfig(
        **SMALL,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=1,
        intermediate_size=31,
        moe_intermediate_size=18,
        shared_expert_intermediate_size=9,
        num_experts=6,
        num_experts_per_tok=4,
        norm_topk_prob=True,
        qkv_bias=False,
        tie_word_embeddings=True,
    ),
    # Experts in every second layer.
    "qwen3-moe-sparse-step": transformers.Qwen3MoeConfig(
        **SMALL,
        hidden_size=40,
        num_hidden_layers=3,
        num_attention_heads=5,
        num_key_value_heads=1,
        intermediate_size=43,
        moe_intermediate_size=15,
        num_experts=9,
        num_experts_per_tok=2,
        decoder_sparse_step=2,
        norm_topk_prob=True,
        attention_bias=True,
    ),
    "qwen3-moe-stacked": transformers.Qwen3MoeConfig(
        **SMALL,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=31,
        moe_intermediate_size=22,
        num_experts=4,
        num_experts_per_tok=3,
        tie_word_embeddings=True,
    ),
    # Queries in full, two shared experts, a dense layer first, three heads; values narrower than keys.
    "deepseek-v2-greedy": transformers.DeepseekV2Config(
        **SMALL,
        hidden_size=33,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=3,
        intermediate_size=37,
        moe_intermediate_size=13,
        n_routed_experts=5,
        n_shared_experts=2,
        num_experts_per_tok=2,
        first_k_dense_replace=1,
        q_lora_rank=None,
        kv_lora_rank=12,
        qk_nope_head_dim=10,
        qk_rope_head_dim=6,
        v_head_dim=7,
        topk_method="greedy",
    ),
    # Groups; values wider than keys; biases.
    "deepseek-v2-groups": transformers.DeepseekV2Config(
        **SMALL,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=29,
        moe_intermediate_size=11,
        n_routed_experts=6,
        n_shared_experts=1,
        num_experts_per_tok=3,
        n_group=3,
        topk_group=2,
        topk_method="group_limited_greedy",
        routed_scaling_factor=1.7,
        first_k_dense_replace=1,
        attention_bias=True,
        q_lora_rank=10,
        kv_lora_rank=14,
        qk_nope_head_dim=6,
        qk_rope_head_dim=8,
        v_head_dim=15,
        tie_word_embeddings=True,
    ),
    "deepseek-v3-interleaved": transformers.DeepseekV3Config(
        **SMALL,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=3,
        intermediate_size=29,
        moe_intermediate_size=11,
        n_routed_experts=8,
        num_experts_per_tok=3,
        n_group=4,
        topk_group=2,
        first_k_dense_replace=1,
        q_lora_rank=12,
        kv_lora_rank=13,
        qk_nope_head_dim=7,
        qk_rope_head_dim=6,
        v_head_dim=9,
        num_mtp_layers=0,
    ),
    # One group, halves that turn, weights as they are, experts in every layer.
    "deepseek-v3-halves": transformers.DeepseekV3Config(
        **SMALL,
        hidden_size=36,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        intermediate_size=29,
        moe_intermediate_size=10,
        n_routed_experts=6,
        n_shared_experts=2,
        num_experts_per_tok=2,
        n_group=1,
        topk_group=1,
        norm_topk_prob=False,
        routed_scaling_factor=0.6,
        first_k_dense_replace=0,
        q_lora_rank=None,
        kv_lora_rank=9,
        qk_nope_head_dim=6,
        qk_rope_head_dim=4,
        v_head_dim=5,
        rope_interleave=False,
        num_mtp_layers=0,
        tie_word_embeddings=True,
    ),
    # YaRN with the magnitudes of the published V2 and V3, past the original context.
    "deepseek-v2-yarn": transformers.DeepseekV2Config(
        **SMALL,
        hidden_size=30,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=3,
        intermediate_size=29,
        moe_intermediate_size=11,
        n_routed_experts=4,
        n_shared_experts=1,
        num_experts_per_tok=2,
        first_k_dense_replace=1,
        q_lora_rank=None,
        kv_lora_rank=12,
        qk_nope_head_dim=6,
        qk_rope_head_dim=10,
        v_head_dim=7,
        topk_method="greedy",
        rope_parameters=YARN | dict(mscale=0.707, mscale_all_dim=0.707),
    ),
    "deepseek-v3-yarn": transformers.DeepseekV3Config(
        **SMALL,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=29,
        moe_intermediate_size=11,
        n_routed_experts=6,
        num_experts_per_tok=2,
        n_group=2,
        topk_group=1,
        first_k_dense_replace=1,
        q_lora_rank=9,
        kv_lora_rank=10,
        qk_nope_head_dim=5,
        qk_rope_head_dim=12,
        v_head_dim=8,
        num_mtp_layers=0,
        rope_parameters=YARN | dict(mscale=1.0, mscale_all_dim=1.0),
    ),
    # A window of five tokens in every layer.
    "mixtral-window": transformers.MixtralConfig(
        **SMALL,
        hidden_size=34,
        num_hidden_layers=2,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=10,
        intermediate_size=21,
        num_local_experts=5,
        num_experts_per_tok=2,
        sliding_window=5,
    ),
}

STACKED = (CONFIGS["qwen3-moe-stacked"],)

MARGIN = 1e-4


class Tie(Exception):
    """A router that rounding might lead to another choice."""


def watch(model):
    """Makes every router check how far its last choice is ahead of what it left out."""

    def check(module, arguments, result):
        logits, _, chosen = result
        scores, groups = logits, getattr(module, "num_group", None)
        if hasattr(module, "e_score_correction_bias"):
            scores = logits.sigmoid() + module.e_score_correction_bias
        if groups and getattr(module, "topk_method", "") != "greedy":
            grouped = scores.view(len(scores), groups, -1)
            sums = grouped.topk(2).values.sum(-1) if scores is not logits else grouped.max(-1).values
            best = sums.sort(descending=True).values
            if groups > module.topk_group and (best[:, module.topk_group - 1] - best[:, module.topk_group]).min() < MARGIN:
                raise Tie
            kept = torch.zeros_like(sums).scatter(1, sums.topk(module.topk_group).indices, 1).unsqueeze(-1)
            scores = grouped.masked_fill(kept == 0, float("-inf")).view_as(scores)
        worst = scores.gather(1, chosen).min(1).values
        rest = scores.scatter(1, chosen, float("-inf")).max(1).values
        if (worst - rest).min() < MARGIN:
            raise Tie

    for module in model.modules():
        if type(module).__name__.lower().endswith("topkrouter"):
            module.register_forward_hook(check)


def generate(model):
    model.set_experts_implementation("eager")
    model.stacked_experts = model.config in STACKED
    watch(model)
    return generated.generate(model)


def write(name, config, seed):
    """Takes the first seed whose ids lead to no tie."""
    for attempt in range(50):
        try:
            return families.write(name, config, seed + attempt)
        except Tie:
            continue
    raise SystemExit(f"{name}: every seed leads to a tie")


def reload(folder):
    """Loads what Crema saved of the goldens, and prints how far its logits are from theirs, relative to their scale."""
    for saved in sorted(pathlib.Path(folder).iterdir()):
        expected = load_file(golden("model") / saved.name / "expected.safetensors")
        model = transformers.AutoModelForCausalLM.from_pretrained(saved, attn_implementation="eager").eval()
        if hasattr(model, "set_experts_implementation"):
            model.set_experts_implementation("eager")
        with torch.no_grad():
            logits = model(input_ids=expected["input_ids"]).logits
        worst = (logits - expected["logits"]).abs().max() / expected["logits"].abs().max()
        print(f"{saved.name}: {type(model).__name__}, logits differ by {worst:.1e}")
        assert worst < 1e-4


if __name__ == "__main__":
    torch.manual_seed(0)
    if sys.argv[1:2] == ["reload"]:
        sys.exit(reload(sys.argv[2]))
    total = sum(write(name, config, 100 * (i + 50)) for i, (name, config) in enumerate(CONFIGS.items()))
    print(f"total {total:,} bytes")
