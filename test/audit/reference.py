"""What PyTorch computes for the cases of the audit: JSON lines in, JSON lines out, in the same order, one process for a whole run.

A request holds a twin's name (twins.py), options, inputs, cotangents of the value (`weights`) and of the gradients (`directions`), where
wanted. The answer holds, for value, gradients and gradients of gradients, in float64:
  expected   at the inputs;
  moved      the largest change where inputs and cotangents move to a neighbouring float32 number: how well the question is put;
  single     the largest distance of PyTorch's own float32 from that, there and at points close by: what intermediate results cost in that
             precision; `double` the same of its own float64, where the expected values are those of a formula;
  overflows  where PyTorch's float32 is no finite number although that is another; `undefined` the same of its own float64.
Numbers that are exact at ties and kinks (multiples of 1/4 up to 8) do not move to neighbours, and equal numbers move together: else a
kink would excuse anything. An exception of a twin is answered as `throws`.
"""
import json
import math
import sys
import zlib

try:
    import numpy
    import torch
except ImportError:
    sys.exit(3)

import twins

torch.set_num_threads(1)
DTYPES = {"f32": torch.float64, "i32": torch.int32}
MOVES = 5  # neighbours looked at
SINGLES = 4  # points within 2^-10 of the inputs that float32 is tried at, too: at one point it may be right by luck
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}


def decode(x):
    """JSON with special numbers as strings."""
    if isinstance(x, str):
        return SPECIAL.get(x, x)
    if isinstance(x, list):
        return [decode(each) for each in x]
    return {key: decode(each) for key, each in x.items()} if isinstance(x, dict) else x


def number(x):
    return x if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def tensor(data, shape, dtype):
    return torch.tensor(data, dtype=dtype).reshape(shape)


def hashed(data, turn):
    """A number of 0 to 65,535 for each float32: the same for equal ones."""
    mixed = (data.view(numpy.uint32) ^ numpy.uint32(zlib.crc32(bytes([turn])))) * numpy.uint32(0x9E3779B1)
    return (mixed >> numpy.uint32(16)).astype(numpy.int64)


def moved_by(x, step):
    """Float32 numbers moved by a step, where they stay finite."""
    if x.dtype != torch.float64:
        return x
    data = x.numpy().astype(numpy.float32)
    beside = step(data).astype(numpy.float32)
    kept = numpy.where(numpy.isfinite(beside) & numpy.isfinite(data), beside, data)
    return torch.from_numpy(kept.astype(numpy.float64).reshape(tuple(x.shape)))


def neighbours(x, turn):
    """Each number, or one of the two float32 numbers beside it."""
    def step(data):
        still = (numpy.abs(data) <= 8) & (data * 4 == numpy.round(data * 4))
        way = hashed(data, turn) % 3 - 1
        beside = numpy.nextafter(data, numpy.copysign(numpy.float32(numpy.inf), way.astype(numpy.float32)))
        return numpy.where(still | (way == 0), data, beside)
    return moved_by(x, step)


def vicinity(x, turn):
    """Each number within 2^-10 of itself."""
    return moved_by(x, lambda data: data * (1 + (hashed(data, 100 + turn) - 32768) * 2.0**-25).astype(numpy.float32))


def outputs(twin, options, inputs, weights, directions, dtype):
    """Value, gradients and gradients of gradients, flat."""
    torch.set_default_dtype(dtype)
    cast = lambda x: x.to(dtype) if x.is_floating_point() else x
    leaves = [cast(x).detach().clone() for x in inputs]
    floats = [x.requires_grad_(True) for x in leaves if x.is_floating_point()] if weights is not None else []
    value = twin(options, *leaves)
    results = [value]
    if weights is not None:
        first = derivative([value], [cast(weights)], floats, directions is not None)
        results += first
        if directions is not None:
            results += derivative(first, [cast(d) for d in directions], floats, False)
    # Some of torch's zeros have no memory.
    return [torch.zeros(r.numel()) if r._is_zerotensor() else r.detach().reshape(-1) for r in results]


def derivative(values, cotangents, leaves, again):
    """Gradients, with zeros where nothing depends on a leaf."""
    live = [(v, c) for v, c in zip(values, cotangents) if v.requires_grad]
    if not live:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad([v for v, _ in live], leaves, [c for _, c in live], create_graph=again, allow_unused=True)
    return [torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves)]


def apart(a, b):
    """|a - b| where both are numbers, else 0."""
    difference = (a.double() - b.double()).abs()
    return torch.where(torch.isfinite(difference), difference, torch.zeros_like(difference))


def samples(count, sample):
    """Those of the samples that are within the twin's domain."""
    found = []
    for turn in range(count):
        try:
            found.append(sample(turn))
        except (RuntimeError, ValueError):
            continue
    return found


class Question:
    """A request, to be answered at points and in precisions."""

    def __init__(self, request):
        self.twin = twins.TWINS[request["twin"]]
        self.options = decode(request["options"])
        self.inputs = [tensor(decode(x["data"]), x["shape"], DTYPES[x["dtype"]]) for x in request["inputs"]]
        floats = [x for x in self.inputs if x.dtype == torch.float64]
        self.weights = self.directions = None
        if "weights" in request:
            self.weights = tensor(decode(request["weights"]), request["shape"], torch.float64)
        if "directions" in request:
            self.directions = [tensor(decode(d), x.shape, torch.float64) for d, x in zip(request["directions"], floats)]

    def at(self, move, dtype=torch.float64, function=None):
        """What the twin, or another function, gives where everything has moved."""
        weights = None if self.weights is None else move(self.weights)
        directions = None if self.directions is None else [move(d) for d in self.directions]
        return outputs(function or self.twin, self.options, [move(x) for x in self.inputs], weights, directions, dtype)


def here(x):
    return x


def errors(results, exact):
    return [apart(r, e) for r, e in zip(results, exact)]


def largest(lists):
    return [torch.stack(each).amax(0) for each in zip(*lists)]


def without_number(results, expected):
    """Where results are no finite numbers, and not what is expected either."""
    missing = [~torch.isfinite(r) & (r.double() != e) & ~e.isnan() for r, e in zip(results, expected)]
    return [torch.nonzero(m).reshape(-1).tolist() for m in missing]


def own_errors(question, function, expected):
    """Of PyTorch's own function, in float32 and in float64: the largest errors close by, and where it has no number."""
    narrow, wide = (question.at(here, dtype, function) for dtype in (torch.float32, torch.float64))

    def nearby(turn):
        move = lambda x: vicinity(x, turn)
        there = question.at(move)
        again = there if function is question.twin else question.at(move, torch.float64, function)
        return errors(question.at(move, torch.float32, function), there), errors(again, there)

    near = samples(SINGLES, nearby)
    return {
        "single": [e.tolist() for e in largest([errors(narrow, expected), *[each for each, _ in near]])],
        "double": [e.tolist() for e in largest([errors(wide, expected), *[each for _, each in near]])],
        "overflows": without_number(narrow, expected),
        "undefined": without_number(wide, expected),
    }


def answer(request):
    question = Question(request)
    expected = question.at(here)
    if expected[0].dtype == torch.int32:
        return {"outputs": [{"expected": e.tolist()} for e in expected]}
    zeros = [torch.zeros_like(e) for e in expected]
    moves = samples(MOVES, lambda turn: errors(question.at(lambda x: neighbours(x, turn)), expected))
    lists = {"expected": [[number(x) for x in e.tolist()] for e in expected], "moved": [m.tolist() for m in largest([zeros, *moves])]}
    own = getattr(question.twin, "own", None) if getattr(question.twin, "formula", False) else question.twin
    if own is not None:
        lists.update(own_errors(question, own, expected))
    return {"outputs": [{name: each[i] for name, each in lists.items()} for i in range(len(expected))]}


def main():
    numpy.seterr(all="ignore")
    for line in sys.stdin:
        try:
            result = answer(json.loads(line))
        except Exception as error:  # what a twin refuses is compared with what the library refuses
            result = {"throws": f"{type(error).__name__}: {error}".splitlines()[0]}
        sys.stdout.write(json.dumps(result, separators=(",", ":")) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
