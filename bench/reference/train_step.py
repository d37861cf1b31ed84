"""The peer's side of the training benchmark: one step of a 13.8M GPT as a PyTorch user writes it.

Six layers of 384, six heads, GELU, LayerNorm, biases, vocabulary 8192, learned positions, the head tied to the
embedding; 16 rows of 256 tokens; scaled_dot_product_attention, cross_entropy, fused AdamW, the gradient clipped to 1.
bf16 is autocast over fp32 weights. Prints one JSON document: tokens per second (median of five repetitions of
--steps steps, after a warm-up), the GEMM peak of the same process, the share of it that the step reaches, peak memory.
"""

import argparse

from common import gemm_peak, machine, median_seconds, peak_memory_mb, report, torch

from torch import nn
from torch.nn import functional as F

VOCABULARY, LAYERS, WIDTH, HEADS, BATCH, LENGTH = 8192, 6, 384, 6, 16, 256


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.mlp_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        b, t, _ = x.shape
        heads = self.qkv(self.attention_norm(x)).view(b, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)  # [3, B, H, T, D]
        y = F.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, WIDTH))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks, self.norm = nn.Sequential(*[Block() for _ in range(LAYERS)]), nn.LayerNorm(WIDTH)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        logits = F.linear(self.norm(self.blocks(x)), self.tokens.weight)
        return F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))


def flops_per_step():
    """Six a weight in a matrix product and token, and the attention's two products, causal ones counted in full."""
    matrices = LAYERS * 12 * WIDTH * WIDTH + VOCABULARY * WIDTH
    return BATCH * LENGTH * 6 * (matrices + LAYERS * 2 * LENGTH * WIDTH)


def main():
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--dtype", choices=("bf16", "fp32"), default="bf16")
    flags.add_argument("--compile", action="store_true")
    flags.add_argument("--steps", type=int, default=2, help="steps in each of the five repetitions")
    chosen = flags.parse_args()

    torch.manual_seed(1)
    dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[chosen.dtype]
    model = Gpt()
    forward = torch.compile(model) if chosen.compile else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    ids = torch.randint(VOCABULARY, (BATCH, LENGTH + 1))
    losses = []

    def step():
        with torch.autocast("cpu", dtype, enabled=chosen.dtype == "bf16"):
            loss = forward(ids[:, :-1], ids[:, 1:].contiguous())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())

    before = gemm_peak(dtype)
    for _ in range(3):
        step()
    seconds = median_seconds(lambda: [step() for _ in range(chosen.steps)]) / chosen.steps
    peak = max(before, gemm_peak(dtype))
    reached = flops_per_step() / seconds / 1e9
    result = {
        "what": "train_step",
        "dtype": chosen.dtype,
        "compile": chosen.compile,
        "parameters": sum(p.numel() for p in model.parameters()),
        "tokens_per_second": round(BATCH * LENGTH / seconds),
        "gflops": round(reached),
        "gemm_peak_gflops": round(peak),
        "share_of_peak": round(reached / peak, 3),
        "peak_memory_mb": peak_memory_mb(),
        "first_loss": round(losses[0], 6),
        "last_loss": round(losses[-1], 6),
    }
    report(result | machine())


if __name__ == "__main__":
    main()
