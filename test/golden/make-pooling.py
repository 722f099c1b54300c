"""Golden values of pooling, padding and resizing: /usr/bin/python3 test/golden/make-pooling.py (Debian's python3-torch 1.13), float64.

pooling.json: cases of functions in the format of make.py, whose tools it takes; each entry has random numbers of its own, by its name.
pooling-layers.json: torch's layers over a table of arguments; inputs, cotangents and directions are formulas of the index that the test has,
too (`numbers_of`), results are rounded to 9 digits. torch 1.13 has no nn.CircularPad2d: it is functional.pad there, and Keras' cropping is
a slice.
"""
import json
import pathlib
import re
import zlib

import make
import numpy
import torch
from make import INFINITY, NAN, case, f64, gradients, i32, real
from torch import nn
from torch.nn import functional as F

# Functions


def maxima(n, *args, **options):
    f = [F.max_pool1d, F.max_pool2d, F.max_pool3d][n - 1]
    return lambda x: f(x, *args, **options)


def places(n, *args, **options):
    f = [F.max_pool1d, F.max_pool2d, F.max_pool3d][n - 1]
    return lambda x: f(x, *args, return_indices=True, **options)[1].to(torch.int32)


def pooling():
    wild = f64([[[1, NAN, 3, INFINITY, NAN, -INFINITY, -INFINITY, -INFINITY], [-0.0, 0.0, 2, 2, 0.0, -0.0, 1e-40, -1]]])
    ties = f64([[[[1, 1, 2, 2, 0], [1, 1, 2, 2, 0], [3, 0, 3, 0, 3]]]])
    flat = f64([[[0, 0, 1, -1, 2, 2, -3, -1, NAN, 1, -0.0, 0, INFINITY, 1, 1, -INFINITY]]])
    tall = lambda: real(1, 2, 5, 7)
    return {
        "maxPool": lambda: [case(maxima(2, 2), real(*s)) for s in ((1, 2, 4, 6), (2, 5, 7), (0, 2, 4, 4))],
        "maxPool 3 by 2 around": lambda: [case(maxima(2, 3, 2, 1), real(*s)) for s in ((1, 2, 5, 7), (2, 1, 4, 9))],
        "maxPool dilated": lambda: [case(maxima(2, (2, 3), (3, 1), (1, 1), (2, 2), ceil_mode=True), real(*s)) for s in ((1, 1, 6, 9), (2, 7, 8))],
        "maxPool 1": lambda: [case(maxima(1, 3, 1, 1), real(*s)) for s in ((1, 2, 9), (2, 5))] + [case(maxima(1, 3, 1, 1), wild, order=0)],
        "maxPool 3": lambda: [case(maxima(3, (2, 1, 2), (1, 2, 2)), real(1, 2, 3, 4, 5))],
        "maxPool of ties": lambda: [case(maxima(2, 2), ties, smooth=False)],
        "maxPoolWithIndices": lambda: [case(places(2, 2, 1), x, order=0) for x in (tall(), ties)],
        "maxPoolWithIndices 1": lambda: [case(places(1, 2), wild, order=0)],
        "avgPool": lambda: [case(lambda x: F.avg_pool2d(x, 2), real(*s)) for s in ((1, 2, 4, 6), (2, 5, 7), (0, 2, 4, 4))],
        "avgPool 3 around": lambda: [case(lambda x: F.avg_pool2d(x, 3, 2, 1, True), real(*s)) for s in ((1, 2, 5, 7), (2, 6, 9))],
        "avgPool 3 within": lambda: [case(lambda x: F.avg_pool2d(x, 3, 1, 1, False, False), real(*s)) for s in ((1, 2, 5, 7), (1, 4, 9))],
        "avgPool 1": lambda: [case(lambda x: F.avg_pool1d(x, 4, 3), real(*s)) for s in ((1, 2, 11), (2, 4))],
        "avgPool 1 wild": lambda: [case(lambda x: F.avg_pool1d(x, 3, 1), wild, order=0)],
        "avgPool 3": lambda: [case(lambda x: F.avg_pool3d(x, (2, 3, 2), (1, 2, 2), (1, 1, 0), False, True, 7), real(1, 2, 3, 4, 5))],
        "adaptiveAvgPool": lambda: [case(lambda x: F.adaptive_avg_pool2d(x, (3, 5)), real(*s)) for s in ((1, 2, 7, 5), (2, 4, 12), (1, 1, 2, 3))],
        "adaptiveAvgPool to one": lambda: [case(lambda x: F.adaptive_avg_pool2d(x, (1, 1)), real(2, 3, 4, 5))],
        "adaptiveMaxPool": lambda: [case(lambda x: F.adaptive_max_pool2d(x, (3, 5)), real(*s)) for s in ((1, 2, 7, 5), (2, 4, 12), (1, 1, 2, 3))],
        "adaptiveMaxPoolWithIndices": lambda: [case(lambda x: F.adaptive_max_pool2d(x, (3, 5), True)[1].to(torch.int32), tall(), order=0)],
        "sumPoolTransposed": lambda: [case(lambda x: F.conv_transpose2d(x, torch.ones(1, 1, 3, 3, dtype=x.dtype), stride=2, padding=1), real(2, 1, 4, 3))],
        "maxUnpool": lambda: [case(lambda x, i: F.max_unpool2d(x, i.long(), 2, output_size=(4, 5)), real(1, 2, 2, 2), i32([[[[1, 7], [10, 13]], [[5, 2], [11, 18]]]]))],
        "maxUnpool of several": lambda: [case(last_of, real(1, 1, 4), i32([[[1, 3, 1, 0]]]))],
        "lpPool": lambda: [case(lambda x: F.lp_pool2d(x, 3, 2, 1), real(1, 2, 4, 5, low=0.1, high=3)), case(lambda x: F.lp_pool2d(x, 3, 2, 1), real(2, 3, 4, low=0.1))],
        "lpPool ceil": lambda: [case(lambda x: F.lp_pool2d(x, 2, 3, 2, True), real(1, 2, 4, 6))],
        "lpPool 2 flat": lambda: [case(lambda x: F.lp_pool2d(x, 2, 2), f64([[[[0, 0, 3, 4, 0, NAN], [0, 0, 0, 1, 0, 0]]]]), order=1, smooth=False)],
        **{f"lpPool {p} of sums of 0": lambda p=p: [case(lambda x: F.lp_pool1d(x, p, 2), flat, order=1, smooth=False)] for p in (1, 3)},
    }


def last_of(x, index):
    """What torch puts where several values have one place; its gradient gives all of them the cotangent, here the one that is left alone."""
    left = f64([[[0, 1, 1, 1]]])
    value = torch.zeros(1, 1, 8, dtype=x.dtype).scatter_add(2, index.long(), x * left)
    assert torch.equal(value, F.max_unpool1d(x.detach(), index.long(), 2))
    return value


def others():
    padded = lambda pads, mode, value=0: lambda x: F.pad(x, pads, mode, value)
    resized = lambda **options: lambda x: F.interpolate(x, **options)
    return {
        "pad": lambda: [case(padded((1, 2), "constant", 1.5), real(*s)) for s in ((3,), (2, 3))] + [case(padded((-1, 2, 0, -1), "constant"), real(2, 3, 4))],
        "pad reflect": lambda: [case(padded((2, 1, 0, 3), "reflect"), real(*s)) for s in ((1, 2, 4, 5), (2, 4, 3))],
        "pad replicate": lambda: [case(padded((2, 1, 0, 3), "replicate"), real(*s)) for s in ((1, 2, 1, 3), (1, 1, 2))],
        "pad circular": lambda: [case(padded((2, 1, 0, 3), "circular"), real(*s)) for s in ((1, 2, 4, 3), (2, 1, 3, 2))],
        "pad reflect less and more": lambda: [case(padded((-2, 2, 2, -3), "reflect"), real(*s)) for s in ((1, 2, 3, 3), (2, 4, 5))],
        "pad replicate less and more": lambda: [case(padded((-2, 4, 3, -3), "replicate"), real(*s)) for s in ((1, 2, 3, 2), (2, 1, 1))],
        "pad circular less and more": lambda: [case(padded((-2, 2, 1, -3), "circular"), real(1, 2, 4, 4))],
        "interpolate": lambda: [case(resized(scale_factor=2), real(*s)) for s in ((1, 2, 3, 2), (2, 1, 3), (1, 1, 2, 2, 1))],
        "interpolate nearest": lambda: [case(resized(size=(5, 2)), real(*s)) for s in ((1, 2, 3, 4), (1, 1, 7, 3))],
        "interpolate exact": lambda: [case(resized(size=(5, 2), mode="nearest-exact"), real(1, 2, 3, 4))],
        "interpolate linear": lambda: [case(resized(size=7, mode="linear"), real(*s)) for s in ((1, 2, 4), (2, 1, 10), (1, 1, 1))],
        "interpolate bilinear": lambda: [case(resized(scale_factor=2, mode="bilinear"), real(*s)) for s in ((1, 2, 3, 4), (1, 1, 1, 5))],
        "interpolate corners": lambda: [case(resized(size=(5, 3), mode="bilinear", align_corners=True), real(1, 2, 3, 4))],
        "interpolate bicubic": lambda: [case(resized(size=(5, 7), mode="bicubic"), real(1, 2, 3, 4))],
        "interpolate trilinear": lambda: [case(resized(scale_factor=(2, 1.5, 1), mode="trilinear"), real(1, 1, 2, 3, 2))],
        "pixelShuffle": lambda: [case(lambda x: F.pixel_shuffle(x, 2), real(*s)) for s in ((1, 8, 2, 3), (4, 3, 1))],
        "pixelUnshuffle": lambda: [case(lambda x: F.pixel_unshuffle(x, 2), real(*s)) for s in ((1, 2, 4, 6), (1, 2, 2))],
    }


# Layers


def numbers_of(count, salt):
    """Multiples of 1/32 from -8 to 8, none twice among 500 that follow one another."""
    return torch.tensor([((i * 193 + salt * 71 + 29) % 509 - 254) / 32 for i in range(count)], dtype=torch.float64)


def filled(shape, salt):
    return numbers_of(int(numpy.prod(shape)), salt).reshape(shape)


class Circular(nn.Module):
    def __init__(self, padding, axes):
        super().__init__()
        self.padding = padding if isinstance(padding, (list, tuple)) else [padding] * (2 * axes)

    def forward(self, x):
        return F.pad(x, tuple(self.padding), "circular")


class Cropping(nn.Module):
    def __init__(self, cropping, axes):
        super().__init__()
        pairs = cropping if isinstance(cropping, (list, tuple)) else [cropping] * axes
        self.pairs = [pair if isinstance(pair, (list, tuple)) else (pair, pair) for pair in pairs]

    def forward(self, x):
        ends = [slice(a, x.shape[i - len(self.pairs)] - b) for i, (a, b) in enumerate(self.pairs)]
        return x[(..., *ends)]


def layer_of(name, args, options):
    tuples = lambda value: tuple(value) if isinstance(value, list) else value
    args = [tuples(each) for each in args]
    options = {re.sub("[A-Z]", lambda m: "_" + m[0].lower(), key): tuples(value) for key, value in options.items()}
    if name.startswith(("CircularPad", "Cropping")):
        return (Circular if name.startswith("C") and "Pad" in name else Cropping)(*args, int(name[-2]))
    return getattr(nn, name)(*args, **options)


def row(name, shape, *args, **options):
    x = filled(shape, 1).requires_grad_(True)
    result = layer_of(name, args, options)(x)
    indices = None
    if isinstance(result, tuple):
        result, indices = result
    (first,) = gradients((result * filled(result.shape, 2)).sum(), [x])
    (second,) = gradients((first * filled(shape, 3)).sum(), [x])
    short = lambda tensor: [make.number(float(f"{value:.9g}")) for value in tensor.detach().reshape(-1).tolist()]
    written = {"layer": name, "shape": shape, "args": list(args), "options": options, "result": list(result.shape), "value": short(result), "gradient": short(first)}
    if torch.count_nonzero(second):
        written["second"] = short(second)
    if indices is not None:
        written["indices"] = indices.reshape(-1).tolist()
    return written


def table():
    """A sample of combinations, drawn by a stream of its own; what torch refuses is drawn again."""
    draw = numpy.random.default_rng(20)
    pick = lambda *values: values[draw.integers(len(values))]
    rows = []

    def shape_of(n, least=3):
        lead = pick([1, 2], [2, 1], [2])
        return lead + [int(draw.integers(least, {1: 14, 2: 8, 3: 4}[n] + 1)) for _ in range(n)]

    def sizes(n, low, high):
        return int(draw.integers(low, high + 1)) if draw.random() < 0.5 else [int(draw.integers(low, high + 1)) for _ in range(n)]

    def add(count, make_row):
        found = 0
        while found < count:
            try:
                name, shape, args, options = make_row()
                new = row(name, shape, *args, **options)
            except (RuntimeError, ValueError, AssertionError, NotImplementedError):
                continue
            rows.append(new)
            found += 1

    def windows(n, dilated):
        options = {}
        if draw.random() < 0.7:
            options["stride"] = sizes(n, 1, 3)
        if draw.random() < 0.5:
            options["padding"] = sizes(n, 0, 1)
        if draw.random() < 0.5:
            options["ceilMode"] = True
        if dilated and draw.random() < 0.4:
            options["dilation"] = sizes(n, 1, 2)
        return sizes(n, 2, 3), options

    for n in (1, 2, 3):
        def largest(n=n):
            kernel, options = windows(n, True)
            if draw.random() < 0.5:
                options["returnIndices"] = True
            return f"MaxPool{n}d", shape_of(n), [kernel], options
        def mean(n=n):
            kernel, options = windows(n, False)
            if draw.random() < 0.5:
                options["countIncludePad"] = False
            if n > 1 and draw.random() < 0.2:
                options["divisorOverride"] = 3
            return f"AvgPool{n}d", shape_of(n), [kernel], options
        add(14, largest)
        add(14, mean)
        add(5, lambda n=n: (f"AdaptiveAvgPool{n}d", shape_of(n), [sizes(n, 1, 5)], {}))
        add(5, lambda n=n: (f"AdaptiveMaxPool{n}d", shape_of(n), [sizes(n, 1, 5)], {"returnIndices": True}))
        add(2, lambda n=n: (f"ConstantPad{n}d", shape_of(n), [pick(sizes(1, 0, 2), [int(v) for v in draw.integers(-1, 3, 2 * n)]), 0.5], {}))
        # torch pads unbatched circular input otherwise in 1.13: batches alone.
        batched = lambda n=n: [1, 2] + shape_of(n)[-n:]
        pads = lambda high, n=n: int(draw.integers(1, high + 1)) if draw.random() < 0.3 else [int(v) for v in draw.integers(0, high + 1, 2 * n)]
        add(3, lambda n=n: (f"ReflectionPad{n}d", batched(), [pads(2)], {}))
        add(3, lambda n=n: (f"ReplicationPad{n}d", batched(), [pads(3)], {}))
        add(3, lambda n=n: (f"CircularPad{n}d", batched(), [pads(3)], {}))
        add(2, lambda n=n: (f"Cropping{n}d", batched(), [pick(1, [[0, 1]] * n, [[1, 1]] * n)], {}))
        add(3, lambda n=n: ("Upsample", batched(), [], {pick("size", "scaleFactor"): sizes(n, 1, 4), "mode": "nearest"}))
        linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[n]
        for mode in [linear] + (["bicubic"] if n == 2 else []):
            add(3, lambda n=n: ("Upsample", batched(), [], {"size": sizes(n, 1, 7), "mode": mode}))
            add(2, lambda n=n: ("Upsample", batched(), [], {"scaleFactor": pick(2, 1.5, 0.7, 3), "mode": mode}))
            add(2, lambda n=n: ("Upsample", batched(), [], {"size": sizes(n, 1, 7), "mode": mode, "alignCorners": True}))
    add(2, lambda: ("ZeroPad2d", shape_of(2), [pick(1, [1, 0, 2, -1])], {}))
    for n in (1, 2):
        add(3, lambda n=n: (f"LPPool{n}d", shape_of(n), [2, int(draw.integers(2, 4)) if n == 1 else sizes(n, 2, 3)], {"stride": pick(1, 2), "ceilMode": pick(True, False)}))
    add(2, lambda: ("PixelShuffle", [2, 4, 2, 3], [2], {}))
    add(2, lambda: ("PixelUnshuffle", [2, 1, 6, 3], [3], {}))
    # Kernels that are cut off on both sides.
    for name in ("MaxPool2d", "AvgPool2d"):
        rows.append(row(name, [2, 3, 6], 4, stride=2, ceilMode=True))
    # A batch of none.
    for name, args in (("MaxPool2d", [2]), ("AvgPool2d", [3]), ("AdaptiveAvgPool2d", [2]), ("AdaptiveMaxPool2d", [2]), ("ReflectionPad2d", [1]), ("ReplicationPad2d", [1])):
        rows.append(row(name, [0, 2, 5, 4], *args))
    return rows


def main():
    written = []
    for name, make_cases in {**pooling(), **others()}.items():
        make.random = numpy.random.default_rng(zlib.crc32(name.encode()))
        cases = ",\n".join(json.dumps(each, separators=(",", ":")) for each in make_cases())
        written.append(f"{json.dumps(name)}: [\n{cases}\n]")
    folder = pathlib.Path(__file__).parent
    folder.joinpath("pooling.json").write_text("{\n" + ",\n".join(written) + "\n}\n")
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in table())
    folder.joinpath("pooling-layers.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
