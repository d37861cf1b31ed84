"""nanoGPT's published CPU run on characters of Shakespeare, rewritten from its settings: time to a loss of 1.88.

Settings (nanoGPT's README and its shakespeare-char configuration): 4 layers, 4 heads, width 128, context 64, 12 rows a
step, no dropout, no biases, 2,000 steps; AdamW 1e-3 with betas 0.9 and 0.99, weight decay 0.1 on matrices, clip 1,
100 steps of warm-up, cosine to 1e-4; fp32, eager; the first 90% of characters train, the rest is held out. The loss is
the mean over 20 random batches of the held-out part, taken every 250 steps; the README reports 1.88 at the end. Such an
estimate has a standard error near 0.015, so a run may end on either side of 1.88: `whole_held_out` is the final loss
over all of the held-out part, without that noise.

Prints one JSON document. `at_target` has the first estimate to reach the target and the seconds of training and
estimates up to there, null where none did; with --fine N a further estimate every N steps is taken outside the clock,
and `fine_at_target` is the first of those. `cpu_seconds` is what both threads used: it varies less with a busy machine.
"""

import argparse
import math
import sys
import time

from common import SHARED, machine, peak_memory_mb, report, torch

from torch import nn
from torch.nn import functional as F

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, STEPS = 4, 4, 128, 64, 12, 2000
WARM_UP, PEAK, FLOOR, ESTIMATE_EVERY, ESTIMATE_OVER = 100, 1e-3, 1e-4, 250, 20


class Norm(nn.Module):
    """LayerNorm without a bias."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return F.layer_norm(x, (WIDTH,), self.weight)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.mlp_norm = Norm(), Norm()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.up = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.down = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x):
        b, t, _ = x.shape
        heads = self.qkv(self.attention_norm(x)).view(b, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)  # [3, B, H, T, D]
        y = F.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, WIDTH))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x))))


class Gpt(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks, self.norm = nn.Sequential(*[Block() for _ in range(LAYERS)]), Norm()
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                into_residual = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * LAYERS) if into_residual else 0.02)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions.weight
        logits = F.linear(self.norm(self.blocks(x)), self.tokens.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def rate(step):
    if step < WARM_UP:
        return PEAK * (step + 1) / (WARM_UP + 1)
    return FLOOR + 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP))) * (PEAK - FLOOR)


def batch_of(data, noise):
    starts = torch.randint(len(data) - CONTEXT, (BATCH, 1), generator=noise)
    rows = data[starts + torch.arange(CONTEXT + 1)]  # [B, T + 1]
    return rows[:, :-1], rows[:, 1:]


@torch.no_grad()
def estimate(model, data, noise):
    return sum(model(*batch_of(data, noise)).item() for _ in range(ESTIMATE_OVER)) / ESTIMATE_OVER


@torch.no_grad()
def whole(model, data):
    """The loss over consecutive windows that cover the data once."""
    windows = (len(data) - 1) // CONTEXT
    ids = data[: windows * CONTEXT].view(windows, CONTEXT)
    targets = data[1 : windows * CONTEXT + 1].view(windows, CONTEXT)
    total = sum(model(i, t).item() * len(i) for i, t in zip(ids.split(100), targets.split(100)))
    return total / windows


def optimizer_of(model):
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.99))


def main():
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--text", default=SHARED / "data/tinyshakespeare/input.txt")
    flags.add_argument("--target", type=float, default=1.88)
    flags.add_argument("--fine", type=int, default=0, help="also estimate every N steps, outside the clock")
    flags.add_argument("--seed", type=int, default=1337)
    chosen = flags.parse_args()

    torch.manual_seed(chosen.seed)
    noise = torch.Generator().manual_seed(chosen.seed)
    text = open(chosen.text, encoding="utf-8").read()
    index = {c: i for i, c in enumerate(sorted(set(text)))}
    data = torch.tensor([index[c] for c in text])
    split = int(0.9 * len(data))
    train, held_out = data[:split], data[split:]
    model = Gpt(len(index))
    optimizer = optimizer_of(model)

    losses, fine, reached, reached_fine = {}, {}, None, None
    start, outside = time.perf_counter(), 0.0
    cpu_start, cpu_outside = time.process_time(), 0.0
    for step in range(STEPS + 1):
        if step % ESTIMATE_EVERY == 0:
            # As nanoGPT does, the estimate covers both parts; its time counts.
            train_loss, losses[step] = estimate(model, train, noise), estimate(model, held_out, noise)
            seconds = time.perf_counter() - start - outside
            print(f"{step:5} train {train_loss:.4f} held out {losses[step]:.4f} {seconds:.1f} s", file=sys.stderr)
            if reached is None and losses[step] <= chosen.target:
                reached = {"step": step, "seconds": round(seconds, 1)}
        if chosen.fine and step % chosen.fine == 0:
            aside, cpu_aside = time.perf_counter(), time.process_time()
            fine[step] = round(estimate(model, held_out, torch.Generator().manual_seed(step)), 4)
            if reached_fine is None and fine[step] <= chosen.target:
                reached_fine = {"step": step, "seconds": round(aside - start - outside, 1)}
            outside += time.perf_counter() - aside
            cpu_outside += time.process_time() - cpu_aside
        if step == STEPS:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        loss = model(*batch_of(train, noise))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    total, cpu_seconds = time.perf_counter() - start - outside, time.process_time() - cpu_start - cpu_outside

    result = {
        "what": "nanogpt_shakespeare",
        "target": chosen.target,
        "at_target": reached,
        "fine_at_target": reached_fine,
        "seconds": round(total, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "tokens_per_second": round(STEPS * BATCH * CONTEXT / total),
        "held_out": {step: round(loss, 4) for step, loss in losses.items()},
        "whole_held_out": round(whole(model, held_out), 4),
        "fine": fine,
        "parameters": sum(p.numel() for p in model.parameters()),
        "peak_memory_mb": peak_memory_mb(),
    }
    report(result | machine())


if __name__ == "__main__":
    main()
