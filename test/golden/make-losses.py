"""Golden values of losses: /usr/bin/python3 test/golden/make-losses.py (Debian's python3-torch 1.13), float64."""
import json
import pathlib

import numpy
import torch
from torch.nn import functional

from make import case, f64, i32, real

random = numpy.random.default_rng(20240608)


def losses():
    bce = functional.binary_cross_entropy_with_logits
    classes = lambda *shape, count: i32(random.integers(0, count, shape))
    probabilities = lambda *shape: real(*shape, low=0, high=1)
    entries = {}
    for reduction in ("mean", "sum", "none"):
        mse = lambda a, b: functional.mse_loss(a, b, reduction=reduction)
        entropy = lambda x, t: functional.cross_entropy(x, t.long(), reduction=reduction)
        binary = lambda x, t: bce(x, t, reduction=reduction)
        entries[f'mseLoss($0, $1, {{"reduction": "{reduction}"}})'] = [case(mse, real(*s), real(*s)) for s in ((), (5, 3))]
        entries[f'crossEntropy($0, $1, {{"reduction": "{reduction}"}})'] = [
            case(entropy, real(*s), classes(*s[:1], *s[2:], count=s[1])) for s in ((5, 3), (1, 7), (5, 1), (2, 3, 2, 2))
        ] + [case(entropy, real(3), i32(2)), case(entropy, f64([[80, 0, -80], [-80, 80, 0]]), i32([2, 1]))]
        entries[f'binaryCrossEntropyWithLogits($0, $1, {{"reduction": "{reduction}"}})'] = [case(binary, real(*s), probabilities(*s)) for s in ((), (5, 3))] + [
            case(binary, f64([80, 80, -80, -80, 0]), f64([1, 0, 1, 0, 1]))]
    # What differs from the mean is the factor alone: one shape tells.
    return {name: cases[1:2] if "sum" in name else cases for name, cases in entries.items()}


def main():
    folder = pathlib.Path(__file__).parent
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    for family, make in {"losses": losses}.items():
        entries = [f"{json.dumps(name)}: [\n" + ",\n".join(map(compact, cases)) + "\n]" for name, cases in make().items()]
        (folder / f"{family}.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")


if __name__ == "__main__":
    main()
