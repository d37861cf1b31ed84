"""Golden checkpoints with weights in FP8, as DeepSeek-V3 and Qwen3 are published, and what the codes stand for.

  fp8-codes.safetensors      all 256 codes of E4M3 and of E5M2, and their numbers
  fp8-blocks.safetensors     a matrix in blocks of 128 x 128 that it is no multiple of, its scales, and its numbers
  deepseek-v3-fp8/           what families.py writes, the linear layers in blocks of 16 x 12, the rest in BF16
  qwen3-fp8/                 the same with scales in BF16 and matrices smaller than a block of 128 x 128

A number is the code's, in fp32, times the scale of its block. The expectations are those of a model whose weights have
been replaced by these numbers; where transformers can load the folder itself (its blocks have to divide the matrices),
it has to agree.
"""

import json

import families
import families_experts
import generated
from common import golden, torch

import transformers
from safetensors.torch import save_file

PARTS = ("q_proj", "k_proj", "v_proj", "o_proj", "q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj")
PARTS += ("gate_proj", "up_proj", "down_proj")

DEEPSEEK = transformers.DeepseekV3Config(
    **families_experts.SMALL,
    hidden_size=34,
    num_hidden_layers=2,
    num_attention_heads=3,
    num_key_value_heads=3,
    intermediate_size=29,
    moe_intermediate_size=17,
    n_routed_experts=4,
    num_experts_per_tok=2,
    n_group=2,
    topk_group=1,
    first_k_dense_replace=1,
    q_lora_rank=13,
    kv_lora_rank=11,
    qk_nope_head_dim=7,
    qk_rope_head_dim=6,
    v_head_dim=9,
    num_mtp_layers=0,
)
QWEN = transformers.Qwen3Config(
    **families_experts.SMALL,
    hidden_size=40,
    num_hidden_layers=2,
    num_attention_heads=3,
    num_key_value_heads=1,
    head_dim=14,
    intermediate_size=43,
    tie_word_embeddings=True,
)


def per_element(scales, shape, block):
    """The scale of each element [rows, columns]."""
    rows = scales.float().repeat_interleave(block[0], 0)[: shape[0]]
    return rows.repeat_interleave(block[1], 1)[:, : shape[1]]


def quantize(matrix, block, dtype=torch.float32):
    """Codes, and scales that bring the largest of each block to 448."""
    rows, columns = matrix.shape
    grid = [-(-rows // block[0]), -(-columns // block[1])]
    padded = torch.zeros(grid[0] * block[0], grid[1] * block[1])
    padded[:rows, :columns] = matrix
    largest = padded.view(grid[0], block[0], grid[1], block[1]).abs().amax((1, 3))
    scales = (largest / 448).to(dtype)
    codes = (matrix / per_element(scales, matrix.shape, block)).clamp(-448, 448).to(torch.float8_e4m3fn)
    return codes, scales


def numbers(codes, scales, block):
    return codes.float() * per_element(scales, codes.shape, block)


def write_model(name, config, block, scale_dtype, seed):
    stored = {}

    def generate(model):
        families_experts.generate(model)
        with torch.no_grad():
            for key, tensor in generated.saved(model).items():
                if len(parts := key.split(".")) > 1 and parts[-2] in PARTS:
                    codes, scales = quantize(tensor.detach(), block, scale_dtype)
                    tensor.copy_(numbers(codes, scales, block))
                    stored.update({key: codes, f"{key}_scale_inv": scales})
                elif key.endswith("e_score_correction_bias"):
                    stored[key] = tensor.detach().clone()
                else:
                    stored[key] = tensor.detach().bfloat16()
                    tensor.copy_(stored[key])
        return model

    def dialect(_, folder):
        (folder / "tensors.json").unlink()
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
        file = folder / "config.json"
        quantization = dict(activation_scheme="dynamic", fmt="e4m3", quant_method="fp8", weight_block_size=block)
        written = json.loads(file.read_text()) | dict(dtype="bfloat16", quantization_config=quantization)
        file.write_text(json.dumps(written, indent=2) + "\n")

    families.generate = generate
    for attempt in range(50):
        try:
            return families.write(name, config, seed + attempt, dialect)
        except families_experts.Tie:
            continue
    raise SystemExit(f"{name}: every seed leads to a tie")


def check(name):
    """Lets transformers load the folder, and compares."""
    folder = golden("model") / name
    expected = families.load_file(folder / "expected.safetensors")
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder,
        attn_implementation="eager",
        dtype=torch.float32,
        quantization_config=transformers.FineGrainedFP8Config(dequantize=True),
    ).eval()
    with torch.no_grad():
        logits = model(input_ids=expected["input_ids"]).logits
    torch.testing.assert_close(logits, expected["logits"], atol=1e-6, rtol=1e-5)
    print(f"{name}: transformers agrees, {(logits - expected['logits']).abs().max():.1e}")


def write_codes():
    codes = torch.arange(256, dtype=torch.int32).to(torch.uint8).view(16, 16)
    content = {}
    for name, dtype in (("e4m3", torch.float8_e4m3fn), ("e5m2", torch.float8_e5m2)):
        content |= {name: codes.clone().view(dtype), f"{name}.numbers": codes.view(dtype).float()}
    save_file(content, golden("model") / "fp8-codes.safetensors")
    codes, scales = quantize(generated.generated("weight", (130, 133)), (128, 128))
    content = {"weight": codes, "weight_scale_inv": scales, "numbers": numbers(codes, scales, (128, 128))}
    save_file(content, golden("model") / "fp8-blocks.safetensors")


if __name__ == "__main__":
    torch.manual_seed(0)
    write_codes()
    write_model("deepseek-v3-fp8", DEEPSEEK, [16, 12], torch.float32, 9000)
    write_model("qwen3-fp8", QWEN, [128, 128], torch.bfloat16, 9100)
    check("qwen3-fp8")
