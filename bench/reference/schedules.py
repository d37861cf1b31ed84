"""Learning-rate schedules step by step: transformers' own, and the same with a first step above zero.

Writes train/src/test/resources/golden/schedules.json: for each schedule its parameters and `factor`, the peak's
multiplier at steps 0 to steps - 1. transformers warms up from zero (step / warmUp), which wastes the first step;
`fromZero: false` is the usual repair ((step + 1) / warmUp), as in adamw.py; after the warm-up both agree.
"""

from common import golden, torch, write_json

import transformers

STEPS, WARM_UP = 20, 4


def factors(schedule):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, values = schedule(optimizer), []
    for _ in range(STEPS):
        values.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return values


def wsd(decay, decay_type, floor):
    return lambda optimizer: transformers.get_wsd_schedule(
        optimizer,
        num_warmup_steps=WARM_UP,
        num_decay_steps=decay,
        num_training_steps=STEPS,
        decay_type=decay_type,
        min_lr_ratio=floor,
    )


def with_first_step(values, floor):
    rise = [floor + (1 - floor) * (step + 1) / WARM_UP for step in range(WARM_UP)]
    return rise + values[WARM_UP:]


if __name__ == "__main__":
    schedules = {
        "constant": (0, 0.0, lambda o: transformers.get_constant_schedule_with_warmup(o, WARM_UP)),
        "linear": (0, 0.0, lambda o: transformers.get_linear_schedule_with_warmup(o, WARM_UP, STEPS)),
        "cosine": (0, 0.0, lambda o: transformers.get_cosine_schedule_with_warmup(o, WARM_UP, STEPS)),
        "cosine to a tenth": (0, 0.1, wsd(STEPS - WARM_UP, "cosine", 0.1)),
        "wsd linear": (6, 0.0, wsd(6, "linear", 0.0)),
        "wsd linear to a tenth": (6, 0.1, wsd(6, "linear", 0.1)),
        "wsd cosine": (6, 0.0, wsd(6, "cosine", 0.0)),
        "wsd 1-sqrt": (6, 0.0, wsd(6, "1-sqrt", 0.0)),
    }
    cases = []
    for name, (decay, floor, schedule) in schedules.items():
        values = factors(schedule)
        common = {"name": name, "steps": STEPS, "warmUp": WARM_UP, "decay": decay, "floor": floor}
        cases.append(common | {"fromZero": True, "factor": values})
        cases.append(common | {"fromZero": False, "factor": with_first_step(values, floor)})
    write_json(golden("train") / "schedules.json", {"cases": cases})
