"""Golden values of what trains: /usr/bin/python3 test/golden/make-optimizers.py (Debian's python3-torch 1.13), float64 throughout.

optimizers.json holds the parameters of 20 steps with given gradients, schedules.json the rates of schedules, trace.json the
losses of 50 steps of Adam on a network of three layers, from given weights and batches.
"""
import json
import math
import pathlib

import numpy
import torch
from torch.nn import functional

from make import number, numbers, real

random = numpy.random.default_rng(20240608)


# Optimizers

STEPS = 20
SHAPES = [(2, 3), (5,)]
RECORDED = [1, 2, 3, 5, 10, 20]


def far_from_zero(*shape):
    """Parameters of 1 to 2, either sign: steps of at most 0.6 in all leave no digits lost to cancellation near 0."""
    return real(*shape, low=1, high=2) * torch.tensor(random.choice([-1.0, 1.0], shape))


def steps_of(make, parameters, gradients, schedule=None):
    """The parameters after the recorded steps."""
    leaves = [p.clone().requires_grad_(True) for p in parameters]
    optimizer = make(leaves)
    rates = schedule and schedule(optimizer)
    history = []
    for step in gradients:
        for leaf, gradient in zip(leaves, step):
            leaf.grad = gradient.clone()
        optimizer.step()
        if rates:
            rates.step()
        history.append([numbers(leaf) for leaf in leaves])
    return [history[step - 1] for step in RECORDED]


def optimizers():
    optim = torch.optim
    parameters = [far_from_zero(*shape) for shape in SHAPES]
    gradients = [[real(*shape, low=-1, high=1) for shape in SHAPES] for _ in range(STEPS)]
    cosine = lambda optimizer: optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS, eta_min=1e-3)
    runs = {
        "sgd": (lambda p: optim.SGD(p, 0.02),),
        "sgd momentum": (lambda p: optim.SGD(p, 0.01, momentum=0.9),),
        "sgd nesterov": (lambda p: optim.SGD(p, 0.01, momentum=0.9, nesterov=True),),
        "sgd decay": (lambda p: optim.SGD(p, 0.02, weight_decay=0.1),),
        "sgd nesterov decay": (lambda p: optim.SGD(p, 0.01, momentum=0.5, nesterov=True, weight_decay=0.1),),
        "sgd momentum cosine": (lambda p: optim.SGD(p, 0.02, momentum=0.9), cosine),
        "adam": (lambda p: optim.Adam(p, 0.01),),
        "adam decay": (lambda p: optim.Adam(p, 0.01, weight_decay=0.1),),
        "adam betas": (lambda p: optim.Adam(p, 0.01, betas=(0.8, 0.9), eps=1e-3),),
        "adam cosine": (lambda p: optim.Adam(p, 0.02), cosine),
        "adamW": (lambda p: optim.AdamW(p, 0.01),),
        "adamW decay": (lambda p: optim.AdamW(p, 0.01, weight_decay=0.5),),
    }
    return {
        "recorded": RECORDED,
        "shapes": [list(shape) for shape in SHAPES],
        "parameters": [numbers(p) for p in parameters],
        "gradients": [[numbers(g) for g in step] for step in gradients],
        "runs": {name: steps_of(run[0], parameters, gradients, *run[1:]) for name, run in runs.items()},
    }


def schedules():
    def rates(value, steps, final):
        optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64, requires_grad=True)], value)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=final)
        found = []
        for _ in range(steps + 1):
            found.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        return {"value": value, "steps": steps, "final": final, "rates": [number(x) for x in found]}
    return {"cosine": [rates(0.1, 17, 0), rates(1e-3, 5, 1e-5), rates(2, 1, 0.5), rates(0.3, 33, 0.3)]}


# A training

def trace():
    """20-32-16-3 with tanh and relu, crossEntropy, Adam 1e-2: 50 batches of 8 out of 36 rows."""
    sizes, rows, batch, steps = [20, 32, 16, 3], 36, 8, 50
    bound = lambda n, *shape: real(*shape, low=-64 / math.sqrt(n) // 1 / 64, high=64 / math.sqrt(n) // 1 / 64)
    layers = [(bound(n, m, n), bound(n, m)) for n, m in zip(sizes, sizes[1:])]
    x = torch.round(real(rows, sizes[0]) * 4) / 4
    y = torch.tensor(random.integers(0, 3, rows))
    index = torch.tensor(numpy.stack([random.choice(rows, batch, replace=False) for _ in range(steps)]))
    parameters = [tensor.clone().requires_grad_(True) for layer in layers for tensor in layer]
    optimizer = torch.optim.Adam(parameters, 1e-2)
    losses = []
    for rows_of in index:
        w1, b1, w2, b2, w3, b3 = parameters
        hidden = torch.tanh(x[rows_of] @ w1.T + b1)
        loss = functional.cross_entropy(torch.relu(hidden @ w2.T + b2) @ w3.T + b3, y[rows_of])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {
        "sizes": sizes,
        "rows": rows,
        "batch": batch,
        "parameters": [numbers(tensor) for layer in layers for tensor in layer],
        "x": numbers(x),
        "y": y.tolist(),
        "index": index.tolist(),
        "losses": losses,
    }


def main():
    folder = pathlib.Path(__file__).parent
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    for name, make in {"optimizers": optimizers, "schedules": schedules, "trace": trace}.items():
        entries = [f"{json.dumps(key)}: {compact(value)}" for key, value in make().items()]
        (folder / f"{name}.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")


if __name__ == "__main__":
    main()
