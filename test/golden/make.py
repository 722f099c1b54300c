"""Golden values of every op: /usr/bin/python3 test/golden/make.py (Debian's python3-torch 1.13), float64 throughout.

Writes one JSON file a family: entry -> cases. Each entry is a function that is called with a random stream of its own, seeded by its
name, so entries come and go without changing one another. A case holds inputs, shape, dtype and value of f(inputs) and, where f has a
gradient: weights w, gradients of s = sum(w f), directions v and `second` = gradients of sum(v ds/dinputs).
`smooth: false` marks points where differences say nothing (ties, kinks). NaN and infinities are strings.
Inputs, w and v are short binary fractions, so float32 holds them exactly. NumPy formulas stand where torch 1.13 has no such
op or another meaning; each says so.
"""
import json
import math
import pathlib
import zlib

import numpy
import torch

torch.set_num_threads(1)
DTYPES = {torch.float64: "f32", torch.int32: "i32", torch.uint8: "u8"}
INFINITY, NAN = math.inf, math.nan
MIN, MAX = -(2**31), 2**31 - 1
random = None  # what an entry draws from: its own stream, so that a new entry changes no other


def stream(name):
    return numpy.random.default_rng(zlib.crc32(name.encode()))


# Inputs

def real(*shape, low=-2.0, high=2.0):
    """Random multiples of 1/64, all different where that is possible, at least 1/64 from whole numbers."""
    size = math.prod(shape)
    grid = numpy.arange(math.ceil(low * 64), math.floor(high * 64) + 1)
    grid = grid[grid % 64 != 0]
    picked = random.choice(grid, size, replace=size > len(grid))
    return torch.tensor(picked.reshape(shape) / 64, dtype=torch.float64)


def positive(*shape):
    return real(*shape, low=0.1, high=4)


def integers(*shape, low=-9, high=10):
    return torch.tensor(random.integers(low, high, shape), dtype=torch.int32)


def i32(data):
    return torch.tensor(data, dtype=torch.int32)


def f64(data):
    """Numbers that float32 holds."""
    return torch.tensor(data, dtype=torch.float32).to(torch.float64)


# Cases

def number(x):
    if isinstance(x, int):
        return x
    if math.isnan(x) or math.isinf(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return int(x) if x == int(x) and abs(x) < 1e15 and not (x == 0 and math.copysign(1, x) < 0) else x


def numbers(tensor):
    return [number(x) for x in tensor.detach().reshape(-1).tolist()]


def as_tensor(value):
    tensor = value if isinstance(value, torch.Tensor) else torch.as_tensor(numpy.asarray(value))
    if tensor.dtype in DTYPES:
        return tensor
    return tensor.to(torch.int32 if tensor.dtype == torch.int64 else torch.float64)


def gradients(scalar, leaves):
    """Gradients with zeros for leaves that the scalar does not depend on."""
    if not scalar.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(scalar, leaves, create_graph=True, allow_unused=True)
    return [torch.zeros_like(leaf) + (0 if g is None else g) for g, leaf in zip(found, leaves)]


def case(f, *inputs, order=2, smooth=True):
    """One case of f; `order` counts the derivatives to record."""
    leaves = [x.clone().requires_grad_(True) if order and x.dtype == torch.float64 else x for x in inputs]
    value = as_tensor(f(*leaves))
    result = {
        "inputs": [{"shape": list(x.shape), "dtype": DTYPES[x.dtype], "data": numbers(x)} for x in inputs],
        "shape": list(value.shape),
        "dtype": DTYPES[value.dtype],
        "value": numbers(value),
    }
    floats = [x for x in leaves if x.requires_grad]
    if not floats or value.dtype != torch.float64:
        return result
    weights = real(*value.shape)
    result["weights"] = numbers(weights)
    first = gradients((value * weights).sum(), floats)
    listed = lambda tensors: [numbers(t) for t in tensors]
    result["gradients"] = listed(first)
    if not smooth:
        result["smooth"] = False
    if order == 2:
        directions = [real(*x.shape) for x in floats]
        result["directions"] = listed(directions)
        result["second"] = listed(gradients(sum((g * v).sum() for g, v in zip(first, directions)), floats))
    return result


# Elementwise

SPECIAL = f64([NAN, INFINITY, -INFINITY, 0.0, -0.0, 1e-40, -1e-40, 2.0**-149, 2.0**-126, 1e-20, -1e-8, 0.5, -0.5, 1, -1, 2, -2, 3.5,
               -7, 16, 87, -88, 89, -103, -110, 1e4, -1e6, 1e19, -1e30, 3.4028234663852886e38, -3.4028234663852886e38])
PAIRS = f64([NAN, INFINITY, -INFINITY, 0.0, -0.0, 1e-40, -1e-20, 0.5, 1, -1, 2, -2, 3, -3.5, 1e30, -3.4028234663852886e38])
QUOTIENTS = f64([NAN, INFINITY, -INFINITY, 0.0, -0.0, 0.5, 1, -1, 2, -3, 3.5, -1000])
SPECIAL_I = i32([0, 1, -1, 2, -2, 7, -7, 65536, -65537, MAX, MIN, MIN + 1])


def column(x):
    return x.reshape(-1, 1)


def unary(f, inputs=real, formula=None):
    """Shapes of every kind, then special values (by `formula`, a NumPy function, where torch differs)."""
    shapes = [(), (17,), (3, 1, 5), (0,), (2, 0)]
    special = case(formula or f, SPECIAL, order=0)
    return [case(f, inputs(*shape)) for shape in shapes] + [special]


def binary(f, first=real, second=real):
    shapes = [((), ()), ((17,), (17,)), ((3, 1), (5,)), ((2, 1, 3), (4, 1)), ((), (5,)), ((0, 3), (3,)), ((1,), (0,))]
    return [case(f, first(*a), second(*b)) for a, b in shapes] + [case(f, column(PAIRS), PAIRS, order=0)]


def binary_i32(f):
    return [case(f, integers(3, 1), integers(5)), case(f, column(SPECIAL_I), SPECIAL_I)]


def unary_i32(f):
    return [case(f, integers(17)), case(f, SPECIAL_I)]


def np64(f):
    """A formula on NumPy arrays: of float64, or of int64 cut to 32 bits."""
    def call(*tensors):
        wide = [t.detach().numpy().astype(numpy.int64) if t.dtype == torch.int32 else t.detach().numpy() for t in tensors]
        with numpy.errstate(all="ignore"):
            result = numpy.asarray(f(*wide))
        return result.astype(numpy.int32) if result.dtype == numpy.int64 else result.astype(numpy.float64)
    return call


def truncate(x):
    """To i32 towards zero, saturating, NaN to 0 (WebAssembly's i32.trunc_sat_f32_s); torch leaves these cases open."""
    return numpy.clip(numpy.nan_to_num(numpy.trunc(x), nan=0, posinf=MAX, neginf=MIN), MIN, MAX).astype(numpy.int64)


def holds(f):
    return lambda *tensors: f(*tensors).to(torch.float64)


def divide_down(a, b):
    return numpy.where(b == 0, 0, a // numpy.where(b == 0, 1, b))


def remainder_down(a, b):
    return numpy.where(b == 0, 0, a - b * (a // numpy.where(b == 0, 1, b)))


def elementwise():
    far = lambda *shape: real(*shape, low=-6, high=6)
    distinct = lambda *shape: real(*shape) + 1 / 128  # ties with nothing that real() gives
    never_whole = lambda *shape: far(*shape) + 1 / 256  # no multiple of what real() gives
    kinks = lambda f: case(f, f64([0.0, -0.0, 1, -1]), order=1, smooth=False)
    ties = lambda f: case(f, f64([1.0, -2, 0, 3]), f64([1.0, -2, 0, 2]), order=1, smooth=False)
    return {
        "add": lambda: binary(torch.add),
        "add i32": lambda: binary_i32(torch.add),
        "sub": lambda: binary(torch.sub),
        "sub i32": lambda: binary_i32(torch.sub),
        "mul": lambda: binary(torch.mul),
        "mul i32": lambda: binary_i32(torch.mul),
        "square": lambda: [case(lambda x: x * x, real(5))],
        "div": lambda: binary(torch.div, second=positive),
        "div i32": lambda: binary_i32(np64(divide_down)),
        "remainder": lambda: binary(torch.remainder, never_whole, positive)[:-1] + [
            case(torch.remainder, column(QUOTIENTS), QUOTIENTS, order=0)],
        "remainder i32": lambda: binary_i32(np64(remainder_down)),
        "maximum": lambda: binary(torch.maximum, second=distinct) + [ties(torch.maximum)],
        "maximum i32": lambda: binary_i32(torch.maximum),
        "minimum": lambda: binary(torch.minimum, second=distinct) + [ties(torch.minimum)],
        "minimum i32": lambda: binary_i32(torch.minimum),
        "pow": lambda: binary(torch.pow, first=positive) + [
            case(torch.pow, f64([-2, -1.5, -0.5, 0, 0, 0, 3, -3]), f64([2, 3, -2, 2, 0, 1, 0, 0]), order=0),
            case(torch.pow, f64([0, 0, 3]), f64([2, 0, 0]), order=1, smooth=False),
        ],
        "pow of a number": lambda: [case(lambda x: x**3, real(5))],
        "pow at zero": lambda: [case(lambda x: x**2, f64([0, -1.5, 2]), order=1, smooth=False)],
        "less": lambda: binary(holds(torch.lt), second=distinct),
        "less i32": lambda: binary_i32(holds(torch.lt)),
        "greater": lambda: binary(holds(torch.gt), second=distinct),
        "lessEqual": lambda: binary(holds(torch.le), second=distinct) + [ties(holds(torch.le))],
        "lessEqual i32": lambda: binary_i32(holds(torch.le)),
        "greaterEqual": lambda: binary(holds(torch.ge), second=distinct) + [ties(holds(torch.ge))],
        "greaterEqual i32": lambda: binary_i32(holds(torch.ge)),
        "notEqual": lambda: binary(holds(torch.ne), second=distinct) + [ties(holds(torch.ne))],
        "notEqual i32": lambda: binary_i32(holds(torch.ne)),
        "clamp": lambda: [case(lambda x: torch.clamp(x, -0.75, 1), x) for x in (real(), real(17), real(0))] + [
            case(lambda x: torch.clamp(x, -0.75, 1), f64([-0.75, 1, -2, 3, 0]), order=2, smooth=False),
            case(lambda x: torch.clamp(x, -0.75, 1), SPECIAL, order=0)],
        "clamp from below": lambda: [case(lambda x: torch.clamp(x, min=0.25), real(3, 5)), case(lambda x: torch.clamp(x, min=1), SPECIAL, order=0)],
        "clamp from above": lambda: [case(lambda x: torch.clamp(x, max=0.25), real(3, 5)), case(lambda x: torch.clamp(x, max=1), SPECIAL, order=0)],
        "clamp by tensors": lambda: [
            case(torch.clamp, real(3, 5), distinct(5) - 1, distinct(3, 1) + 1), case(torch.clamp, real(17), distinct(17), distinct(17)),
            case(torch.clamp, f64([3.0, 1, 2, 0]), f64([2.0, 2, 2, 0]), f64([1.0, 1, 3, 0]), order=1, smooth=False)],
        "clamp i32": lambda: [case(lambda x: torch.clamp(x, -2, 3), x) for x in (integers(17), SPECIAL_I)],
        "equal": lambda: binary(holds(torch.eq), second=distinct) + [ties(holds(torch.eq))],
        "equal i32": lambda: binary_i32(holds(torch.eq)),
        "select": lambda: [
            case(lambda c, a, b: torch.where(c != 0, a, b), f64([0.0, 1, -0.5, 0, 2]), real(3, 5), real(3, 1), smooth=False),
            case(lambda c, a, b: torch.where(c != 0, a, b), SPECIAL, real(31), -SPECIAL, order=0),
            case(lambda c, a, b: torch.where(c != 0, a, b), f64(1.0), real(), real(), smooth=False),
            case(lambda c, a, b: torch.where(c != 0, a, b), real(0), real(2, 0), real(1), smooth=False),
        ],
        "select i32": lambda: [case(lambda c, a, b: torch.where(c != 0, a, b), f64([0.0, 1, 2]), integers(4, 3), integers(3))],
        "neg": lambda: unary(torch.neg),
        "neg i32": lambda: unary_i32(torch.neg),
        "abs": lambda: unary(torch.abs) + [kinks(torch.abs)],
        "abs i32": lambda: unary_i32(np64(lambda x: numpy.where(x == MIN, MIN, numpy.abs(x)))),
        # torch.sign(NaN) is 0.
        "sign": lambda: unary(torch.sign, formula=np64(numpy.sign)) + [kinks(torch.sign)],
        "sign i32": lambda: unary_i32(torch.sign),
        "floor": lambda: unary(torch.floor, far),
        "ceil": lambda: unary(torch.ceil, far),
        "round": lambda: unary(torch.round, far) + [case(torch.round, f64([0.5, 1.5, 2.5, -0.5, -1.5, 8388607.5, 0.49999997]), order=0)],
        "exp": lambda: unary(torch.exp),
        "expm1": lambda: unary(torch.expm1),
        "log": lambda: unary(torch.log, positive),
        "log1p": lambda: unary(torch.log1p, lambda *shape: real(*shape, low=-0.9, high=4)),
        "sqrt": lambda: unary(torch.sqrt, positive),
        "rsqrt": lambda: unary(torch.rsqrt, positive),
        "sin": lambda: unary(torch.sin, far),
        "cos": lambda: unary(torch.cos, far),
        "tanh": lambda: unary(torch.tanh),
        "sigmoid": lambda: unary(torch.sigmoid),
        "erf": lambda: unary(torch.erf),
        "relu": lambda: unary(torch.relu) + [kinks(torch.relu)],
        "cast to i32": lambda: [case(np64(truncate), x, order=0) for x in (far(17), SPECIAL)],
        "cast i32 to f32": lambda: unary_i32(lambda x: x.to(torch.float64)),
        "cast u8 to f32": lambda: [case(lambda x: x.to(torch.float64), torch.arange(250, 267).to(torch.uint8))],
        "cast u8 to i32": lambda: [case(lambda x: x.to(torch.int32), torch.arange(250, 267).to(torch.uint8))],
    }


# Reductions

def axes_of(f, inputs=real):
    """Over all axes, the first, the last, outer ones together, with keepdim; ragged, of size 1 and empty."""
    return {
        "": lambda: [case(f, inputs(*shape)) for shape in ((), (17,), (3, 5), (1, 1))],
        "0": lambda: [case(lambda x: f(x, 0), inputs(*shape)) for shape in ((17,), (3, 5), (1, 5), (5, 2, 3), (3, 0))],
        "-1 kept": lambda: [case(lambda x: f(x, -1, keepdim=True), inputs(*shape)) for shape in ((17,), (5, 3), (5, 1), (2, 3, 5))],
        "0 2": lambda: [case(lambda x: f(x, (0, 2)), inputs(*shape)) for shape in ((2, 3, 5), (1, 3, 1), (2, 1, 3, 2))],
        "1": lambda: [case(lambda x: f(x, 1), inputs(2, 5, 3))],
    }


def also(families, name, more):
    """More cases for an entry."""
    first = families[name]
    families[name] = lambda: first() + more()


def reduction():
    total = lambda x, dim=None, keepdim=False: x.sum() if dim is None else x.sum(dim, keepdim=keepdim)
    largest = lambda x, dim=None, keepdim=False: torch.amax(x, () if dim is None else dim, keepdim=keepdim)
    families = {}
    for name, f in (("sum", total), ("max", largest)):
        families.update({f"{name} {axes}".strip(): cases for axes, cases in axes_of(f).items()})
    infinities = f64([[1, INFINITY, 2], [1, -INFINITY, 2], [NAN, 1, INFINITY], [-INFINITY, -INFINITY, -INFINITY], [3, 2, NAN]])
    tied = f64([[1.0, 3, 3], [2, 2, 2], [0, -0.0, -1]])
    also(families, "sum", lambda: [case(total, f64([]), order=1)])
    also(families, "sum -1 kept", lambda: [
        case(lambda x: total(x, -1, True), infinities, order=0), case(lambda x: total(x, -1, True), real(3, 0))])
    also(families, "max -1 kept", lambda: [
        case(lambda x: largest(x, -1, True), x, order=o, smooth=False) for x, o in ((infinities, 0), (tied, 1))])
    first_largest = np64(lambda x: numpy.argmax(x, -1))  # torch.argmax may name any of equal ones
    families.update({
        "sum i32": lambda: [case(np64(lambda x: x.sum(0)), integers(17, 3)), case(np64(lambda x: x.sum(0)), i32([[MAX, 1], [1, 2]]))],
        "max i32": lambda: [case(lambda x: torch.amax(x, 1), x) for x in (integers(5, 17), i32([[MIN, MIN], [MAX, 0]]))],
        "mean": lambda: [case(lambda x: x.mean((0, 2)), real(3, 5, 2))],
        "min": lambda: [case(lambda x: torch.amin(x, 1), real(3, 5))],
        "variance": lambda: [case(lambda x: x.var(1), real(3, 5))],
        "variance uncorrected": lambda: [case(lambda x: x.var(1, unbiased=False), real(3, 5))],
        "std": lambda: [case(lambda x: x.std(1), real(3, 5)), case(lambda x: x.std((0, 2), keepdim=True), real(2, 3, 4)), case(lambda x: x.std(), real(5))],
        "std uncorrected": lambda: [case(lambda x: x.std(1, unbiased=False), real(3, 5))],
        "std of equals": lambda: [case(lambda x: x.std(1), f64([[2, 2, 2], [3, 0, -4]]), order=1, smooth=False),
                                  case(lambda x: x.std(1), f64([[2], [3]]), order=0)],
        "argmax": lambda: [case(first_largest, x, order=0) for x in (real(17), real(5, 33), real(3, 1), tied, infinities, real(0, 4))],
        "argmax 0": lambda: [case(np64(lambda x: numpy.argmax(x, 0)), real(5, 2, 3), order=0)],
        "argmin": lambda: [case(np64(lambda x: numpy.argmin(x, 1)), real(3, 5), order=0)],
    })
    return families


def lengths():
    norm = torch.linalg.vector_norm
    return {
        "all": lambda: [case(norm, real(17)), case(norm, real(3, 5))],
        "0": lambda: [case(lambda x: norm(x, dim=0), real(5, 3)), case(lambda x: norm(x, dim=0), real(1, 3))],
        "0 2": lambda: [case(lambda x: norm(x, dim=(0, 2)), real(2, 3, 4))],
        "of zeros": lambda: [case(lambda x: norm(x, dim=1), f64([[0, 0, 0], [3, 0, -4]]), order=1, smooth=False)],
    }


# Products

def contraction():
    turn = lambda x: x.transpose(-2, -1)
    shapes = [((3, 5), (5, 4)), ((1, 17), (17, 2)), ((5, 1), (1, 9)), ((2, 3, 5), (5, 4)), ((3, 5), (2, 5, 4)), ((2, 3, 5), (2, 5, 2)),
              ((2, 1, 3, 4), (3, 4, 2)), ((5,), (5, 4)), ((3, 5), (5,)), ((5,), (5,)), ((2, 3, 5), (5,)), ((3, 0), (0, 4)), ((0, 3), (3, 2))]
    square = [((4, 3), (5, 4)), ((2, 4, 3), (2, 5, 4))]
    infinite = f64([[1, INFINITY], [NAN, 0]])
    return {
        "matmul": lambda: [case(torch.matmul, real(*a), real(*b)) for a, b in shapes] + [
            # BLAS skips zeros, even where they meet NaN.
            case(np64(lambda a, b: (a[:, :, None] * b).sum(1)), infinite, f64([[1, 0, 2], [3, 1, 0]]), order=0)],
        "matmul transposed": lambda: [case(lambda a, b: turn(a) @ turn(b), real(*a), real(*b)) for a, b in square],
        "matmul transposed left": lambda: [case(lambda a, b: turn(a) @ b, real(5, 3), real(5, 4)), case(lambda a, b: turn(a) @ b, real(2, 5, 3), real(5, 2))],
        "matmul transposed right": lambda: [case(lambda a, b: a @ turn(b), real(3, 5), real(4, 5)), case(lambda a, b: a @ turn(b), real(2, 3, 5), real(4, 5))],
    }


# Movement

def movement():
    stepped = lambda x: torch.flip(x[:, 1:6:2], (0,))
    pad = lambda x: torch.nn.functional.pad(x, (2, 0, 0, 1), value=0.5)
    def spread(x):
        return torch.zeros(7, 4, dtype=x.dtype).index_put((column(torch.tensor([6, 3])), torch.tensor([1, 2, 3])), x)
    def parts(a, b):
        to = torch.zeros(5, 6, dtype=a.dtype)
        to[1:5:3, 0:3] = a.flip(0)
        to[0:5:2, 4:6] = b
        return to
    def whole(a, b):
        to = torch.zeros(5, 3, dtype=a.dtype)
        to[:2] = a
        to[2:] = b.flip(0)
        return to
    return {
        "reshape": lambda: [case(lambda x: x.reshape(5, 6), real(2, 3, 5)), case(lambda x: x.reshape(5, 6), integers(30))],
        "reshape scalar": lambda: [case(lambda x: x.reshape(1, 1), real())],
        "reshape empty": lambda: [case(lambda x: x.reshape(3, 0), real(0, 2))],
        "permute": lambda: [case(lambda x: x.permute(2, 0, 1), x) for x in (real(2, 3, 5), real(1, 17, 2), real(2, 0, 3), integers(2, 3, 4))],
        "transpose": lambda: [case(lambda x: x.transpose(-2, -1), x) for x in (real(17, 5), real(2, 3, 4))],
        "broadcastTo": lambda: [case(lambda x: x.expand(2, 3, 5), x) for x in (real(), real(5), real(3, 1), real(2, 1, 1), real(1, 1, 1), integers(1, 5))],
        "broadcastTo empty": lambda: [case(lambda x: x.expand(0, 3), real(1, 3))],
        "slice": lambda: [case(stepped, x) for x in (real(3, 7), real(1, 6), integers(2, 9))],
        "slice nothing": lambda: [case(lambda x: x[5:5], real(7))],
        "narrow": lambda: [case(lambda x: x[:, 1:4], real(2, 5, 3))],
        "spread": lambda: [case(spread, real(2, 3)), case(spread, integers(2, 3))],
        "spread parts": lambda: [case(parts, real(2, 3), real(3, 2)), case(parts, integers(2, 3), integers(3, 2))],
        "spread whole": lambda: [case(whole, real(2, 3), real(3, 3)), case(whole, integers(2, 3), integers(3, 3))],
        "pad": lambda: [case(pad, real(3, 5))],
        "concat": lambda: [case(lambda *x: torch.cat(x, 1), real(2, 3), real(2, 1), real(2, 5)), case(lambda *x: torch.cat(x, 1), integers(2, 1), integers(2, 0), integers(2, 2))],
        "concat one": lambda: [case(lambda x: torch.cat([x, x]), real(5))],
        "stack": lambda: [case(lambda *x: torch.stack(x, 1), real(3, 2), real(3, 2))],
    }


# Indexing

def indexing():
    take = lambda x, i: x[i.long()]
    def add_rows(updates, index):
        flat = updates.reshape(index.numel(), *updates.shape[index.dim():])
        return torch.zeros(5, *flat.shape[1:], dtype=updates.dtype).index_add(0, index.long().reshape(-1), flat)
    def one_hot(index):
        return torch.nn.functional.one_hot(index.long(), 5).to(torch.float64)
    outside = lambda x, i: torch.stack([x[j] if 0 <= j < len(x) else torch.full_like(x[0], NAN) for j in i])
    return {
        "gather": lambda: [case(take, real(5, 3), i32([4, 0, 0, 2])), case(take, real(5), i32([[1, 4, 1], [0, 2, 2]])), case(take, real(3, 2, 17), i32(1)),
                   case(take, real(3, 4), i32([])), case(outside, real(3, 2), i32([0, 3, -1, 2]), order=0)],
        "gather i32": lambda: [case(take, integers(5, 2), i32([4, 0, 3]))],
        "gather u8": lambda: [case(take, torch.arange(15).to(torch.uint8).reshape(5, 3), i32([4, 0, 3, 3]))],
        "scatterAdd": lambda: [case(add_rows, real(4, 3), i32([4, 0, 0, 2])), case(add_rows, real(2, 3), i32([[1, 4, 1], [0, 2, 2]])),
                       case(add_rows, real(2, 17), i32([1, 1])), case(add_rows, real(0, 3), i32([]))],
        # Rows outside are dropped; torch throws.
        "scatterAdd outside": lambda: [case(lambda u, i: add_rows(u[1:2], i[1:2]), real(3, 2), i32([-1, 3, 5]))],
        "oneHot": lambda: [case(one_hot, i32([0, 4, 2])), case(one_hot, i32([[1], [3]])), case(one_hot, i32(2))],
    }


# Rows

def rowwise():
    shapes = [(3, 5), (1, 17), (5, 1), (2, 3, 4), (17,), (0, 3)]
    large = f64([[1000, 0, -1000], [-1000, -1001, -1002], [88, 89, 90], [0, -INFINITY, 0], [-3e38, 3e38, 0]])
    broken = f64([[NAN, 1, 2], [INFINITY, 1, 2], [-INFINITY, -INFINITY, -INFINITY]])
    ce = lambda x, t: torch.nn.functional.cross_entropy(x, t.long(), reduction="none")
    ce_gradient = lambda x, t, s: (torch.softmax(x, 1) - torch.nn.functional.one_hot(t.long(), x.shape[1])) * column(s)
    targets = lambda rows, columns: integers(rows, low=0, high=columns)
    sizes = [(3, 5), (1, 17), (5, 1), (4, 10)]
    return {
        "softmax": lambda: [case(lambda x: torch.softmax(x, -1), real(*s)) for s in shapes] + [case(lambda x: torch.softmax(x, -1), x, order=0) for x in (large, broken)],
        "softmax 0": lambda: [case(lambda x: torch.softmax(x, 0), real(*s)) for s in ((3, 5), (2, 3, 4))],
        "logSoftmax": lambda: [case(lambda x: torch.log_softmax(x, -1), real(*s)) for s in ((3, 5), (1, 17))] + [case(lambda x: torch.log_softmax(x, -1), large[:3], order=0)],
        "logSumExp": lambda: [case(lambda x: torch.logsumexp(x, -1), real(*s)) for s in shapes] + [case(lambda x: torch.logsumexp(x, -1), x, order=0) for x in (large, broken)],
        "logSumExp 0": lambda: [case(lambda x: torch.logsumexp(x, 0), real(*s)) for s in ((3, 5), (2, 3, 4))],
        "crossEntropy": lambda: [case(ce, real(*s), targets(*s)) for s in sizes] + [case(ce, large, i32([1, 0, 2, 0, 0]), order=0)],
        "crossEntropyGradient": lambda: [case(ce_gradient, real(*s), targets(*s), real(s[0])) for s in sizes],
    }


# simdgrad/functions

def functions():
    far = lambda *shape: real(*shape, low=-6, high=6)
    within = lambda low, high: lambda *shape: real(*shape, low=low, high=high)
    zeros = lambda *shape: torch.tensor(random.integers(0, 2, shape), dtype=torch.float64) * real(*shape)
    marks = f64([0.0, -0.0, 1, -2, NAN, INFINITY, -INFINITY])
    logic = lambda f: [case(holds(f), zeros(3, 1), zeros(5), smooth=False), case(holds(f), column(marks), marks, order=0),
                       case(holds(f), integers(17, low=0, high=2), integers(17, low=0, high=2))]
    one = lambda f: [case(holds(f), x, smooth=False) for x in (zeros(17), zeros(3, 5))] + [case(holds(f), SPECIAL, order=0), case(holds(f), SPECIAL_I)]
    over = lambda f, of: [case(lambda x: f(x != 0).to(torch.float64), zeros(7), smooth=False), case(lambda x: f(x != 0, 1).to(torch.float64), zeros(4, 3), smooth=False),
                          case(lambda x: f(x != 0).to(torch.float64), real(0)), case(lambda x: f(x != 0, 1).to(torch.float64), of)]
    # Factors with no zero, one, two in a product.
    factors = [real(17), real(3, 5), real(1), real(2, 3, 2), f64([2.0, 0, 3, -1]), f64([[2.0, 0, 3, 0, 1], [0, 0, 0, 0.5, 2], [1, 2, 3, 4, 0]]), real(0)]
    turned = lambda parts: torch.cat(tuple(reversed(parts)), -1)
    return {
        "full": lambda: [case(lambda: torch.full((2, 3), 1.5, dtype=torch.float64))],
        "zeros": lambda: [case(lambda: torch.zeros(3, dtype=torch.int32))],
        "ones": lambda: [case(lambda: torch.ones(2, 0, dtype=torch.float64))],
        "linspace": lambda: [case(lambda: torch.linspace(-1, 2.5, 11, dtype=torch.float64))],
        "linspace one": lambda: [case(lambda: torch.linspace(3, 5, 1, dtype=torch.float64))],
        "logicalAnd": lambda: logic(torch.logical_and),
        "logicalOr": lambda: logic(torch.logical_or),
        "logicalXor": lambda: logic(torch.logical_xor),
        "logicalNot": lambda: one(torch.logical_not),
        "isNaN": lambda: one(torch.isnan),
        "isFinite": lambda: one(torch.isfinite),
        "isInfinite": lambda: one(torch.isinf),
        "any": lambda: over(torch.any, integers(3, 4, low=0, high=2)),
        "all": lambda: over(torch.all, integers(3, 2, low=0, high=3)),
        "prod": lambda: [case(torch.prod, x) for x in factors] + [case(torch.prod, f64([3.0, NAN, 0]), order=0)],
        "prod 1 kept": lambda: [case(lambda x: torch.prod(x, 1, keepdim=True), x) for x in (factors[5], real(2, 7, 3), real(3, 0, 2))],
        "prod 0 2": lambda: [case(lambda x: torch.prod(torch.prod(x, 2), 0), real(3, 2, 5))],
        "prod i32": lambda: [case(np64(lambda x: numpy.prod(x, 1)), x) for x in (integers(3, 5), i32([[MAX, 3, 2], [MIN, 1, 1]]))],
        "split": lambda: [case(lambda x: turned(torch.split(x, 2, -1)), x) for x in (real(5), real(3, 4), integers(2, 7), real(3, 0))],
        "split sizes": lambda: [case(lambda x: turned(torch.split(x, (1, 0, 4), -1)), x) for x in (real(5), real(2, 5))],
        "chunk": lambda: [case(lambda x: turned(torch.chunk(x, 3, -1)), x) for x in (real(5), real(2, 9), real(4), real(0))],
        "diagonal": lambda: [case(lambda x: torch.diagonal(x), x) for x in (real(3, 3), real(2, 5), real(5, 2), real(1, 1), real(0, 3), integers(3, 4))],
        "diagonal 1": lambda: [case(lambda x: torch.diagonal(x, 1), x) for x in (real(3, 3), real(2, 5), real(3, 1), real(2, 3, 2))],
        "diagonal -1 of others": lambda: [case(lambda x: torch.diagonal(x, -1, -1, 0), x) for x in (real(3, 2, 4), real(2, 3, 2, 3))],
        "tril": lambda: [case(lambda x: torch.tril(x), x) for x in (real(3, 3), real(2, 5), real(2, 4, 3), integers(3, 3))],
        "tril -1": lambda: [case(lambda x: torch.tril(x, -1), x) for x in (real(3, 3), real(4, 2))],
        "triu": lambda: [case(lambda x: torch.triu(x), x) for x in (real(3, 3), real(2, 5), real(2, 4, 3), integers(3, 3))],
        "triu 2": lambda: [case(lambda x: torch.triu(x, 2), x) for x in (real(3, 3), real(2, 5))],
        "einsum ij,jk->ik": lambda: [case(lambda *x: torch.einsum("ij,jk->ik", *x), real(3, 4), real(4, 2))],
        "einsum ij,jk": lambda: [case(lambda *x: torch.einsum("ij,jk", *x), real(3, 4), real(4, 2))],
        "einsum bij,bkj->bik": lambda: [case(lambda *x: torch.einsum("bij,bkj->bik", *x), real(2, 3, 4), real(2, 5, 4))],
        "einsum ij->ji": lambda: [case(lambda *x: torch.einsum("ij->ji", *x), real(3, 4))],
        "einsum ij->j": lambda: [case(lambda *x: torch.einsum("ij->j", *x), real(3, 4))],
        "einsum ij->": lambda: [case(lambda *x: torch.einsum("ij->", *x), real(3, 4))],
        "einsum ii": lambda: [case(lambda *x: torch.einsum("ii", *x), real(3, 3))],
        "einsum ii->i": lambda: [case(lambda *x: torch.einsum("ii->i", *x), real(3, 3))],
        "einsum iij->ji": lambda: [case(lambda *x: torch.einsum("iij->ji", *x), real(3, 3, 2))],
        "einsum i,j->ij": lambda: [case(lambda *x: torch.einsum("i,j->ij", *x), real(3), real(4))],
        "einsum i,i->i": lambda: [case(lambda *x: torch.einsum("i,i->i", *x), real(3), real(3))],
        "einsum i,i": lambda: [case(lambda *x: torch.einsum("i,i", *x), real(3), real(3))],
        "einsum bhqd,bhkd->bhqk": lambda: [case(lambda *x: torch.einsum("bhqd,bhkd->bhqk", *x), real(2, 2, 3, 4), real(2, 2, 5, 4))],
        "einsum bn,anm,bm->ba": lambda: [case(lambda *x: torch.einsum("bn,anm,bm->ba", *x), real(2, 3), real(4, 3, 5), real(2, 5))],
        "einsum ijk,jil->kl": lambda: [case(lambda *x: torch.einsum("ijk,jil->kl", *x), real(2, 3, 4), real(3, 2, 5))],
        "einsum ij,k->kj": lambda: [case(lambda *x: torch.einsum("ij,k->kj", *x), real(2, 3), real(4))],
        "einsum ab,bc,cd->ad": lambda: [case(lambda *x: torch.einsum("ab,bc,cd->ad", *x), real(2, 3), real(3, 4), real(4, 2))],
        "einsum Ab,b->A": lambda: [case(lambda *x: torch.einsum("Ab,b->A", *x), real(2, 3), real(3))],
        "einsum ,i->i": lambda: [case(lambda *x: torch.einsum(",i->i", *x), real(), real(3))],
        "einsum iji,j->i": lambda: [case(lambda *x: torch.einsum("iji,j->i", *x), real(3, 2, 3), real(2))],
        "flip": lambda: [case(lambda x: torch.flip(x, (0, 2)), x) for x in (real(2, 3, 4), integers(3, 1, 2))],
        "flip all": lambda: [case(lambda x: torch.flip(x, tuple(range(x.dim()))), x) for x in (real(17), real(3, 5), real())],
        "roll": lambda: [case(lambda x: torch.roll(x, 2), x) for x in (real(5), real(3, 5), real(1), integers(7), real(0))],
        "roll axes": lambda: [case(lambda x: torch.roll(x, (-7, 1), (0, 1)), x) for x in (real(3, 5), real(2, 4, 3))],
        "repeat": lambda: [case(lambda x: x.repeat(2, 1, 3), x) for x in (real(2, 3), real(4), real(1, 5, 1), real(), integers(2, 2))],
        "repeat never": lambda: [case(lambda x: x.repeat(0, 2), real(2, 3))],
        "repeatInterleave": lambda: [case(lambda x: torch.repeat_interleave(x, 3), x) for x in (real(5), real(2, 3), integers(4))],
        "repeatInterleave 1": lambda: [case(lambda x: torch.repeat_interleave(x, 2, 1), x) for x in (real(2, 3), real(3, 2, 4))],
        "unfold": lambda: [case(lambda x: x.unfold(0, 2, 1), x) for x in (real(5), real(3, 4), integers(7))],
        "unfold -1 3 2": lambda: [case(lambda x: x.unfold(-1, 3, 2), x) for x in (real(5), real(2, 8), real(3))],
        "unfold 1 2 2": lambda: [case(lambda x: x.unfold(1, 2, 2), x) for x in (real(2, 7, 3), real(3, 2))],
        "unfold 0 2 3": lambda: [case(lambda x: x.unfold(0, 2, 3), x) for x in (real(8, 2), real(2))],
        "log2": lambda: unary(torch.log2, positive),
        "log10": lambda: unary(torch.log10, positive) + [case(torch.log10, f64([10, 1000, 1e10]), order=0)],
        "atan2": lambda: binary(torch.atan2),
        "atan": lambda: unary(torch.atan, far),
        "asin": lambda: unary(torch.asin, within(-0.95, 0.95)),
        "acos": lambda: unary(torch.acos, within(-0.95, 0.95)),
        "tan": lambda: unary(torch.tan, within(-1.4, 1.4)),
        "sinh": lambda: unary(torch.sinh, far),
        "cosh": lambda: unary(torch.cosh, far),
        "asinh": lambda: unary(torch.asinh, far),
        "acosh": lambda: unary(torch.acosh, within(1.1, 9)),
        "atanh": lambda: unary(torch.atanh, within(-0.9, 0.9)),
    }


# Leaves, random numbers and loops

def leaf():
    blocked = lambda x: x * x.detach()
    through = lambda x: x + (torch.floor(x) - x).detach()
    same = lambda: [case(lambda x: x, x) for x in (real(), real(17), real(3, 5), real(0))]
    data = f64([[1.5, -2, 3], [0, 4, 5]])
    return {
        "input": same,
        "data": lambda: [case(lambda: data)],
        "data i32": lambda: [case(lambda: i32([1, -2, 3]))],
        "stopGradient": lambda: [case(blocked, real(*shape), smooth=False) for shape in ((), (17,))],
        "straight through": lambda: [case(through, real(*shape), smooth=False) for shape in ((), (3, 5))],
    }


def philox(counter, key):
    """Philox4x32-10 of Salmon et al. 2011."""
    c, (k0, k1), mask = list(counter), key, 2**32 - 1
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & mask, (p0 >> 32) ^ c[3] ^ k1, p0 & mask]
        k0, k1 = (k0 + 0x9E3779B9) & mask, (k1 + 0xBB67AE85) & mask
    return c


def uniform(a, b):
    """Element i takes word (i / 4) % 4 of counter 4 (i / 16) + i % 4, its upper 24 bits (assembly/random.ts)."""
    keys = zip((int(x) % 2**32 for x in a.reshape(-1)), (int(x) % 2**32 for x in b.reshape(-1)))
    words = [philox((4 * (i // 16) + i % 4, 0, 0, 0), key)[i // 4 % 4] for i, key in enumerate(keys)]
    return f64([(word >> 8) * 2.0**-24 for word in words]).reshape(a.shape)


def mix(x):
    """MurmurHash3's finisher on 32 bits."""
    x = (x ^ (x >> 16)) * 0x85EBCA6B % 2**32
    x = (x ^ (x >> 13)) * 0xC2B2AE35 % 2**32
    return x ^ (x >> 16)


def permuted(i, key, size):
    """Up to 64 a shuffle; else eight Feistel rounds over the smallest even number of bits that holds `size`, repeated until inside
    (assembly/random.ts)."""
    start = mix((key + 0x9E3779B9) % 2**32)
    if size <= 64:
        order = list(range(size))
        for k in range(size - 1, 0, -1):
            other = mix((start + k * 0x9E3779B9) % 2**32) * (k + 1) >> 32
            order[k], order[other] = order[other], order[k]
        return order.index(i)
    half = 1
    while 4**half < size:
        half += 1
    mask = 2**half - 1
    while True:
        left, right = i >> half, i & mask
        for turn in range(8):
            left, right = right, left ^ (mix(right ^ (start + turn * 0x9E3779B9) % 2**32) & mask)
        i = left << half | right
        if i < size:
            return i


def chance():
    key = lambda a, b: (i32(a), i32(b))
    full = lambda a, shape: a.expand(shape)
    drawn = lambda *shape: lambda a, b: uniform(full(a, shape), full(b, shape))
    permute = lambda i, k, n: i32([permuted(int(x), int(k) % 2**32, int(n)) for x in i])
    every = lambda size, key: case(permute, torch.arange(size, dtype=torch.int32), i32(key), i32(size))
    return {
        "uniform 37": lambda: [case(drawn(37), *key(1, 2)), case(drawn(37), *key(MAX, MIN))],
        "uniform 3x7": lambda: [case(drawn(3, 7), *key(-5, 77))],
        "uniform scalar": lambda: [case(drawn(), *key(0, 0))],
        "uniform 0": lambda: [case(drawn(0), *key(9, -1))],
        "permuteIndex": lambda: [every(33, 7), every(4, -3), every(1, 5), every(17, MAX), every(64, 3), every(65, 3), every(256, -9)],
    }


def loop():
    def running(x, start, factor):
        steps, carry = [], start
        for element in x:
            carry = carry * factor + element.sin()
            steps.append(carry * carry)
        return carry, torch.stack(steps) if steps else x
    def recurrent(x, h, w, u):
        for element in x:
            h = torch.tanh(h @ w + element @ u)
        return h
    total = lambda x: torch.cumsum(x, 0)
    run = lambda: (real(5, 3), real(3), real())
    return {
        "scan": lambda: [case(lambda *t: running(*t)[0], *run()), case(lambda *t: running(*t)[0], real(1, 2), real(2), real()),
                 case(lambda *t: running(*t)[0], real(0, 2), real(2), real())],
        "scan reversed": lambda: [case(lambda x, s, f: running(torch.flip(x, (0,)), s, f)[0], *run())],
        "scan of products": lambda: [case(recurrent, real(4, 2, 3), real(2, 5), real(5, 5) / 2, real(3, 5) / 2)],
        "scan outputs": lambda: [case(lambda *t: running(*t)[1], *run())],
        "scan outputs reversed": lambda: [case(lambda x, s, f: torch.flip(running(torch.flip(x, (0,)), s, f)[1], (0,)), *run())],
        "scan sums": lambda: [case(total, real(17)), case(total, real(4, 5)), case(total, integers(7))],
        "captured": lambda: [case(lambda x, c: x.shape[0] * c * c + x.sum(0), real(3, 5), real(5))],
    }


def main():
    global random
    folder = pathlib.Path(__file__).parent
    families = {"leaf": leaf, "elementwise": elementwise, "reduction": reduction, "contraction": contraction, "movement": movement,
                "indexing": indexing, "rowwise": rowwise, "random": chance, "loop": loop, "norm": lengths, "functions": functions}
    for family, make in families.items():
        entries = []
        for name, cases in make().items():
            random = stream(f"{family}/{name}")
            lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases())
            entries.append(f"{json.dumps(name)}: [\n{lines}\n]")
        (folder / f"{family}.json").write_text("{\n" + ",\n".join(entries) + "\n}\n")


if __name__ == "__main__":
    main()
