"""Golden checkpoints of the families with experts: what families.py writes, with small vocabularies and short rows.

In one folder the manifest has each layer's experts stacked in one tensor, as a state dictionary of transformers 5 has them.
No token stands near a tie of its routers, so that rounding cannot change a choice.
"""

import families
import generated
from common import golden, torch

import transformers

families.generate = lambda model: generate(model)
families.BATCH, families.LENGTH, families.PADDING, families.DOCUMENTS = 2, 13, (0, 4), (5, 8)

SMALL = dict(vocab_size=61, bos_token_id=1, eos_token_id=2, max_position_embeddings=64)

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
}

STACKED = (CONFIGS["qwen3-moe-stacked"],)

MARGIN = 1e-4


class Tie(Exception):
    """A router that rounding might lead to another choice."""


def watch(model):
    """Makes every router check how far its last choice is ahead of what it left out."""

    def check(module, arguments, result):
        logits, _, chosen = result
        worst = logits.gather(1, chosen).min(1).values
        rest = logits.scatter(1, chosen, float("-inf")).max(1).values
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


if __name__ == "__main__":
    torch.manual_seed(0)
    total = sum(write(name, config, 100 * (i + 50)) for i, (name, config) in enumerate(CONFIGS.items()))
    print(f"total {total:,} bytes")
