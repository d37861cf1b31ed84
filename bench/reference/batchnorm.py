"""What PyTorch's BatchNorm1d makes of two passes over rows of tokens, some of them padding.

Writes model/src/test/resources/golden/batchnorm.safetensors:

  documents [B, T]                 negative at padding, which does not count, but is normalised with the rest
  weight, bias [D]; start.{mean, variance}, end.{mean, variance}   running statistics before and after both passes
  {first, second}.{x, y, gradient, x.grad} [B, T, D]               the gradient of y is given
  {weight, bias}.grad              summed over both passes
  inference.y                      of the first x, by the running statistics at the end
"""

from common import golden, torch

from safetensors.torch import save_file

BATCH, TOKENS, WIDTH, MOMENTUM, EPSILON = 2, 5, 6, 0.1, 1e-3


def whole_pass(norm, x, counted):
    """BatchNorm1d has no padding: it gets the tokens that count; the others are normalised as it did these."""
    norm(x[counted])
    mean, variance = x[counted].mean(0), x[counted].var(0, unbiased=False)
    y = (x - mean) * (variance + EPSILON).rsqrt() * norm.weight + norm.bias
    torch.testing.assert_close(y[counted], torch.nn.functional.batch_norm(
        x[counted], None, None, norm.weight, norm.bias, True, 0.0, EPSILON
    ))
    return y


if __name__ == "__main__":
    torch.manual_seed(3)
    documents = torch.tensor([[0, 0, 0, 1, 1], [0, 0, -1, -1, -1]])
    norm = torch.nn.BatchNorm1d(WIDTH, eps=EPSILON, momentum=MOMENTUM)
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            tensor.copy_(torch.rand(WIDTH) + 0.5)
    stored = {"documents": documents, "weight": norm.weight, "bias": norm.bias}
    stored |= {"start.mean": norm.running_mean.clone(), "start.variance": norm.running_var.clone()}
    for name in ("first", "second"):
        x = (2 * torch.randn(BATCH, TOKENS, WIDTH) + 1).requires_grad_()
        gradient = torch.randn(BATCH, TOKENS, WIDTH)
        y = whole_pass(norm, x, documents >= 0)
        y.backward(gradient)
        stored |= {f"{name}.x": x, f"{name}.y": y, f"{name}.gradient": gradient, f"{name}.x.grad": x.grad}
    stored |= {"weight.grad": norm.weight.grad, "bias.grad": norm.bias.grad}
    stored |= {"end.mean": norm.running_mean, "end.variance": norm.running_var}
    norm.eval()
    first = stored["first.x"]
    stored["inference.y"] = norm(first.reshape(-1, WIDTH)).reshape(first.shape)
    file = golden("model") / "batchnorm.safetensors"
    save_file({name: tensor.detach().contiguous().clone() for name, tensor in stored.items()}, file)
    print(f"{file.name}: {file.stat().st_size:,} bytes")
