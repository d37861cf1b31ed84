"""GRPO's advantages, losses and gradients, from the formulas in float64 and checked against TRL's own trainer.

Writes train/src/test/resources/golden/grpo.json. Three groups of four completions of up to seven tokens: `rewards`
[12], and `logprobs`, `old`, `ref`, `mask` [12, 7]. The third group has no variance; one completion is empty, as one
left out for its length is. Values of log-probabilities where the mask is zero are arbitrary and must not matter.

  advantages    sample   (r - mean) / (sample std of the group + 1e-4)     TRL, the R1 papers' reading
                population  the same with the population std               minimind, Megatron-RL
                batch    the group's mean, the sample std of the whole batch
                none     r - mean                                          Dr. GRPO, 2503.20783
  ratio         token: exp(new - old); sequence: its geometric mean over the completion, GSPO, 2507.18071
  loss          -min(ratio A, clip(ratio, 1 - low, 1 + high) A) + beta k3; delta caps the unclipped ratio from above
  k3            exp(ref - new) - (ref - new) - 1
  aggregation   grpo     mean over completions of the mean over their tokens, an empty one counting as zero
                bnpo     sum / tokens of this batch
                dapo     sum / tokens of the whole accumulated batch (`rows` is one micro-batch of it), 2503.14476
                dr_grpo  sum / (completions * longest allowed completion)

Each case has the loss, its gradient by `logprobs`, the mean k3 over tokens and the share of tokens clipped on either
side (over completions for ratio `sequence`).
"""

import collections
import types

from common import golden, numbers, torch, write_json

GROUP, LENGTH, LONGEST = 4, 7, 10
LENGTHS = (7, 5, 3, 6, 7, 7, 2, 0, 4, 1, 7, 5)
REWARDS = (1.0, 0.1, 0.0, 1.0, 0.0, 0.0, 1.1, 0.25, 0.5, 0.5, 0.5, 0.5)

DEFAULTS = dict(
    advantages="sample", ratio="token", aggregation="grpo", low=0.2, high=0.2, delta=None, beta=0.0, rows=[0, 12]
)
CASES = {
    "grpo": {},
    "grpo population": dict(advantages="population"),
    "grpo batch": dict(advantages="batch"),
    "grpo kl": dict(beta=0.04),
    "grpo higher clip": dict(high=0.28),
    "grpo two-sided": dict(delta=1.5),
    "bnpo": dict(aggregation="bnpo"),
    "bnpo kl": dict(aggregation="bnpo", beta=0.04),
    "dapo": dict(aggregation="dapo", high=0.28),
    "dapo first micro-batch": dict(aggregation="dapo", high=0.28, rows=[0, 6]),
    "dapo second micro-batch": dict(aggregation="dapo", high=0.28, rows=[6, 12]),
    "dr_grpo": dict(aggregation="dr_grpo", advantages="none"),
    "gspo": dict(ratio="sequence", low=3e-4, high=4e-4),
    "gspo wide clip": dict(ratio="sequence", beta=0.04),
}


def advantages(rewards, scale):
    groups = rewards.view(-1, GROUP)
    centred = groups - groups.mean(1, keepdim=True)
    match scale:
        case "sample":
            centred = centred / (groups.std(1, keepdim=True) + 1e-4)
        case "population":
            centred = centred / (groups.std(1, keepdim=True, correction=0) + 1e-4)
        case "batch":
            centred = centred / (rewards.std() + 1e-4)
    return centred.flatten()


def loss(new, old, ref, mask, advantage, tokens_in_all, case):
    """Returns the loss, mean k3, and the shares clipped low and high, of one micro-batch."""
    log_ratio = new - old
    if case["ratio"] == "sequence":
        log_ratio = (log_ratio * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True).clamp(min=1)
    ratio, a = log_ratio.exp(), advantage.unsqueeze(1)
    capped = ratio if case["delta"] is None else ratio.clamp(max=case["delta"])
    clipped = ratio.clamp(1 - case["low"], 1 + case["high"])
    k3 = (ref - new).exp() - (ref - new) - 1
    per_token = -torch.minimum(capped * a, clipped * a) + case["beta"] * k3
    total = (per_token * mask).sum()
    match case["aggregation"]:
        case "grpo":
            value = ((per_token * mask).sum(1) / mask.sum(1).clamp(min=1)).mean()
        case "bnpo":
            value = total / mask.sum()
        case "dapo":
            value = total / tokens_in_all
        case "dr_grpo":
            value = total / (len(mask) * LONGEST)
    mean = lambda x: x.mean().item() if x.shape[1] == 1 else ((x * mask).sum() / mask.sum()).item()
    too_low = ((ratio < 1 - case["low"]) & (a < 0)).double()
    too_high = ((ratio > 1 + case["high"]) & (a > 0)).double()
    return value, mean(k3), mean(too_low), mean(too_high)


def trl_loss(new, old, ref, mask, advantage, tokens_in_all, case):
    """TRL's GRPOTrainer._compute_loss on a stand-in for the trainer that hands it our log-probabilities."""
    from trl import GRPOTrainer

    alone = types.SimpleNamespace(
        num_processes=1, reduce=lambda x, reduction: x, gather=lambda x: x, gather_for_metrics=lambda x: x
    )
    trainer = types.SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (new, torch.zeros_like(new), None),
        args=types.SimpleNamespace(delta=case["delta"], use_bias_correction_kl=False, steps_per_generation=1),
        beta=case["beta"],
        epsilon_low=case["low"],
        epsilon_high=case["high"],
        loss_type=case["aggregation"],
        importance_sampling_level=case["ratio"],
        max_completion_length=LONGEST,
        current_gradient_accumulation_steps=1,
        accelerator=alone,
        model=types.SimpleNamespace(training=True),
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        use_vllm=False,
        aux_loss_enabled=False,
        _entropy_bonus_enabled=False,
        _metrics={"train": collections.defaultdict(list)},
    )
    ids = torch.zeros_like(mask, dtype=torch.long)
    inputs = dict(
        prompt_ids=ids[:, :1],
        prompt_mask=mask[:, :1],
        completion_ids=ids,
        completion_mask=mask,
        old_per_token_logps=old,
        ref_per_token_logps=ref,
        advantages=advantage,
        num_items_in_batch=tokens_in_all,
    )
    return GRPOTrainer._compute_loss(trainer, None, inputs)


def run(name, choices, data, rewards):
    case = DEFAULTS | choices
    rows = slice(*case["rows"])
    new, old, ref, mask = (x[rows].clone() for x in data)
    advantage = advantages(rewards, case["advantages"])[rows]
    results = []
    for compute in (lambda *args: loss(*args)[0], trl_loss):
        leaf = new.clone().requires_grad_()
        value = compute(leaf, old, ref, mask, advantage, data[3].sum(), case)
        value.backward()
        results.append((value.detach(), leaf.grad))
    torch.testing.assert_close(results[0], results[1], atol=1e-12, rtol=1e-10)
    (value, gradient), (_, k3, low, high) = results[0], loss(new, old, ref, mask, advantage, data[3].sum(), case)
    metrics = {"loss": value.item(), "k3": k3, "clippedLow": low, "clippedHigh": high}
    return {"name": name} | case | metrics | {"gradient": numbers(gradient)}


if __name__ == "__main__":
    noise = torch.Generator().manual_seed(2402)
    draw = lambda scale: scale * torch.randn(len(LENGTHS), LENGTH, generator=noise, dtype=torch.float64)
    old = -draw(1.0).abs() - 0.05
    new, ref = (old + draw(0.3)).clamp(max=-0.001), (old + draw(0.5)).clamp(max=-0.001)
    new, old, ref = (torch.tensor(numbers(x, 6), dtype=torch.float64) for x in (new, old, ref))
    mask = (torch.arange(LENGTH) < torch.tensor(LENGTHS).unsqueeze(1)).double()
    rewards = torch.tensor(REWARDS, dtype=torch.float64)
    data = (new, old, ref, mask)
    result = {"group": GROUP, "longest": LONGEST, "rewards": REWARDS}
    result |= {"logprobs": numbers(new), "old": numbers(old), "ref": numbers(ref), "mask": mask.int().tolist()}
    result["advantages"] = {s: numbers(advantages(rewards, s)) for s in ("sample", "population", "batch", "none")}
    result["cases"] = [run(name, choices, data, rewards) for name, choices in CASES.items()]
    write_json(golden("train") / "grpo.json", result)
