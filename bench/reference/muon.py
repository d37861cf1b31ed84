"""Ten Muon steps on given gradients: torch.optim.Muon, and the same with Newton-Schulz in float64.

Writes train/src/test/resources/golden/muon.json. For each matrix: the start, the ten gradients and the end, `torch`
being torch.optim.Muon's (its iteration runs in bfloat16) and `exact` the same rule in float64, which an iteration in
float32 must match closely. The rule is Keller Jordan's (kellerjordan.github.io/posts/muon): momentum
m = 0.95 m + 0.05 g, Nesterov u = 0.05 g + 0.95 m, five quintic steps from u / norm(u), on the transpose where there are
more rows than columns; w = w (1 - lr decay) - lr scale O, the scale being sqrt(max(1, rows / columns)), or
0.2 sqrt(max(rows, columns)) for `match_rms_adamw`.
"""

import math

from common import golden, numbers, torch, write_json

LR, MOMENTUM, DECAY, STEPS = 0.02, 0.95, 0.1, 10
A, B, C = 3.4445, -4.7750, 2.0315
SHAPES = ((6, 10), (10, 6), (8, 8))


def orthogonalize(update):
    x = update / update.norm().clamp(min=1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        gram = x @ x.T
        x = A * x + (B * gram + C * gram @ gram) @ x
    return x.T if tall else x


def exact(start, gradients, adjust):
    w, m = start.double(), torch.zeros_like(start).double()
    rows, columns = start.shape
    scale = math.sqrt(max(1, rows / columns)) if adjust == "original" else 0.2 * math.sqrt(max(rows, columns))
    for g in gradients.double():
        m = MOMENTUM * m + (1 - MOMENTUM) * g
        update = (1 - MOMENTUM) * g + MOMENTUM * m
        w = w * (1 - LR * DECAY) - LR * scale * orthogonalize(update)
    return w


def by_torch(start, gradients, adjust):
    w = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.Muon([w], lr=LR, momentum=MOMENTUM, weight_decay=DECAY, adjust_lr_fn=adjust)
    for g in gradients:
        w.grad = g.clone()
        optimizer.step()
    return w.detach()


def run(shape, adjust, noise):
    draw = lambda *size: torch.tensor(numbers(torch.randn(*size, generator=noise), 5))
    start, gradients = draw(*shape), draw(STEPS, *shape)
    ours, torchs = exact(start, gradients, adjust), by_torch(start, gradients, adjust)
    moved, apart = (ours - start).norm(), (ours - torchs).norm()
    print(f"{shape} {adjust}: moved {moved:.4f}, torch's bfloat16 apart by {apart:.4f}")
    assert apart < 0.03 * moved
    tensors = {"start": start, "gradients": gradients, "exact": ours, "torch": torchs}
    return {"shape": shape, "adjust": adjust} | {key: numbers(value) for key, value in tensors.items()}


if __name__ == "__main__":
    noise = torch.Generator().manual_seed(1205)
    choices = [(shape, "original") for shape in SHAPES] + [(SHAPES[0], "match_rms_adamw")]
    result = {"lr": LR, "momentum": MOMENTUM, "weightDecay": DECAY, "steps": STEPS}
    write_json(golden("train") / "muon.json", result | {"cases": [run(*choice, noise) for choice in choices]})
