"""Golden checkpoints of DeepSeek-V3 with layers that predict further ahead, and their losses (section 2.2 of its paper).

The folders are those of families.py, so they hold what the main model gives; multi_token.safetensors beside it is for
the same ids and labels, with depth k from 1:

  hidden.K [B, T - K, D]     what the head reads at depth K for the tokens 0 to T - K - 1
  loss.K []                  cross-entropy of token i + K + 1, summed over the labels, divided by the labels of depth 0
  grad.<parameter>           probes of the gradient of loss + WEIGHT / D * (loss.1 + ... + loss.D)

Depth k reads tokens 0 to T - k - 1 only, as the paper has it: what comes later does not exist here. The block is
transformers' decoder layer; all around it is written from the paper, and compared with transformers' own layers for
drafting, which have no loss.
"""

import shutil

import families
import families_experts
from common import golden, torch
from generated import probes, published

import transformers
from safetensors.torch import load_file, save_file
from transformers.modeling_layers import MtpLayer
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3DecoderLayer, DeepseekV3RMSNorm

WEIGHT = 0.3

SHAPE = dict(
    **families_experts.SMALL,
    hidden_size=34,
    num_hidden_layers=2,
    intermediate_size=29,
    moe_intermediate_size=11,
    n_routed_experts=6,
    num_experts_per_tok=2,
    n_group=2,
    topk_group=1,
    first_k_dense_replace=1,
    kv_lora_rank=10,
    qk_nope_head_dim=5,
    qk_rope_head_dim=6,
    v_head_dim=7,
)

CONFIGS = {
    "deepseek-v3-ahead": transformers.DeepseekV3Config(
        **SHAPE, num_attention_heads=3, num_key_value_heads=3, q_lora_rank=9, num_mtp_layers=2
    ),
    "deepseek-v3-ahead-tied": transformers.DeepseekV3Config(
        **SHAPE,
        num_attention_heads=2,
        num_key_value_heads=2,
        q_lora_rank=None,
        num_mtp_layers=1,
        tie_word_embeddings=True,
    ),
}


class SharedHead(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.norm = DeepseekV3RMSNorm(config.hidden_size, config.rms_norm_eps)


class Ahead(DeepseekV3DecoderLayer):
    """A layer with the names of the published checkpoint."""

    def __init__(self, config, layer):
        super().__init__(config, layer)
        self.enorm = DeepseekV3RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.hnorm = DeepseekV3RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.eh_proj = torch.nn.Linear(2 * config.hidden_size, config.hidden_size, bias=False)
        self.shared_head = SharedHead(config)

    def join(self, embedding, hidden):
        return self.eh_proj(torch.cat([self.enorm(embedding), self.hnorm(hidden)], -1))

    def predict(self, embedding, hidden, mask, angles):
        h = super().forward(self.join(embedding, hidden), attention_mask=mask, position_embeddings=angles)
        return self.shared_head.norm(h)


def losses(model, ids, labels):
    """The main loss and, for each depth, hidden states and loss."""
    out = model.model(input_ids=ids)
    hidden, length, layers = out.last_hidden_state, ids.shape[1], model.config.num_hidden_layers
    count = (labels[:, 1:] != -100).sum()

    def loss(states, ahead):
        logits = model.lm_head(states[:, : length - ahead])
        target = labels[:, ahead:]
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum") / count

    result = [(hidden, loss(hidden, 1))]
    for k in range(1, model.config.num_mtp_layers + 1):
        size = length - k
        embedding = model.model.embed_tokens(ids[:, k:])
        mask = torch.full((size, size), torch.finfo(torch.float32).min).triu(1)[None, None]
        angles = model.model.rotary_emb(embedding, position_ids=torch.arange(size)[None])
        layer = model.model.layers[layers + k - 1]
        hidden = layer.predict(embedding, hidden[:, :size], mask, angles)
        check(layer, embedding, result[-1][0][:, :size], hidden, mask, angles)
        result.append((hidden, loss(hidden, k + 1)))
    return result


def check(layer, embedding, before, after, mask, angles):
    """Compares with transformers' own layer over the same weights."""
    theirs = MtpLayer(layer.self_attn.config, DeepseekV3DecoderLayer, DeepseekV3RMSNorm, layer.self_attn.layer_idx)
    theirs.enorm, theirs.hnorm, theirs.eh_proj = layer.enorm, layer.hnorm, layer.eh_proj
    theirs.post_norm = layer.shared_head.norm
    theirs.mtp_block.load_state_dict(layer.state_dict(), strict=False)
    for module in theirs.modules():
        if hasattr(module, "config"):
            module.config = layer.self_attn.config
    with torch.no_grad():
        want = theirs.eval()(embedding, before, angles, mask, None, None)
    torch.testing.assert_close(after, want, atol=1e-5, rtol=1e-4)


def write(name, config, seed):
    made = []

    def generate(model):
        for k in range(config.num_mtp_layers):
            model.model.layers.append(Ahead(model.config, config.num_hidden_layers + k))
        made.append(families_experts.generate(model))
        return model

    families.generate = generate
    for attempt in range(50):
        try:
            families.write(name, config, seed + attempt)
            folder, model = golden("model") / name, made[-1]
            expected = load_file(folder / "expected.safetensors")
            model.zero_grad()
            all_losses = losses(model, expected["input_ids"], expected["labels"])
            main, ahead = all_losses[0][1], all_losses[1:]
            torch.testing.assert_close(main, expected["loss"])
            (main + WEIGHT / len(ahead) * sum(loss for _, loss in ahead)).backward()
            content = {f"hidden.{k}": hidden for k, (hidden, _) in enumerate(ahead, 1)}
            content |= {f"loss.{k}": loss for k, (_, loss) in enumerate(ahead, 1)}
            gradients = published(model, {key: p.grad for key, p in model.named_parameters()})
            content |= {f"grad.{key}": probes(key, gradient) for key, gradient in gradients.items()}
            save_file({k: v.detach().contiguous() for k, v in content.items()}, folder / "multi_token.safetensors")
            return print(f"{name}: main {main:.4f}, ahead", *(f"{loss:.4f}" for _, loss in ahead))
        except families_experts.Tie:
            shutil.rmtree(golden("model") / name)
    raise SystemExit(f"{name}: every seed leads to a tie")


if __name__ == "__main__":
    torch.manual_seed(0)
    for i, (name, config) in enumerate(CONFIGS.items()):
        write(name, config, 9200 + 100 * i)
