"""Golden values of what is trained: /usr/bin/python3 test/golden/make-training.py (Debian's python3-torch 1.13), float64 throughout.

activations.json and losses.json hold cases as make.py describes them. make-optimizers.py writes what trains them.
"""
import json
import pathlib

import numpy
import torch
from torch.nn import functional

from make import case, f64, i32, real

random = numpy.random.default_rng(20240608)


# Activations

def activation(f, smooth=None):
    """Shapes of every kind, large arguments and, where `smooth` is False, the kink at 0."""
    cases = [case(f, real(*shape, low=-6, high=6)) for shape in ((), (9,), (0, 2))]
    cases.append(case(f, f64([-80, -25, -20.5, -1e-3, 1e-3, 20.5, 80])))
    return cases + ([] if smooth is None else [case(f, f64([0.0, -0.0, 1, -1]), order=1, smooth=smooth)])


def by_rows(f):
    shapes = [(3, 5), (5, 1), (2, 1, 4), (5,)]
    return [case(f, real(*shape, low=-6, high=6)) for shape in shapes] + [case(f, f64([[80, 0, -80], [-80, -79, -81]]))]


def softplus(x):
    """torch's own turns into x beyond its threshold of 20, where the two still differ by 2e-9."""
    return torch.logaddexp(x, torch.zeros_like(x))


def activations():
    return {
        "relu": activation(torch.relu, smooth=False),
        "leakyRelu": activation(functional.leaky_relu, smooth=False),
        "leakyRelu 0.2": activation(lambda x: functional.leaky_relu(x, 0.2)),
        "sigmoid": activation(torch.sigmoid),
        "tanh": activation(torch.tanh),
        "gelu": activation(functional.gelu),
        "silu": activation(functional.silu),
        "softplus": activation(softplus),
        "softmax": by_rows(lambda x: functional.softmax(x, -1)),
        "logSoftmax": by_rows(lambda x: functional.log_softmax(x, -1)),
    }


# Losses

def losses():
    bce = functional.binary_cross_entropy_with_logits
    classes = lambda *shape, count: i32(random.integers(0, count, shape))
    probabilities = lambda *shape: real(*shape, low=0, high=1)
    entries = {}
    for reduction in ("mean", "sum", "none"):
        mse = lambda a, b: functional.mse_loss(a, b, reduction=reduction)
        entropy = lambda x, t: functional.cross_entropy(x, t.long(), reduction=reduction)
        binary = lambda x, t: bce(x, t, reduction=reduction)
        entries[f"mseLoss {reduction}"] = [case(mse, real(*s), real(*s)) for s in ((), (5, 3))]
        entries[f"crossEntropy {reduction}"] = [
            case(entropy, real(*s), classes(*s[:1], *s[2:], count=s[1])) for s in ((5, 3), (1, 7), (5, 1), (2, 3, 2, 2))
        ] + [case(entropy, real(3), i32(2)), case(entropy, f64([[80, 0, -80], [-80, 80, 0]]), i32([2, 1]))]
        entries[f"binaryCrossEntropyWithLogits {reduction}"] = [case(binary, real(*s), probabilities(*s)) for s in ((), (5, 3))] + [
            case(binary, f64([80, 80, -80, -80, 0]), f64([1, 0, 1, 0, 1]))]
    # What differs from the mean is the factor alone: one shape tells.
    return {name: cases[1:2] if name.endswith("sum") else cases for name, cases in entries.items()}


def main():
    folder = pathlib.Path(__file__).parent
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    for family, make in {"activations": activations, "losses": losses}.items():
        entries = [f"{json.dumps(name)}: [\n" + ",\n".join(map(compact, cases)) + "\n]" for name, cases in make().items()]
        (folder / f"{family}.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")


if __name__ == "__main__":
    main()
