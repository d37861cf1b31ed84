"""Golden blocks of every GGUF type that Crema reads, by the Python package gguf 0.19.

Writes model/src/test/resources/golden/gguf-blocks.gguf. Its tensors:

  read.<type>          blocks of random bits (scales are kept finite)
  read.<type>.values   FP32, what gguf.quants.dequantize makes of them
  write.values         FP32 rows: noise, a row of zeros, ties of rounding, large and tiny magnitudes
  write.<type>         what gguf.quants.quantize makes of them: the roundings of ggml's reference
"""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

FILE = Path("model/src/test/resources/golden/gguf-blocks.gguf")
READ = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
WRITE = ["F16", "BF16", "Q8_0", "Q4_0"]
# Where in a block the halves lie that scale it.
HALVES = {
    **{name: [0] for name in ("Q4_0", "Q5_0", "Q8_0")},
    **{name: [0, 2] for name in ("Q4_1", "Q5_1", "Q4_K", "Q5_K")},
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "Q6_K": [208],
}
ROWS = 3


def random_blocks(name, noise):
    if name in ("F16", "BF16"):
        values = noise.standard_normal((ROWS, 64), dtype=np.float32)
        return quantize(values, Type[name])
    elements, size = gguf.GGML_QUANT_SIZES[Type[name]]
    blocks = noise.integers(0, 256, (ROWS * 2, size), dtype=np.uint8)
    for at in HALVES[name]:
        blocks[:, at : at + 2] = noise.standard_normal((ROWS * 2, 1)).astype(np.float16).view(np.uint8)
    return blocks.reshape(ROWS, 2 * size)


def rows_to_write(noise):
    rows = noise.standard_normal((6, 64), dtype=np.float32)
    rows[1] = 0
    rows[2] = np.arange(64) % 17 - 8  # multiples of the scale and halves between them
    rows[3] *= 1e-30
    rows[4] *= 1e4
    rows[5, :32], rows[5, 32:] = 0.5, -0.5
    return rows


if __name__ == "__main__":
    noise = np.random.default_rng(7)
    writer = gguf.GGUFWriter(FILE, "blocks")
    for name in READ:
        blocks = random_blocks(name, noise)
        writer.add_tensor(f"read.{name.lower()}", blocks, raw_dtype=Type[name])
        writer.add_tensor(f"read.{name.lower()}.values", dequantize(blocks, Type[name]))
    values = rows_to_write(noise)
    writer.add_tensor("write.values", values)
    for name in WRITE:
        writer.add_tensor(f"write.{name.lower()}", quantize(values, Type[name]), raw_dtype=Type[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")
