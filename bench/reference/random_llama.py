"""Writes a folder of Llama 2's 7B shape with random BF16 weights, in three shards: for `./crema bench load`.

    python bench/reference/random_llama.py FOLDER [--layers 32]

Needs 13.5 GB of disk and little memory. One block of random values serves all weights: what is in them does not matter.
"""

import argparse
import json
import math
import struct
from pathlib import Path

import numpy as np

HIDDEN, INNER, VOCABULARY = 4096, 11008, 32000
SHARD_BYTES = 5_000_000_000

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--layers", type=int, default=32)
arguments = parser.parse_args()

shapes = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN)}
for layer in range(arguments.layers):
    prefix = f"model.layers.{layer}."
    for name in "qkvo":
        shapes[f"{prefix}self_attn.{name}_proj.weight"] = (HIDDEN, HIDDEN)
    shapes[f"{prefix}mlp.gate_proj.weight"] = (INNER, HIDDEN)
    shapes[f"{prefix}mlp.up_proj.weight"] = (INNER, HIDDEN)
    shapes[f"{prefix}mlp.down_proj.weight"] = (HIDDEN, INNER)
    shapes[f"{prefix}input_layernorm.weight"] = (HIDDEN,)
    shapes[f"{prefix}post_attention_layernorm.weight"] = (HIDDEN,)
shapes |= {"model.norm.weight": (HIDDEN,), "lm_head.weight": (VOCABULARY, HIDDEN)}

shards, size = [{}], 0
for name, shape in shapes.items():
    nbytes = 2 * math.prod(shape)
    if size + nbytes > SHARD_BYTES:
        shards.append({})
        size = 0
    shards[-1][name] = shape
    size += nbytes

values = np.random.default_rng(1).normal(0, 0.02, 1 << 24).astype(np.float32)
block = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
arguments.folder.mkdir(parents=True, exist_ok=True)
weight_map, total = {}, 0
for number, shard in enumerate(shards, 1):
    file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
    header, offset = {}, 0
    for name, shape in shard.items():
        nbytes = 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + nbytes]}
        offset += nbytes
        weight_map[name] = file
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(arguments.folder / file, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for left in range(offset, 0, -len(block)):
            out.write(block[:left])
    total += offset

index = {"metadata": {"total_size": total}, "weight_map": weight_map}
(arguments.folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
config = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "torch_dtype": "bfloat16",
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": arguments.layers,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}
(arguments.folder / "config.json").write_text(json.dumps(config, indent=2))
print(f"{total:,} bytes in {len(shards)} shards")
