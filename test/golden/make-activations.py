"""Golden values of activations: /usr/bin/python3 test/golden/make-activations.py (Debian's python3-torch 1.13), float64.

What torch does not have is written as its paper's formula.
"""
import math

import torch
from torch.nn import functional

from calls import write
from make import case, f64, real

INFINITY = math.inf


def elementwise(f, kinks=()):
    """Shapes of every kind, large arguments, first derivatives at kinks, and the values at infinity that are no NaN."""
    def cases():
        found = [case(f, real(*shape, low=-6, high=6)) for shape in ((), (9,), (0, 2))]
        found.append(case(f, f64([-100, -80, -25, -20.5, -1e-3, 1e-3, 20.5, 80, 100])))
        found += [case(f, f64([*kinks, 1, -1]), order=1, smooth=False)] if kinks else []
        ends = [x for x in (-INFINITY, INFINITY) if not f(f64([x])).isnan().any()]
        return found + ([case(f, f64(ends), order=0)] if ends else [])
    return cases


def by_rows(f):
    shapes = [(3, 5), (5, 1), (2, 1, 4), (5,)]
    return lambda: [case(f, real(*shape, low=-6, high=6)) for shape in shapes] + [
        case(f, f64([[80, 0, -80], [-80, -79, -81]])), case(f, f64([[100, -100]]), order=1)]


def by_halves(f, axis=-1):
    shapes = [(2, 3), (4, 5), (2, 1, 4)] if axis == 0 else [(2,), (3, 6), (2, 1, 4)]
    large = f64([[100, -100, 20.5, -20.5], [100, 100, -100, -100]])
    return lambda: [case(f, real(*shape, low=-6, high=6)) for shape in shapes] + [case(f, large)]


def by_channels():
    slopes = [((7,), (1,)), ((), (1,)), ((4, 3), (3,)), ((2, 3, 4), (3,)), ((2, 3, 2, 2), (1,))]
    return [case(functional.prelu, real(*x, low=-6, high=6), real(*weight)) for x, weight in slopes] + [
        case(functional.prelu, f64([100, -100]), f64([0.25])),
        case(functional.prelu, f64([0.0, -0.0]), f64([0.25]), order=1, smooth=False)]


def softplus(x, beta=1):
    """torch's own turns into x beyond its threshold of 20, where the two still differ by 2e-9."""
    return torch.logaddexp(beta * x, torch.zeros_like(x)) / beta


def mish(x):
    """torch's second derivative overflows."""
    return x * torch.tanh(softplus(x))


def hard_sigmoid(x):
    """torch's has no second derivative."""
    return functional.relu6(x + 3) / 6


def swiglu(x):
    a, b = x.chunk(2, -1)
    return functional.silu(a) * b


ACTIVATIONS = {
    "relu": elementwise(torch.relu, kinks=[0.0, -0.0]),
    "relu6": elementwise(functional.relu6, kinks=[0.0, -0.0, 6]),
    "leakyRelu": elementwise(functional.leaky_relu, kinks=[0.0, -0.0]),
    "leakyRelu($0, 0.2)": elementwise(lambda x: functional.leaky_relu(x, 0.2)),
    "prelu": by_channels,
    "elu": elementwise(functional.elu, kinks=[0.0, -0.0]),
    "elu($0, 0.5)": elementwise(lambda x: functional.elu(x, 0.5), kinks=[0.0]),
    "selu": elementwise(functional.selu, kinks=[0.0, -0.0]),
    "celu": elementwise(functional.celu, kinks=[0.0, -0.0]),
    "celu($0, 2)": elementwise(lambda x: functional.celu(x, 2), kinks=[0.0]),
    "sigmoid": elementwise(torch.sigmoid),
    "tanh": elementwise(torch.tanh),
    "gelu": elementwise(functional.gelu),
    'gelu($0, "tanh")': elementwise(lambda x: functional.gelu(x, approximate="tanh")),
    "silu": elementwise(functional.silu),
    "mish": elementwise(mish),
    "softplus": elementwise(softplus),
    "softplus($0, 3)": elementwise(lambda x: softplus(x, 3)),
    "softsign": elementwise(functional.softsign),
    "rrelu": elementwise(functional.rrelu, kinks=[0.0, -0.0]),
    "rrelu($0, 0.25, 0.75)": elementwise(lambda x: functional.rrelu(x, 0.25, 0.75)),
    "hardshrink": elementwise(functional.hardshrink, kinks=[-0.5, 0.0, 0.5]),
    "hardshrink($0, 2)": elementwise(lambda x: functional.hardshrink(x, 2), kinks=[-2, 2]),
    "softshrink": elementwise(functional.softshrink, kinks=[-0.5, 0.0, 0.5]),
    "softshrink($0, 2)": elementwise(lambda x: functional.softshrink(x, 2), kinks=[-2, 2]),
    "threshold($0, 0.5, 20)": elementwise(lambda x: functional.threshold(x, 0.5, 20), kinks=[0.5]),
    "tanhshrink": elementwise(functional.tanhshrink),
    "hardtanh": elementwise(functional.hardtanh, kinks=[-1, 1]),
    "hardtanh($0, -2, 0.5)": elementwise(lambda x: functional.hardtanh(x, -2, 0.5), kinks=[-2, 0.5]),
    "hardSigmoid": elementwise(hard_sigmoid, kinks=[-3, 3]),
    "hardSwish": elementwise(functional.hardswish, kinks=[-3, 3]),
    "logSigmoid": elementwise(functional.logsigmoid),
    "glu": by_halves(functional.glu),
    "glu($0, 0)": by_halves(lambda x: functional.glu(x, 0), axis=0),
    "swiglu": by_halves(swiglu),
    "softmax": by_rows(lambda x: functional.softmax(x, -1)),
    "softmax($0, 0)": by_rows(lambda x: functional.softmax(x, 0)),
    "logSoftmax": by_rows(lambda x: functional.log_softmax(x, -1)),
    "softmin": by_rows(lambda x: functional.softmin(x, -1)),
}

if __name__ == "__main__":
    write("activations", ACTIVATIONS)
