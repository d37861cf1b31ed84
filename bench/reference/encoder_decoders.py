"""Golden checkpoints of T5 with transformers' encoder states, logits, loss and gradients.

Each folder under model/src/test/resources/golden/encoder-decoders holds the config.json of a checkpoint of odd shapes,
the names of its tensors (tensors.json; their values are generated.py's) and an expected.safetensors:

  input_ids, attention_mask [B, S]          rows long enough for the logarithmic buckets; the last padded on the right
  last_hidden_state [B, N, D]               the encoder's states of every SPARSE-th token, zero at padding
  decoder_input_ids, labels [B, T]; logits [B, T, V]; loss
  grad.<parameter>                          norm and three products of that loss's gradient
  left.{input_ids, attention_mask, logits}  the last row padded on the left; logits of the last decoder token
  buckets.{both,back}                       the bucket of each distance from -300 to 300
With the argument `reload FOLDER`, checks that what the Java test saved there loads and gives the same logits.
"""

import pathlib
import shutil
import sys

from common import golden, torch
from generated import generate, probes, write_manifest

import transformers
from safetensors.torch import load_file, save_file
from transformers.models.t5.modeling_t5 import T5Attention

SPARSE, PADDING = 16, 5

SMALL = dict(vocab_size=53, pad_token_id=0, decoder_start_token_id=0, eos_token_id=1)
MODELS = {
    # Five heads of 7 on a width of 48; distances beyond the last bucket's; more decoder than encoder layers.
    "t5-tied": (
        transformers.T5Config(
            **SMALL,
            d_model=48,
            d_kv=7,
            num_heads=5,
            d_ff=61,
            num_layers=2,
            num_decoder_layers=3,
            relative_attention_num_buckets=8,
            relative_attention_max_distance=20,
        ),
        (41, 25),
    ),
    "t5-gated-untied": (
        transformers.T5Config(
            **SMALL,
            d_model=40,
            d_kv=12,
            num_heads=3,
            d_ff=53,
            num_layers=2,
            layer_norm_epsilon=1e-3,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        ),
        (100, 25),
    ),
    "t5-gated-tied": (
        transformers.T5Config(
            **SMALL,
            d_model=36,
            d_kv=9,
            num_heads=4,
            d_ff=45,
            num_layers=1,
            feed_forward_proj="gated-silu",
            relative_attention_num_buckets=10,
            relative_attention_max_distance=64,
        ),
        (33, 24),
    ),
}


def build(config):
    model = transformers.T5ForConditionalGeneration._from_config(config, attn_implementation="eager")
    if not config.scale_decoder_outputs:
        # transformers 5 ties here too, unless a checkpoint holds both matrices.
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.shared.weight))
    return generate(model).eval()


def compact(tensor):
    tensor = tensor.detach().contiguous()
    return tensor.to(torch.int32) if tensor.dtype == torch.int64 else tensor


def padded(ids, left):
    mask = torch.ones_like(ids)
    cut = slice(0, PADDING) if left else slice(ids.shape[1] - PADDING, ids.shape[1])
    mask[-1, cut] = 0
    ids[-1, cut] = 0
    return ids, mask


def write(name, config, lengths, seed):
    folder = golden("model") / "encoder-decoders" / name
    shutil.rmtree(folder, ignore_errors=True)
    model = build(config)
    write_manifest(model, folder)
    noise = torch.Generator().manual_seed(seed)
    draw = lambda length: torch.randint(3, config.vocab_size, (2, length), generator=noise)
    ids, mask = padded(draw(lengths[0]), left=False)
    labels = draw(lengths[1])
    decoder_ids = model._shift_right(labels)
    labels[-1, -3:] = -100
    out = model(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder_ids, labels=labels)
    out.loss.backward()
    states = out.encoder_last_hidden_state * mask.unsqueeze(-1)
    expected = {
        "input_ids": ids,
        "attention_mask": mask,
        "last_hidden_state": states[:, ::SPARSE],
        "decoder_input_ids": decoder_ids,
        "labels": labels,
        "logits": out.logits,
        "loss": out.loss,
    }
    expected |= {f"grad.{key}": probes(key, p.grad) for key, p in model.named_parameters() if p.grad is not None}
    ids, mask = padded(draw(lengths[0]), left=True)
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder_ids).logits[:, -1]
    expected |= {"left.input_ids": ids, "left.attention_mask": mask, "left.logits": logits}
    distances = torch.arange(-300, 301)
    for key, both in (("both", True), ("back", False)):
        expected[f"buckets.{key}"] = T5Attention._relative_position_bucket(
            distances, both, config.relative_attention_num_buckets, config.relative_attention_max_distance
        ).to(torch.uint8)
    save_file({k: compact(v) for k, v in expected.items()}, folder / "expected.safetensors")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size:,} bytes, loss {out.loss.item():.4f}, logits' std {out.logits.std().item():.3f}")
    return size


def reload(saved):
    for name in MODELS:
        expected = load_file(golden("model") / "encoder-decoders" / name / "expected.safetensors")
        model, report = transformers.T5ForConditionalGeneration.from_pretrained(
            saved / name, attn_implementation="eager", output_loading_info=True
        )
        with torch.no_grad():
            got = model.eval()(**{k: expected[k] for k in ("input_ids", "attention_mask", "decoder_input_ids")}).logits
        want = expected["logits"]
        odd = {k: v for k, v in report.items() if v}
        print(f"{name}: largest difference {(got - want).abs().max().item():.2e} of {want.abs().max().item():.2f} {odd or ''}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["reload"]:
        reload(pathlib.Path(sys.argv[2]))
    else:
        total = sum(write(name, *model, 100 * (i + 1)) for i, (name, model) in enumerate(MODELS.items()))
        print(f"total {total:,} bytes")
