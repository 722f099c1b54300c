"""Golden values of torch.autograd.functional: /usr/bin/python3 test/golden/make-differentiate.py (Debian's python3-torch 1.13), float64.

differentiate.json: function -> inputs, a cotangent and tangents; value, vjp, jvp and the Jacobian for each input; for functions to a
scalar also hvp and the Hessian for each pair of inputs. Everything is a list of numbers in row-major order.
"""
import json
import pathlib

import numpy
import torch
from torch.autograd import functional

import make
from make import numbers, real

make.random = numpy.random.default_rng(20240607)  # one stream: a new entry changes what stands behind it


def smooth(x):
    return torch.sin(x) * x.sum() + torch.exp(-x)


def product(a, b):
    return torch.tanh(a @ b) * b.sum(0)


def network(x, w, b, v):
    return (torch.logsumexp(torch.tanh(x @ w.T + b) @ v, -1) ** 2).mean()


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


FUNCTIONS = {
    "smooth": (smooth, [real(5)]),
    "product": (product, [real(3, 4), real(4, 2)]),
    "network": (network, [real(3, 4), real(5, 4), real(5), real(5, 2)]),
    "rosenbrock": (rosenbrock, [real(6)]),
}


def entry(f, inputs):
    inputs = tuple(inputs)
    single = len(inputs) == 1
    given = inputs[0] if single else inputs
    listed = lambda tensors: [numbers(t) for t in ((tensors,) if single else tensors)]
    value = f(*inputs)
    cotangent = real(*value.shape)
    tangents = tuple(real(*x.shape) for x in inputs)
    along = tangents[0] if single else tangents
    result = {
        "shapes": [list(x.shape) for x in inputs],
        "inputs": [numbers(x) for x in inputs],
        "cotangent": numbers(cotangent),
        "tangents": [numbers(t) for t in tangents],
        "shape": list(value.shape),
        "value": numbers(value),
        "vjp": listed(functional.vjp(f, given, cotangent)[1]),
        "jvp": numbers(functional.jvp(f, given, along)[1]),
        "jacobian": listed(functional.jacobian(f, given)),
    }
    if value.dim() == 0:
        second = functional.hessian(f, given)
        result["hvp"] = listed(functional.hvp(f, given, along)[1])
        result["hessian"] = [[numbers(t) for t in row] for row in (((second,),) if single else second)]
    return result


def main():
    entries = [f"{json.dumps(name)}: {json.dumps(entry(*case), separators=(',', ':'))}" for name, case in FUNCTIONS.items()]
    (pathlib.Path(__file__).parent / "differentiate.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")


if __name__ == "__main__":
    main()
