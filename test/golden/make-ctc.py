"""Golden values of CTC: /usr/bin/python3 test/golden/make-ctc.py (Debian's python3-torch 1.13), float64.

ctc.json: the gradient as a function, in the format of make.py. ctc-cases.json: torch.nn.functional.ctc_loss behind log_softmax over random
sizes, targets and lengths, alignments that are impossible among them: the value, and of the gradient of its weighted sum, by logits, two sums
a sequence (sums.py). Logits are 3 times what is drawn by the seed of the case.
"""
import json
import pathlib
import random

import torch
from torch.nn import functional

import ctc
from calls import write
from make import case, i32, number, real
from sums import drawn


def gradient(logs, targets, input_lengths, target_lengths, scale):
    leaf = logs if logs.requires_grad else logs.clone().requires_grad_(True)
    total = (ctc.losses(leaf, targets, input_lengths, target_lengths) * scale).sum()
    return torch.autograd.grad(total, leaf, create_graph=True)[0]


def several(seed):
    """Sizes, targets and lengths; every fourth is likely to be too long for its input."""
    draw = random.Random(seed)
    times, n, classes = draw.randint(1, 12), draw.randint(1, 4), draw.randint(2, 6)
    most = draw.randint(1, 8 if seed % 4 == 0 else max(1, times // 2))
    blank = draw.randrange(classes)
    labels = [c for c in range(classes) if c != blank]
    targets = [[draw.choice(labels) for _ in range(most)] for _ in range(n)]
    inputs = [draw.randint(max(1, times - 3), times) for _ in range(n)]
    return times, n, classes, blank, targets, inputs, [draw.randint(0, most) for _ in range(n)]


def table(seed):
    times, n, classes, blank, targets, inputs, lengths = several(seed)
    reduction, zero = ("none", "sum", "mean")[seed % 3], seed % 5 < 2
    logits = (3 * drawn(times, n, classes, seed=seed)).requires_grad_(True)
    value = functional.ctc_loss(torch.log_softmax(logits, 2), torch.tensor(targets), torch.tensor(inputs), torch.tensor(lengths), blank,
                                reduction, zero)
    (slopes,) = torch.autograd.grad((value * drawn(*value.shape, seed=seed + 1000)).sum(), logits)
    weights = [drawn(times, n, classes, seed=seed + more) for more in (2000, 3000)]
    sums = [[number(float((w * slopes)[:, i].sum())) for w in weights] for i in range(n)]
    options = {"blank": blank, "reduction": reduction, "zeroInfinity": zero}
    sizes = {"shape": [times, n, classes], "targets": targets, "inputLengths": inputs, "targetLengths": lengths}
    return {**sizes, "options": options, "value": [number(x) for x in value.reshape(-1).tolist()], "sums": sums}


if __name__ == "__main__":
    write("ctc", {"ctcGradient": lambda: [
        case(gradient, real(5, 2, 4, low=-4, high=0), i32([[1, 1, 2], [3, 2, 3]]), i32([5, 4]), i32([3, 2]), real(2)),
        case(gradient, real(3, 3, 3, low=-4, high=0), i32([[1, 1], [2, 1], [1, 2]]), i32([3, 3, 2]), i32([0, 1, 2]), real(3)),
    ]})
    lines = [json.dumps(table(seed), separators=(",", ":")) for seed in range(1, 121)]
    (pathlib.Path(__file__).parent / "ctc-cases.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
