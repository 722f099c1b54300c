"""Golden values of a model of two inputs and two outputs: /usr/bin/python3 test/golden/make-records.py (python3-torch 1.13), float64.

records.json holds its weights, six rows, and for plain and weighed losses those of 20 steps of Adam over all rows, with what it gives then.
"""
import json
import pathlib

import numpy
import torch
from torch.nn import functional

random = numpy.random.default_rng(20250611)
torch.set_default_dtype(torch.float64)

STEPS = 20
SHAPES = {
    "table.weight": (5, 2),
    "dense.weight": (3, 4),
    "dense.bias": (3,),
    "digit.weight": (3, 5),
    "digit.bias": (3,),
    "size.weight": (1, 5),
    "size.bias": (1,),
}


def drawn(*shape):
    """Numbers that float32 holds exactly."""
    return torch.tensor(numpy.float32(random.uniform(-1, 1, shape)).astype(float))


WEIGHTS = {name: drawn(*shape) for name, shape in SHAPES.items()}
IMAGE = drawn(6, 4)
TOKENS = torch.tensor(random.integers(0, 5, (6, 3)))
DIGIT = torch.tensor([0, 1, 2, 1, 0, 2])
SIZE = drawn(6, 1)
ROWS = torch.tensor([1, 0.5, 2, 0, 1, 4], dtype=torch.float64)
CLASSES = torch.tensor([1, 2, 0.25], dtype=torch.float64)


def outputs(w):
    dense = IMAGE @ w["dense.weight"].T + w["dense.bias"]
    words = w["table.weight"][TOKENS].mean(1)
    hidden = torch.cat([dense, words], 1).tanh()
    return hidden @ w["digit.weight"].T + w["digit.bias"], hidden @ w["size.weight"].T + w["size.bias"]


def training(rows, classes):
    w = {name: value.clone().requires_grad_(True) for name, value in WEIGHTS.items()}
    optimizer = torch.optim.Adam(w.values(), lr=0.05)
    losses = []
    for _ in range(STEPS):
        digit, size = outputs(w)
        of_digit = (functional.cross_entropy(digit, DIGIT, reduction="none") * rows * classes[DIGIT]).mean()
        of_size = ((size - SIZE).square().mean(1) * rows).mean()
        loss = 2 * of_digit + 0.5 * of_size
        losses.append([value.item() for value in (loss, of_digit, of_size)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    digit, size = outputs(w)
    return {"losses": losses, "digit": digit.flatten().tolist(), "size": size.flatten().tolist()}


golden = {
    "weights": {name: {"data": value.flatten().tolist(), "shape": list(value.shape)} for name, value in WEIGHTS.items()},
    "image": IMAGE.tolist(),
    "tokens": TOKENS.tolist(),
    "digit": DIGIT.tolist(),
    "size": SIZE.tolist(),
    "rows": ROWS.tolist(),
    "classes": CLASSES.tolist(),
    "plain": training(torch.ones(6), torch.ones(3)),
    "weighed": training(ROWS, CLASSES),
}
path = pathlib.Path(__file__).parent / "records.json"
lines = [f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in golden.items()]
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
