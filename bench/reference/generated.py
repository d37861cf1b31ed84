"""Weights by formula, so that a golden checkpoint is its config.json and a list of names.

Element i of the tensor NAME is `center + spread * u`, where u in [-1, 1) is made of the upper 24 bits of
splitmix64(fnv1a(NAME) + i), computed in doubles and rounded to fp32 once. Norm weights and running variances lie around
one, all else around zero. Java writes the same checkpoint for itself: GeneratedCheckpoint in the tests of `model`.

A gradient is stored as [norm, probe 0, probe 1, probe 2]: its product with three generated tensors, "probe.K.NAME",
around zero with spread one. Two gradients that differ by e in norm differ by about e / sqrt(3) in each product.
"""

import json

from common import torch

import numpy as np

PROBES = 3


def fnv1a(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def uniform(name, count):
    """Doubles in [-1, 1)."""
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a(name)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


def around_one(name, shape):
    return len(shape) == 1 and name.endswith(("weight", "running_var"))


def generated(name, shape):
    count = int(np.prod(shape, dtype=np.int64))
    one = around_one(name, shape)
    values = (1.0 if one else 0.0) + (0.3 if one else 0.2) * uniform(name, count)
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def generate(model):
    """Fills every tensor that a checkpoint of the model holds; tied ones by the name that is saved."""
    with torch.no_grad():
        for name, tensor in saved(model).items():
            if tensor.is_floating_point():
                tensor.copy_(generated(name, tuple(tensor.shape)))
    return model


def saved(model):
    """What save_pretrained would write: each storage once, by the first of its names; experts one by one."""
    seen, result = set(), {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if tensor.data_ptr() not in seen:
            seen.add(tensor.data_ptr())
            result[name] = tensor
    return result if getattr(model, "stacked_experts", False) else published(model, result)


def published(model, tensors):
    """The same by the names of published checkpoints, in which each matrix of each expert is a tensor of its own."""
    mixtral = model.config.model_type == "mixtral"
    gate, up, down = ("w1", "w3", "w2") if mixtral else ("gate_proj", "up_proj", "down_proj")
    result = {}
    for name, tensor in tensors.items():
        if mixtral:
            name = name.replace(".mlp.", ".block_sparse_moe.")
        prefix, _, part = name.rpartition(".")
        for expert, matrix in enumerate(tensor if prefix.endswith(".experts") else ()):
            if part == "gate_up_proj":
                result[f"{prefix}.{expert}.{gate}.weight"], result[f"{prefix}.{expert}.{up}.weight"] = matrix.chunk(2)
            else:
                result[f"{prefix}.{expert}.{down}.weight"] = matrix
        if not prefix.endswith(".experts"):
            result[name] = tensor
    return result


def write_manifest(model, folder):
    """Writes config.json and tensors.json in place of the weights; integer tensors, which are constants, are left out."""
    model.config.architectures, model.config.dtype = [type(model).__name__], "float32"
    model.config.save_pretrained(folder)
    lines = [
        f"  {json.dumps(name)}: {list(tensor.shape)}"
        for name, tensor in saved(model).items()
        if tensor.is_floating_point()
    ]
    (folder / "tensors.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def probes(name, gradient):
    g = gradient.detach().double().flatten().numpy()
    products = [float(g @ uniform(f"probe.{k}.{name}", g.size)) for k in range(PROBES)]
    return torch.tensor([float(np.linalg.norm(g)), *products], dtype=torch.float32)
