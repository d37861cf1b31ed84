"""The balance loss of routers and its gradient: transformers' load_balancing_loss_func, with and without padding."""

from common import golden, numbers, torch, write_json

from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

LAYERS, ROWS, COLUMNS, EXPERTS = 3, 2, 7, 5


def case(active, mask, seed):
    noise = torch.Generator().manual_seed(seed)
    logits = tuple(
        torch.randn(ROWS * COLUMNS, EXPERTS, generator=noise).requires_grad_(True) for _ in range(LAYERS)
    )
    loss = load_balancing_loss_func(logits, EXPERTS, active, mask)
    loss.backward()
    return {
        "active": active,
        "counted": (torch.ones(ROWS, COLUMNS) if mask is None else mask).flatten().int().tolist(),
        "logits": [numbers(layer) for layer in logits],
        "loss": loss.item(),
        "gradients": [numbers(layer.grad) for layer in logits],
    }


if __name__ == "__main__":
    padded = torch.ones(ROWS, COLUMNS)
    padded[1, :3] = 0
    write_json(golden("model") / "balance_loss.json", {"cases": [case(2, None, 1), case(3, padded, 2)]})
