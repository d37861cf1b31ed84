"""Golden checkpoints of BERT and its kin with transformers' hidden states, logits, loss and gradients.

Each folder under model/src/test/resources/golden/encoders holds the config.json of a checkpoint of odd shapes, the names
of its tensors (tensors.json; their values are generated.py's) and an expected.safetensors:

  input_ids, attention_mask, token_type_ids [B, T]   the last row is padded on the right
  last_hidden_state [B, T, D]; logits                zero at padding, where they mean nothing
  labels; loss                                       mean over labels that are not -100
  grad.<parameter>                                   norm and three products of that loss's gradient
  left.{input_ids, attention_mask, position_ids, last_hidden_state}   the last row padded on the left; positions as
                                                     transformers counts them, from zero
With the argument `reload FOLDER`, checks that what the Java test saved there loads and gives the same logits.
"""

import pathlib
import shutil
import sys

from common import golden, torch
from generated import generate, probes, write_manifest

import transformers
from safetensors.torch import load_file, save_file

BATCH, LENGTH, PADDING = 2, 12, 4

BERT = dict(vocab_size=97, hidden_size=48, num_hidden_layers=2, max_position_embeddings=32, intermediate_size=61)
ROBERTA = dict(**BERT, pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1, layer_norm_eps=1e-5)
DISTIL = dict(vocab_size=97, dim=48, n_layers=2, hidden_dim=53, max_position_embeddings=32)
LABELS = dict(id2label={0: "left", 1: "right", 2: "neither"}, label2id={"left": 0, "right": 1, "neither": 2})

MODELS = {
    "bert-mlm": (transformers.BertForMaskedLM, transformers.BertConfig(**BERT, num_attention_heads=3)),
    "bert-mlm-untied": (
        transformers.BertForMaskedLM,
        transformers.BertConfig(
            **{**BERT, "hidden_size": 40},
            num_attention_heads=5,
            type_vocab_size=3,
            layer_norm_eps=1e-3,
            hidden_act="gelu_new",
            tie_word_embeddings=False,
        ),
    ),
    "bert-pooled": (transformers.BertModel, transformers.BertConfig(**BERT, num_attention_heads=6)),
    "bert-sequence": (
        transformers.BertForSequenceClassification,
        transformers.BertConfig(**BERT, num_attention_heads=2, hidden_act="relu", **LABELS),
    ),
    "bert-tokens": (
        transformers.BertForTokenClassification,
        transformers.BertConfig(**BERT, num_attention_heads=1, **LABELS),
    ),
    "distilbert-mlm": (transformers.DistilBertForMaskedLM, transformers.DistilBertConfig(**DISTIL, n_heads=3)),
    "distilbert-sequence": (
        transformers.DistilBertForSequenceClassification,
        transformers.DistilBertConfig(**DISTIL, n_heads=4, activation="relu", **LABELS),
    ),
    "roberta-mlm": (transformers.RobertaForMaskedLM, transformers.RobertaConfig(**ROBERTA, num_attention_heads=3)),
    "roberta-sequence": (
        transformers.RobertaForSequenceClassification,
        transformers.RobertaConfig(**{**ROBERTA, "pad_token_id": 4}, num_attention_heads=4, **LABELS),
    ),
    "xlm-roberta-tokens": (
        transformers.XLMRobertaForTokenClassification,
        transformers.XLMRobertaConfig(**ROBERTA, num_attention_heads=8, **LABELS),
    ),
}


def hidden(model, **inputs):
    return model(**inputs, output_hidden_states=True).hidden_states[-1]


def compact(tensor):
    tensor = tensor.detach().contiguous()
    return tensor.to(torch.int32) if tensor.dtype == torch.int64 else tensor


def padded(config, ids, left):
    """Fills the last row with padding on one side."""
    mask = torch.ones_like(ids)
    cut = slice(0, PADDING) if left else slice(LENGTH - PADDING, LENGTH)
    mask[-1, cut] = 0
    ids[-1, cut] = config.pad_token_id
    return ids, mask


def write(name, kind, config, seed):
    folder = golden("model") / "encoders" / name
    shutil.rmtree(folder, ignore_errors=True)
    model = kind._from_config(config, attn_implementation="eager")
    generate(model).eval()
    write_manifest(model, folder)

    noise = torch.Generator().manual_seed(seed)
    draw = lambda high, *shape: torch.randint(0, high, shape, generator=noise)
    ids, mask = padded(config, draw(config.vocab_size - 6, BATCH, LENGTH) + 6, left=False)
    types = draw(getattr(config, "type_vocab_size", 1), BATCH, LENGTH)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if "distilbert" not in name:
        inputs["token_type_ids"] = types
    expected = {**inputs, "last_hidden_state": hidden(model, **inputs) * mask.unsqueeze(-1)}
    if not name.endswith("pooled"):
        if name.endswith("sequence"):
            labels = torch.tensor([2, 0])
        else:
            high = 3 if name.endswith("tokens") else config.vocab_size
            labels = draw(high, BATCH, LENGTH).masked_fill((draw(4, BATCH, LENGTH) > 0) | (mask == 0), -100)
        out = model(**inputs, labels=labels)
        out.loss.backward()
        logits = out.logits * mask.unsqueeze(-1) if out.logits.dim() == 3 else out.logits
        expected |= {"labels": labels, "logits": logits, "loss": out.loss}
        expected |= {f"grad.{key}": probes(key, p.grad) for key, p in model.named_parameters() if p.grad is not None}
    else:
        expected["pooler_output"] = model(**inputs).pooler_output
    ids, mask = padded(config, draw(config.vocab_size - 6, BATCH, LENGTH) + 6, left=True)
    roberta = "roberta" in name
    positions = (mask.cumsum(-1) - 1).clamp(min=0) if roberta else torch.arange(LENGTH).expand(BATCH, LENGTH)
    with torch.no_grad():
        states = hidden(model, input_ids=ids, attention_mask=mask) * mask.unsqueeze(-1)
    left = {"input_ids": ids, "attention_mask": mask, "position_ids": positions, "last_hidden_state": states}
    expected |= {f"left.{key}": value for key, value in left.items()}
    save_file({k: compact(v) for k, v in expected.items()}, folder / "expected.safetensors")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size:,} bytes, hidden std {expected['last_hidden_state'].std().item():.3f}")
    return size


def reload(saved):
    for name, (kind, _) in MODELS.items():
        expected = load_file(golden("model") / "encoders" / name / "expected.safetensors")
        model, report = kind.from_pretrained(
            saved / name, attn_implementation="eager", output_loading_info=True
        )
        model.eval()
        keys = [k for k in ("input_ids", "attention_mask", "token_type_ids") if k in expected]
        with torch.no_grad():
            out = model(**{k: expected[k] for k in keys})
        key = "pooler_output" if name.endswith("pooled") else "logits"
        got, want = getattr(out, key), expected[key]
        if got.dim() == 3:
            got = got * expected["attention_mask"].unsqueeze(-1)
        odd = {k: v for k, v in report.items() if v}
        print(f"{name}: largest difference {(got - want).abs().max().item():.2e} of {want.abs().max().item():.2f} {odd or ''}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["reload"]:
        reload(pathlib.Path(sys.argv[2]))
    else:
        total = sum(write(name, *model, 100 * (i + 1)) for i, (name, model) in enumerate(MODELS.items()))
        print(f"total {total:,} bytes")
