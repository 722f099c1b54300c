"""Golden values of normalisations: /usr/bin/python3 test/golden/make-norms.py (Debian's python3-torch 1.13), float64.

norms.json: cases as make.py describes them, of functions of the inputs and of the parameters, in the order in which they are given.
norm-runs.json: entry -> shape, momentum, batches; after each batch the running statistics, at last the result of evaluation.
"""
import json
import pathlib
import zlib

import numpy
import torch
from torch import nn
from torch.nn import functional

import make
from calls import write
from make import case, numbers, real

EPS = 1e-5


def batch_norm(x, weight=None, bias=None):
    return functional.batch_norm(x, None, None, weight, bias, training=True, eps=EPS)


def evaluated(x, mean, variance, weight, bias):
    """torch's function has no gradient for the statistics; here they are inputs like the others."""
    column = lambda a: a.reshape(-1, *[1] * (x.dim() - 2))
    value = (x - column(mean)) / torch.sqrt(column(variance) + EPS) * column(weight) + column(bias)
    plain = [t.detach() for t in (x, mean, variance, weight, bias)]
    assert torch.allclose(value, functional.batch_norm(*plain, training=False, eps=EPS), rtol=1e-13, atol=1e-13)
    return value


def group_norm(groups):
    return lambda x, weight, bias: functional.group_norm(x, groups, weight, bias, EPS)


def instance_norm(x, *given):
    return functional.instance_norm(x, None, None, *([*given, None, None][:2]), eps=EPS)


def response_norm(size, alpha, beta, k):
    return lambda x: functional.local_response_norm(x, size, alpha, beta, k)


def spectral_norm(training, layer=nn.Linear, function=functional.linear, rows=0):
    """The formula, so that there are gradients, twice; its values are those of torch's layer. `rows`: the axis of outputs."""
    def forward(x, bias, weight, u, v):
        matrix = weight.movedim(rows, 0).flatten(1)
        if training:
            with torch.no_grad():
                v = functional.normalize(matrix.T @ u, dim=0)
                u = functional.normalize(matrix @ v, dim=0)
        return function(x, weight / torch.dot(u, matrix @ v), bias)

    def checked(x, bias, weight, u, v):
        own = nn.utils.spectral_norm(layer(weight.shape[1 - rows], weight.shape[rows], *weight.shape[2:]).double())
        own.train(training)
        with torch.no_grad():
            for part, value in ((own.bias, bias), (own.weight_orig, weight), (own.weight_u, u), (own.weight_v, v)):
                assert part.shape == value.shape
                part.copy_(value)
        value = forward(x, bias, weight, u, v)
        assert torch.allclose(value, own(x), rtol=1e-12)
        return value
    return checked


def unit(n):
    return functional.normalize(real(n), dim=0)


def of_linear():
    return real(4, 3), real(2), real(2, 3), unit(2), unit(3)


def of_transposed():
    return real(2, 3, 5), real(2), real(3, 2, 4), unit(2), unit(12)


TRANSPOSED = nn.ConvTranspose1d, functional.conv_transpose1d, 1


def norms():
    channels = lambda f, *shapes: lambda: [case(f, real(*s), real(s[1]), real(s[1])) for s in shapes]
    plain = lambda f, *shapes: lambda: [case(f, real(*s)) for s in shapes]
    return {
        "BatchNorm2d": channels(batch_norm, (3, 2, 4, 5), (2, 3, 2, 2), (1, 2, 3, 3)),
        "BatchNorm2d evaluated": lambda: [case(evaluated, real(2, 3, 2, 2), real(3), real(3, low=0.5, high=3), real(3), real(3))],
        "BatchNorm3d": channels(batch_norm, (2, 2, 2, 2, 3), (1, 2, 3, 2, 4)),
        "GroupNorm 2": channels(group_norm(2), (2, 4), (2, 4, 3), (1, 4, 3, 2), (2, 4, 5, 5), (0, 4, 3)),
        "GroupNorm 1": channels(group_norm(1), (2, 3, 4)),
        "InstanceNorm1d": plain(instance_norm, (2, 3, 5), (1, 1, 4)),
        "InstanceNorm2d": channels(instance_norm, (3, 2, 3, 2), (2, 2, 4, 5)),
        "InstanceNorm3d": channels(instance_norm, (2, 2, 2, 3, 2)),
        "LocalResponseNorm 3": plain(response_norm(3, 0.5, 0.75, 2.0), (2, 7, 1), (2, 4, 3), (1, 3, 2, 2)),
        "LocalResponseNorm 4": plain(response_norm(4, 0.5, 1.5, 1.0), (2, 7, 1), (2, 2, 3)),
        "SpectralNorm": lambda: [case(spectral_norm(True), *of_linear(), smooth=False)],
        "SpectralNorm evaluated": lambda: [case(spectral_norm(False), *of_linear())],
        "SpectralNorm of ConvTranspose1d": lambda: [case(spectral_norm(True, *TRANSPOSED), *of_transposed(), smooth=False)],
        "SpectralNorm of ConvTranspose1d evaluated": lambda: [case(spectral_norm(False, *TRANSPOSED), *of_transposed())],
    }


STEPS = 4


def tracked(kind, shape, **options):
    layer = kind(shape[1], **options).double()
    batches = [real(*shape) * (i + 1) + i for i in range(STEPS)]
    steps = []
    for batch in batches:
        value = layer(batch)
        steps.append({"value": numbers(value), "mean": numbers(layer.running_mean), "variance": numbers(layer.running_var)})
    layer.eval()
    return {
        "shape": list(shape),
        "momentum": layer.momentum,
        "batches": [numbers(batch) for batch in batches],
        "steps": steps,
        "tracked": layer.num_batches_tracked.item(),
        "evaluated": numbers(layer(batches[0])),
    }


def runs():
    return {
        "BatchNorm2d": lambda: tracked(nn.BatchNorm2d, (2, 3, 4, 5)),
        "BatchNorm3d": lambda: tracked(nn.BatchNorm3d, (2, 2, 2, 1, 3), momentum=None),
        "InstanceNorm1d": lambda: tracked(nn.InstanceNorm1d, (3, 2, 4), momentum=0.3, track_running_stats=True),
        "InstanceNorm2d": lambda: tracked(nn.InstanceNorm2d, (2, 2, 4, 5), affine=True, track_running_stats=True),
    }


def main():
    write("norms", norms())
    lines = []
    for name, run in runs().items():
        make.random = numpy.random.default_rng(zlib.crc32(name.encode()))
        lines.append(f"{json.dumps(name)}: {json.dumps(run(), separators=(',', ':'))}")
    (pathlib.Path(__file__).parent / "norm-runs.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
