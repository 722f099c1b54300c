"""Golden values of layers: /usr/bin/python3 test/golden/make-layers.py (Debian's python3-torch 1.13), float64.

layers.json: cases as make.py describes them, of functions of the inputs and of the parameters, in the order in which they are given.
batch-norm.json: entry -> shape, momentum, batches; after each batch the running statistics, at last the result of evaluation.
RMSNorm, which torch 1.13 does not have, is the formula of torch.nn.RMSNorm (2.4).
"""
import json
import pathlib

import numpy
import torch
from torch import nn
from torch.nn import functional

import make
from make import case, f64, i32, numbers, real

EPS = 1e-5


def layer_norm(size):
    return lambda x, *given: functional.layer_norm(x, size, *([*given, None, None][:2]), eps=EPS)


def rms_norm(axes, eps=2.0**-23):
    return lambda x, *weight: x * torch.rsqrt((x * x).mean(axes, keepdim=True) + eps) * (weight[0] if weight else 1)


def batch_norm(x, weight=None, bias=None):
    return functional.batch_norm(x, None, None, weight, bias, training=True, eps=EPS)


def evaluated(x, mean, variance, weight, bias):
    """torch's function has no gradient for the statistics; here they are inputs like the others."""
    column = lambda a: a.reshape(-1, *[1] * (x.dim() - 2))
    value = (x - column(mean)) / torch.sqrt(column(variance) + EPS) * column(weight) + column(bias)
    plain = [t.detach() for t in (x, mean, variance, weight, bias)]
    assert torch.allclose(value, functional.batch_norm(*plain, training=False, eps=EPS), rtol=1e-13, atol=1e-13)
    return value


def embedding(padding=None, longest=None, kind=2.0):
    def look_up(index, weight):
        if longest is None:
            return functional.embedding(index.long(), weight, padding)
        # torch shortens the rows in place before it looks them up; the gradient knows nothing of it.
        with torch.no_grad():
            copy = weight.detach().clone()
            short = functional.embedding(index.long(), copy, padding, longest, kind)
        found = functional.embedding(index.long(), weight, padding)
        return found + (short - found).detach()
    return look_up


def bags(mode, padding=None):
    """Torch's have no gradient of the gradient: rows that are looked up have."""
    def forward(index, weight, *weights):
        rows = functional.embedding(index.long(), weight, padding)
        counts = torch.ones_like(index, dtype=torch.bool) if padding is None else index != padding
        if mode == "max":
            value = torch.where(counts[..., None], rows, torch.tensor(-torch.inf, dtype=rows.dtype)).max(1)[0]
            value = torch.where(counts.any(1)[:, None], value, torch.zeros_like(value))
        else:
            value = (rows * counts[..., None] * (weights[0][..., None] if weights else 1)).sum(1)
            value = value / counts.sum(1)[:, None].clamp(min=1) if mode == "mean" else value
        own = [w.detach() for w in weights]
        plain = functional.embedding_bag(index.long(), weight.detach(), None, None, 2.0, False, mode, False, *(own or [None]), False, padding)
        assert torch.allclose(value, plain, rtol=1e-13)
        return value
    return forward


def offset_bags(mode):
    def forward(index, offsets, weight):
        ends = [*offsets.tolist()[1:], len(index)]
        parts = [functional.embedding(index[a:b].long(), weight) for a, b in zip(offsets.tolist(), ends)]
        value = torch.stack([part.sum(0) / (max(1, len(part)) if mode == "mean" else 1) for part in parts])
        assert torch.allclose(value, functional.embedding_bag(index.long(), weight.detach(), offsets.long(), mode=mode), rtol=1e-13)
        return value
    return forward


def weight_norm(dim):
    """The second gradient of torch's fused torch._weight_norm is not that of its formula (nor what differences say)."""
    def forward(x, bias, g, v):
        weight = v * (g / (v.norm() if dim is None else v.norm(dim=1, keepdim=True)))
        assert dim is None or torch.allclose(weight, torch._weight_norm(v, g, dim), rtol=1e-14)
        return functional.linear(x, weight, bias)
    return forward


def bag_entries():
    return {
        "EmbeddingBag": [case(bags("mean"), i32([[0, 1, 1], [4, 2, 3]]), real(5, 3))],
        "EmbeddingBag sum": [case(bags("sum"), i32([[0, 1, 1], [4, 2, 3]]), real(5, 3), real(2, 3))],
        "EmbeddingBag sum paddingIdx": [case(bags("sum", 2), i32([[2, 1, 2], [4, 2, 3], [2, 2, 2]]), real(5, 3), smooth=False)],
        "EmbeddingBag mean paddingIdx": [case(bags("mean", 2), i32([[2, 1, 2], [4, 2, 3], [2, 2, 2]]), real(5, 3), smooth=False)],
        "EmbeddingBag max": [case(bags("max"), i32([[0, 1, 3], [4, 2, 3]]), real(5, 3), smooth=False)],
        "EmbeddingBag max paddingIdx": [case(bags("max", 2), i32([[2, 1, 0], [4, 2, 3], [2, 2, 2]]), real(5, 3), smooth=False)],
        "EmbeddingBag sum offsets": [case(offset_bags("sum"), i32([0, 1, 1, 4, 2]), i32([0, 2, 2, 5]), real(5, 3))],
        "EmbeddingBag mean offsets": [case(offset_bags("mean"), i32([0, 1, 1, 4, 2]), i32([0, 2, 2, 4]), real(5, 3))],
    }


def layers():
    index = lambda: i32([[3, 0, 2], [2, 2, 4]])
    long_rows = f64([[3, 4, 0], [0.5, 0.25, 0.125], [-6, 8, 1], [0, 0, 2], [1, -2, 2]])
    return {
        "Linear": [case(functional.linear, real(4, 3), real(2, 3), real(2)), case(functional.linear, real(2, 2, 3), real(1, 3), real(1))],
        "PReLU": [case(functional.prelu, real(*s), real(1)) for s in ((3, 5), (7,), (2, 3, 2))],
        "PReLU 3": [case(functional.prelu, real(*s), real(3)) for s in ((4, 3), (2, 3, 2))],
        "Bilinear": [
            case(functional.bilinear, real(4, 3), real(4, 5), real(2, 3, 5), real(2)),
            case(functional.bilinear, real(2, 2, 1), real(2, 2, 3), real(4, 1, 3), real(4)),
        ],
        "Embedding": [case(embedding(), index(), real(5, 3)), case(embedding(), i32(1), real(2, 4))],
        "Embedding paddingIdx": [case(embedding(padding=2), index(), real(5, 3), smooth=False)],
        "Embedding maxNorm": [case(embedding(longest=2.5), index(), long_rows, smooth=False)],
        "Embedding maxNorm 1 paddingIdx": [case(embedding(padding=3, longest=2.5, kind=1.0), index(), long_rows, smooth=False)],
        "LayerNorm": [case(layer_norm((5,)), real(*s), real(5), real(5)) for s in ((3, 5), (2, 2, 5), (5,))],
        "LayerNorm of two axes": [case(layer_norm((3, 2)), real(2, 3, 2), real(3, 2), real(3, 2))],
        "LayerNorm plain": [case(layer_norm((4,)), real(3, 4))],
        "RMSNorm": [case(rms_norm(-1), real(*s), real(5)) for s in ((3, 5), (2, 2, 5), (5,))],
        "RMSNorm of two axes": [case(rms_norm((-2, -1), 1e-3), real(2, 3, 2), real(3, 2))],
        "RMSNorm plain": [case(rms_norm(-1), real(3, 4))],
        "BatchNorm1d": [case(batch_norm, real(*s), real(3), real(3)) for s in ((5, 3), (4, 3, 2), (1, 3, 4))],
        "BatchNorm1d plain": [case(batch_norm, real(5, 3))],
        "BatchNorm1d evaluated": [
            case(evaluated, real(*s), real(3), real(3, low=0.5, high=3), real(3), real(3)) for s in ((5, 3), (4, 3, 2))
        ],
        "weightNorm": [case(weight_norm(0), real(4, 3), real(2), real(2, 1), real(2, 3))],
        "weightNorm null": [case(weight_norm(None), real(4, 3), real(2), real(), real(2, 3))],
    }


STEPS = 5


def tracked(shape, momentum, **options):
    layer = nn.BatchNorm1d(shape[1], momentum=momentum, **options).double()
    batches = [real(*shape) * (i + 1) + i for i in range(STEPS)]
    steps = []
    for batch in batches:
        value = layer(batch)
        steps.append({"value": numbers(value), "mean": numbers(layer.running_mean), "variance": numbers(layer.running_var)})
    layer.eval()
    return {
        "shape": list(shape),
        "momentum": momentum,
        "batches": [numbers(batch) for batch in batches],
        "steps": steps,
        "tracked": layer.num_batches_tracked.item(),
        "evaluated": numbers(layer(batches[0])),
    }


def main():
    make.random = numpy.random.default_rng(20240607)  # one stream: a new entry changes what stands behind it
    folder = pathlib.Path(__file__).parent
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    stream, all_layers = make.random, layers()
    make.random = make.stream("EmbeddingBag")
    all_layers.update(bag_entries())
    make.random = stream
    entries = [f"{json.dumps(name)}: [\n" + ",\n".join(map(compact, cases)) + "\n]" for name, cases in all_layers.items()]
    (folder / "layers.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")
    runs = {"rows": tracked((6, 3), 0.1), "sequences": tracked((3, 2, 4), 0.3), "mean of all": tracked((4, 2), None)}
    lines = [f"{json.dumps(name)}: {compact(run)}" for name, run in runs.items()]
    (folder / "batch-norm.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
