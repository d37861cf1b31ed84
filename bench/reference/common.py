"""What the reference scripts share: where things are, how results are written, and the clock."""

import json
import os
import pathlib
import resource
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch  # noqa: E402  (after the thread count is set)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("CREMA_SHARED", ROOT.parent / "shared"))
IGNORED = -100


def golden(module):
    """The folder of golden files of a Maven module, made if missing."""
    folder = ROOT / module / "src/test/resources/golden"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(path, value):
    """Writes one line a top-level key, and one a member of a list of objects: a change shows up as a small diff."""

    def dump(member):
        if isinstance(member, list) and member and all(isinstance(x, dict) for x in member):
            return "[\n    " + ",\n    ".join(json.dumps(x, ensure_ascii=False) for x in member) + "\n  ]"
        return json.dumps(member, ensure_ascii=False)

    lines = ",\n".join(f"  {json.dumps(key)}: {dump(member)}" for key, member in value.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def numbers(tensor, digits=9):
    """A tensor as nested lists of rounded decimals: nine digits give a float32 back exactly."""
    values = tensor.detach().tolist()
    shorten = lambda v: [shorten(x) for x in v] if isinstance(v, list) else float(f"{v:.{digits}g}")
    return shorten(values)


def randomize(model, seed, std=0.1):
    """Fills every weight with noise; norm weights lie around one, biases around zero, neither exactly."""
    noise = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape, generator=noise)
            is_norm_weight = parameter.dim() == 1 and name.endswith("weight")
            parameter.copy_(1 + 0.2 * values if is_norm_weight else std * values)
    return model


def labels_for(ids, seed, ignored=0.25):
    """The ids themselves with about a quarter of them left out of the loss."""
    drop = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed)) < ignored
    return ids.masked_fill(drop, IGNORED)


def median_seconds(run, repetitions=5):
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def gemm_peak(dtype, n=2048):
    """GFLOP/s of the best of ten n x n products: what a figure in this process is to be measured against."""
    a, b = torch.randn(n, n).to(dtype), torch.randn(n, n).to(dtype)
    out = torch.empty(n, n, dtype=dtype)
    torch.mm(a, b, out=out)
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best / 1e9


def machine():
    """What a figure depends on besides the code."""
    cpu = "unknown"
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    return {
        "cpu": cpu,
        "threads": torch.get_num_threads(),
        "load": [round(x, 2) for x in os.getloadavg()],
        "torch": torch.__version__,
    }


def peak_memory_mb():
    """Largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def report(result):
    print(json.dumps(result, ensure_ascii=False))
