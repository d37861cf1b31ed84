"""Golden checkpoints of the four decoder families with transformers' logits, loss and gradients.

Each folder under model/src/test/resources/golden holds the config.json of a Hugging Face checkpoint of odd shapes, the
names of its tensors (tensors.json; their values are generated.py's) and an expected.safetensors. Two folders hold the
weights themselves, as transformers writes them.

  input_ids, labels [B, T]; logits [B, T, V]; loss []   mean over the labels that are not -100, shifted inside
  grad.<parameter>                                      norm and three products of that loss's gradient, by
                                                        transformers' parameter name
  padded.{input_ids, attention_mask, position_ids, logits}   left padding, positions as generate derives them;
                                                        logits at padding are zero and mean nothing; where angles
                                                        depend on the length, those of decoding with a cache
  packed.{input_ids, position_ids, document_ids, logits}     two documents in one row, each run on its own

With the arguments `reload FOLDER`, loads what the Java test saved there, of these and of families_dense.py, and compares
the logits. Some folders have the dialects met in published checkpoints: see DIALECTS.
"""

import json
import pathlib
import shutil
import sys

from common import golden, labels_for, torch
from generated import generate, probes, published, write_manifest

import transformers
from safetensors.torch import load_file, save_file

BATCH, LENGTH, PADDING, DOCUMENTS = 2, 21, (0, 6), (9, 13)

SMALL = dict(vocab_size=101, bos_token_id=1, eos_token_id=2)
ROTARY = dict(**SMALL, hidden_size=48, num_hidden_layers=2, max_position_embeddings=128)
LLAMA3_ROPE = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=32,
)

CONFIGS = {
    "gpt2-odd-inner": transformers.GPT2Config(
        **SMALL, n_embd=48, n_head=4, n_layer=2, n_inner=101, n_positions=32, tie_word_embeddings=True
    ),
    "gpt2-untied": transformers.GPT2Config(
        **SMALL, n_embd=40, n_head=5, n_layer=2, n_positions=40, layer_norm_epsilon=1e-3, tie_word_embeddings=False
    ),
    # Six heads of 16 over a hidden size of 48: the heads are wider than the hidden size; every linear has a bias.
    "llama-biased": transformers.LlamaConfig(
        **ROTARY,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=16,
        intermediate_size=61,
        attention_bias=True,
        mlp_bias=True,
        tie_word_embeddings=False,
    ),
    # A single key-value head, tied, and rotary frequencies of all three of llama3's bands.
    "llama-scaled-rope": transformers.LlamaConfig(
        **{**ROTARY, "hidden_size": 60, "num_hidden_layers": 3},
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=18,
        intermediate_size=53,
        rms_norm_eps=1e-5,
        rope_parameters=LLAMA3_ROPE,
        tie_word_embeddings=True,
    ),
    "qwen2-tied": transformers.Qwen2Config(
        **{**ROTARY, "hidden_size": 56},
        num_attention_heads=7,
        num_key_value_heads=1,
        intermediate_size=75,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0),
        tie_word_embeddings=True,
    ),
    "qwen2-untied": transformers.Qwen2Config(
        **ROTARY,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=67,
        rms_norm_eps=1e-3,
        tie_word_embeddings=False,
    ),
    "qwen3-tied": transformers.Qwen3Config(
        **ROTARY,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=24,
        intermediate_size=65,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0),
        tie_word_embeddings=True,
    ),
    "qwen3-biased": transformers.Qwen3Config(
        **ROTARY,
        num_attention_heads=6,
        num_key_value_heads=3,
        head_dim=10,
        intermediate_size=59,
        attention_bias=True,
        tie_word_embeddings=False,
    ),
}

DIALECTS = {
    "gpt2-odd-inner": "bare names without `transformer.` and the stored causal masks `h.N.attn.bias`, as openai's",
    "llama-scaled-rope": "rope_theta and rope_scaling at the top level, as before transformers 5",
    "qwen2-tied": "rope_theta at the top level, as before transformers 5",
    "qwen3-biased": "weights in shards with model.safetensors.index.json",
}

WRITTEN = ("gpt2-odd-inner", "qwen3-biased")


def write_dialect(name, folder):
    """Rewrites a saved checkpoint in the dialect that the table promises."""
    weights, config_file = folder / "model.safetensors", folder / "config.json"
    config = json.loads(config_file.read_text())
    if name == "gpt2-odd-inner":
        bare = {key.removeprefix("transformer."): value for key, value in load_file(weights).items()}
        n = config["n_positions"]
        for layer in range(config["n_layer"]):
            bare[f"h.{layer}.attn.bias"] = torch.ones(n, n).tril().view(1, 1, n, n)
        save_file(bare, weights, metadata={"format": "pt"})
    elif name in ("llama-scaled-rope", "qwen2-tied"):
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = rope if rope["rope_type"] != "default" else None
        config["torch_dtype"] = config.pop("dtype")
        config_file.write_text(json.dumps(config, indent=2) + "\n")


def step_by_step(model, ids):
    """Logits [T, V] of decoding with a cache: where angles depend on the length, keys keep those with which they came."""
    model(input_ids=ids[:2].unsqueeze(0))  # the angles of the last call would outlive it, if it was longer
    cache, logits, end = transformers.DynamicCache(config=model.config), [], len(ids)
    for step in [slice(0, end - 5), *(slice(t, t + 1) for t in range(end - 5, end))]:
        logits.append(model(input_ids=ids[step].unsqueeze(0), cache=cache).logits[0])
    return torch.cat(logits)


def padded(model, noise, vocabulary):
    ids = torch.randint(3, vocabulary, (BATCH, LENGTH), generator=noise)
    mask = torch.ones_like(ids)
    for row, padding in enumerate(PADDING):
        ids[row, :padding], mask[row, :padding] = 2, 0
    positions = (mask.cumsum(-1) - 1).masked_fill(mask == 0, 0)
    if "dynamic" in str(getattr(model.config, "rope_parameters", None)):
        # transformers gives all rows the angles of the longest; each is to be as by itself.
        rows = [step_by_step(model, ids[row, padding:]) for row, padding in enumerate(PADDING)]
        logits = torch.stack([torch.nn.functional.pad(r, (0, 0, LENGTH - len(r), 0)) for r in rows])
    else:
        logits = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits
        for row, padding in enumerate(PADDING):
            alone = model(input_ids=ids[row : row + 1, padding:]).logits[0]
            torch.testing.assert_close(logits[row, padding:], alone, atol=2e-5, rtol=1e-4)
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "position_ids": positions,
        "logits": logits * mask.unsqueeze(-1),
    }


def packed(model, noise, vocabulary):
    documents = [torch.randint(3, vocabulary, (1, length), generator=noise) for length in DOCUMENTS]
    return {
        "input_ids": torch.cat(documents, 1),
        "position_ids": torch.cat([torch.arange(n) for n in DOCUMENTS]).unsqueeze(0),
        "document_ids": torch.cat([torch.full((n,), i) for i, n in enumerate(DOCUMENTS)]).unsqueeze(0),
        "logits": torch.cat([model(input_ids=document).logits for document in documents], 1),
    }


def write(name, config, seed, dialect=write_dialect):
    folder = golden("model") / name
    shutil.rmtree(folder, ignore_errors=True)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    generate(model).eval()
    if name in WRITTEN:
        model.save_pretrained(folder, max_shard_size="80KB" if name == "qwen3-biased" else "1GB")
        (folder / "generation_config.json").unlink(missing_ok=True)
    else:
        write_manifest(model, folder)
    dialect(name, folder)

    noise = torch.Generator().manual_seed(seed + 1)
    ids = torch.randint(3, config.vocab_size, (BATCH, LENGTH), generator=noise)
    labels = labels_for(ids, seed + 2)
    out = model(input_ids=ids, labels=labels)
    out.loss.backward()
    expected = {"input_ids": ids, "labels": labels, "logits": out.logits, "loss": out.loss}
    gradients = published(model, {key: p.grad for key, p in model.named_parameters() if p.grad is not None})
    expected |= {f"grad.{key}": probes(key, gradient) for key, gradient in gradients.items()}
    with torch.no_grad():
        expected |= {f"padded.{k}": v for k, v in padded(model, noise, config.vocab_size).items()}
        expected |= {f"packed.{k}": v for k, v in packed(model, noise, config.vocab_size).items()}
    save_file({k: v.detach().contiguous() for k, v in expected.items()}, folder / "expected.safetensors")

    if name in WRITTEN:
        again = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
        torch.testing.assert_close(again(input_ids=ids).logits, out.logits, atol=0, rtol=0)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size:,} bytes, loss {out.loss.item():.6f}, logits' std {out.logits.std().item():.3f}")
    return size


def reload(saved):
    """Loads models that Crema saved, strictly, and prints how far their logits are from the goldens."""
    for folder in sorted(path.parent for path in golden("model").glob("*/expected.safetensors")):
        if folder.name.startswith(("mixtral", "qwen2-moe", "qwen3-moe", "deepseek")):
            continue  # families_experts.py loads these
        expected = load_file(folder / "expected.safetensors")
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            saved / folder.name, attn_implementation="eager", output_loading_info=True
        )
        odd = {key: value for key, value in info.items() if value}
        with torch.no_grad():
            got, want = model.eval()(input_ids=expected["input_ids"]).logits, expected["logits"]
        difference, largest = (got - want).abs().max().item(), want.abs().max().item()
        print(f"{folder.name}: {type(model).__name__}, largest difference {difference:.1e} of {largest:.2f} {odd or ''}")


if __name__ == "__main__" and sys.argv[1:2] == ["reload"]:
    reload(pathlib.Path(sys.argv[2]))
elif __name__ == "__main__":
    torch.manual_seed(0)
    total = sum(write(name, config, 100 * (i + 1)) for i, (name, config) in enumerate(CONFIGS.items()))
    print(f"total {total:,} bytes")
