"""Golden values of convolutions: /usr/bin/python3 test/golden/make-conv.py (Debian's python3-torch 1.13), float64.

convolution.json: cases as make.py describes them. convolutions.json: a table of random settings, with whole numbers that a formula makes
(`filled`), so that every sum is exact in float32, too: of the value, of the gradients and of the gradients of these there are only the
number of elements, their sum and a sum by place.
"""
import json
import math
import pathlib
import random as chance
import zlib

import numpy
import torch
from torch.nn import functional

import make
from make import case, gradients, real


def conv(axes, **options):
    f = getattr(functional, f"conv{axes}d")
    return lambda x, w, *bias: f(x, w, *bias, **options)


def transposed(axes, **options):
    f = getattr(functional, f"conv_transpose{axes}d")
    return lambda x, w, *bias: f(x, w, *bias, **options)


def filters(x, y):
    """What the weight of conv2d(x, weight [.., .., 2, 3], stride=(2, 1), padding=1) gets from y, by torch's unfold: twice differentiable."""
    columns = functional.unfold(x, (2, 3), stride=(2, 1), padding=1)
    return torch.einsum("nkl,nol->ok", columns, y.flatten(2)).reshape(y.shape[1], x.shape[1], 2, 3)


def samples():
    fold = lambda x: functional.fold(x, (4, 5), (2, 3), dilation=(1, 2), padding=1, stride=(2, 1))
    unfold = lambda x: functional.unfold(x, (2, 3), dilation=(1, 2), padding=1, stride=(2, 1))
    return {
        "conv1d": lambda: [case(conv(1), real(2, 3, 7), real(4, 3, 3)), case(conv(1, stride=2, padding=2, dilation=2), real(1, 2, 6), real(1, 2, 3), real(1))],
        "conv2d": lambda: [case(conv(2, padding=1), real(2, 2, 4, 5), real(3, 2, 3, 3), real(3)), case(conv(2, padding=1), real(0, 2, 3, 3), real(3, 2, 3, 3), real(3))],
        "conv2d strided": lambda: [case(conv(2, stride=(2, 1), padding=(1, 0), groups=2), real(2, 4, 5, 4), real(2, 2, 3, 2), real(2))],
        "conv2d depthwise": lambda: [case(conv(2, padding=1, groups=3), real(1, 3, 4, 3), real(6, 1, 3, 3), real(6))],
        "conv3d": lambda: [case(conv(3, stride=(1, 2, 1), padding=1), real(1, 2, 3, 3, 2), real(2, 2, 2, 2, 3), real(2))],
        "convTranspose1d": lambda: [case(transposed(1), real(2, 3, 4), real(3, 2, 3), real(2))],
        "convTranspose2d": lambda: [case(transposed(2, stride=2, padding=1, output_padding=1, groups=2), real(1, 2, 3, 2), real(2, 2, 3, 3), real(4))],
        "convTranspose3d": lambda: [case(transposed(3, stride=(2, 1, 3), dilation=(1, 2, 1)), real(1, 2, 2, 1, 2), real(2, 1, 2, 2, 2), real(1))],
        "filters": lambda: [case(filters, real(2, 2, 3, 4), real(2, 3, 2, 4))],
        "Unfold": lambda: [case(unfold, real(2, 2, 4, 5))],
        "Fold": lambda: [case(fold, real(2, 12, 9))],
    }


def filled(shape, salt):
    """Whole numbers from -8 to 7."""
    size = math.prod(shape)
    mixed = (numpy.arange(1, size + 1, dtype=numpy.uint64) * numpy.uint64(2654435761) + numpy.uint64(salt * 2246822519)) % numpy.uint64(2**32)
    data = (mixed >> numpy.uint64(28)).astype(numpy.int64) - 8
    return torch.tensor(data.reshape(shape), dtype=torch.float64)


def summed(tensor):
    data = numpy.rint(tensor.detach().numpy().reshape(-1)).astype(numpy.int64)
    assert not data.size or numpy.abs(tensor.detach().numpy().reshape(-1) - data).max() == 0
    places = numpy.arange(data.size, dtype=numpy.int64) * 7919 % 101 + 1
    return [int(data.size), int(data.sum()), int((data * places).sum())]


PADDINGS = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def setting(draw):
    """One random setting that torch can do, or None."""
    axes = draw.choice([1, 1, 2, 2, 2, 2, 3])
    is_transposed = draw.random() < 0.3
    most = {1: 17, 2: 9, 3: 5}[axes]
    some = lambda low, high: draw.randint(low, high) if draw.random() < 0.6 else [draw.randint(low, high) for _ in range(axes)]
    groups = draw.choice([1, 1, 1, 2, 3])
    depthwise = draw.random() < 0.15
    inputs = groups * draw.randint(1, 4)
    outputs = groups * draw.randint(1, 4)
    if depthwise:
        inputs = groups = draw.randint(2, 5)
        outputs = groups * draw.randint(1, 2)
    if draw.random() < 0.1:
        inputs *= 5
    batch = draw.choice([0, 1, 1, 2, 2, 3])
    size = [draw.randint(1, most) for _ in range(axes)]
    taps = [draw.randint(1, min(5, most)) for _ in range(axes)]
    options = {"stride": some(1, 3), "dilation": some(1, 3) if draw.random() < 0.4 else 1, "groups": groups}
    mode = "zeros"
    if is_transposed:
        options["padding"] = some(0, 2)
        options["outputPadding"] = some(0, 2) if draw.random() < 0.5 else 0
    else:
        options["padding"] = draw.choice(["same", "valid", "list", "list", "list", "list"])
        if options["padding"] == "list":
            options["padding"] = some(0, 3)
        if options["padding"] == "same":
            options["stride"] = 1
        mode = draw.choice(["zeros", "zeros", "zeros", "reflect", "replicate", "circular"])
    weight = [inputs, outputs // groups, *taps] if is_transposed else [outputs, inputs // groups, *taps]
    return {"axes": axes, "transposed": is_transposed, "x": [batch, inputs, *size], "weight": weight, "bias": outputs, "mode": mode, "options": options}


def run(each, x, w, b):
    axes, options = each["axes"], dict(each["options"])
    if each["transposed"]:
        every = [[value] * axes if isinstance(value, int) else value for value in (options["outputPadding"], options["stride"], options["dilation"])]
        if any(more >= max(stride, dilation) for more, stride, dilation in zip(*every)):
            return None  # torch does not always say so
        options["output_padding"] = options.pop("outputPadding")
        return transposed(axes, **options)(x, w, b)
    padding = options["padding"]
    if each["mode"] != "zeros":
        listed = lambda value: [value] * axes if isinstance(value, int) else value
        reach = [(t - 1) * d for t, d in zip(each["weight"][2:], listed(options["dilation"]))]
        if padding == "same":
            around = [(r // 2, r - r // 2) for r in reach]
        else:
            around = [(p, p) for p in ([0] * axes if padding == "valid" else listed(padding))]
        if x.shape[0] == 0:
            return None  # torch pads no empty batch
        x = functional.pad(x, [p for pair in reversed(around) for p in pair], mode=PADDINGS[each["mode"]])
        options["padding"] = 0
    return conv(axes, **options)(x, w, b)


def table(count):
    draw = chance.Random(7)
    rows = []
    while len(rows) < count:
        each = setting(draw)
        x, w, b = (filled(shape, salt).requires_grad_() for salt, shape in enumerate((each["x"], each["weight"], [each["bias"]])))
        try:
            value = run(each, x, w, b)
        except (RuntimeError, ValueError):
            continue  # a filter that is too large, or padding that is too long: test/functions/convolution.test.ts has such
        if value is None or value.numel() == 0 and each["x"][0] > 0:
            continue
        leaves = [x, w, b]
        first = gradients((value * filled(value.shape, 3)).sum(), leaves)
        directions = [filled(leaf.shape, 4 + i) for i, leaf in enumerate(leaves)]
        second = gradients(sum((g * v).sum() for g, v in zip(first, directions)), leaves)
        rows.append({**each, "shape": list(value.shape), "sums": [summed(t) for t in (value, *first, *second)]})
    return rows


def main():
    written = []
    for name, make_cases in samples().items():
        make.random = numpy.random.default_rng(zlib.crc32(name.encode()))
        cases = ",\n".join(json.dumps(each, separators=(",", ":")) for each in make_cases())
        written.append(f"{json.dumps(name)}: [\n{cases}\n]")
    folder = pathlib.Path(__file__).parent
    (folder / "convolution.json").write_text("{\n" + ",\n".join(written) + "\n}\n")
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in table(200))
    (folder / "convolutions.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
