"""Ten AdamW steps of a small llama and a small gpt2: losses, gradient norms and where the weights end.

Each folder under train/src/test/resources/golden/adamw holds the checkpoint before the first step, batches.safetensors
(input_ids and labels [2, B, T]; step i takes batch i % 2) and expected.json. The recipe is the field's: betas 0.9 and
0.95, weight decay 0.1 on matrices and embeddings only (decoupled: w *= 1 - lr * decay), the gradient's global norm
clipped (llama to 1, which always bites; gpt2 to 2.1, which bites at first), and a rate that warms up linearly over 3
steps, the first step at a third of the peak, and then follows a cosine to zero at step 10. Losses and norms are those
before the step, the norm before clipping.

eps is 1e-6: the gradient of gpt2's key bias is zero but for rounding (softmax does not see it), and at 1e-8 Adam would
blow that rounding up into a visible difference between two correct implementations.
"""

import math
import shutil

from common import golden, labels_for, numbers, randomize, torch, write_json

import transformers
from safetensors.torch import save_file

STEPS, WARM_UP, PEAK, DECAY, EPS = 10, 3, 1e-3, 0.1, 1e-6
CLIP = {"llama": 1.0, "gpt2": 2.1}

CONFIGS = {
    "llama": transformers.LlamaConfig(
        vocab_size=71,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=45,
        max_position_embeddings=64,
        tie_word_embeddings=True,
    ),
    "gpt2": transformers.GPT2Config(
        vocab_size=71, n_embd=32, n_head=4, n_layer=2, n_inner=75, n_positions=24,
        embd_pdrop=0.0, resid_pdrop=0.0, attn_pdrop=0.0,
    ),
}  # fmt: skip


def rate(step):
    if step < WARM_UP:
        return PEAK * (step + 1) / WARM_UP
    return PEAK * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP)))


def optimizer_of(model):
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.95), eps=EPS, foreach=False)


def checksum(weight):
    w = weight.detach().double().flatten()
    return {"sum": w.sum().item(), "norm": w.norm().item(), "first": numbers(w[:4].float()), "last": w[-1].item()}


def write(name, config, seed):
    folder = golden("train") / "adamw" / name
    shutil.rmtree(folder, ignore_errors=True)
    model = randomize(transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager"), seed)
    model.train().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)

    noise = torch.Generator().manual_seed(seed + 1)
    ids = torch.randint(3, config.vocab_size, (2, 2, 16), generator=noise)
    labels = labels_for(ids, seed + 2, ignored=0.1)
    save_file({"input_ids": ids, "labels": labels}, folder / "batches.safetensors")

    optimizer = optimizer_of(model)
    rates, losses, norms = [], [], []
    for step in range(STEPS):
        rates.append(rate(step))
        for group in optimizer.param_groups:
            group["lr"] = rates[-1]
        loss = model(input_ids=ids[step % 2], labels=labels[step % 2]).loss
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP[name]).item())
        losses.append(loss.item())
        optimizer.step()

    result = {
        "lr": rates,
        "loss": losses,
        "gradNorm": norms,
        "clip": CLIP[name],
        "weightDecay": DECAY,
        "betas": [0.9, 0.95],
        "eps": EPS,
        "peak": PEAK,
        "warmUp": WARM_UP,
        "steps": STEPS,
        "weights": {key: checksum(weight) for key, weight in model.named_parameters()},
    }
    write_json(folder / "expected.json", result)


if __name__ == "__main__":
    for i, (name, config) in enumerate(CONFIGS.items()):
        write(name, config, 7000 + 10 * i)
