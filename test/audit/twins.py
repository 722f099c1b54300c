"""The twins of the audit's subjects in PyTorch, by the subjects' names: functions of the options (a dict) and the inputs.

Where torch 1.13 has no such function, or another meaning, they are composed as in the paper or the documentation. Of a `formula` the
float32 result says nothing of PyTorch's (reference.py): it has digits that torch's function lacks, which is `own`, or none is like it.
"""
import math

import numpy
import torch
from torch.nn import functional as F

MIN, MAX = -(2**31), 2**31 - 1
TWINS = {}


def formula(f, own=None):
    f.formula, f.own = True, own
    return f


def holds(f):
    return lambda o, *x: f(*x).to(torch.get_default_dtype())


def plain(f):
    call = lambda o, *x: f(*x)
    own = getattr(f, "own", None)
    call.formula, call.own = getattr(f, "formula", False), own and plain(own)
    return call


def axes_of(o, x):
    axes = o.get("axes")
    return tuple(range(x.dim())) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)


# Elementwise

def whole(f):
    """A formula on int64, cut to 32 bits."""
    def call(o, *tensors):
        with numpy.errstate(all="ignore"):
            result = f(*[t.numpy().astype(numpy.int64) for t in tensors])
        return torch.from_numpy(numpy.asarray(result).astype(numpy.int32))
    return call


def sign(x):
    """torch.sign(NaN) is 0; NaN stays NaN here, as in NumPy."""
    return torch.where(x.isnan(), x.detach(), torch.sign(x))


def to_i32(x):
    """Towards zero, saturating, NaN to 0 (WebAssembly's trunc_sat); torch leaves these cases open."""
    cut = numpy.nan_to_num(numpy.trunc(x.numpy().astype(numpy.float64)), nan=0, posinf=MAX, neginf=MIN)
    return torch.from_numpy(numpy.asarray(numpy.clip(cut, MIN, MAX)).astype(numpy.int32))


def by_sign(x, negative, positive):
    """Either function on its side alone; the other sees a 0 there."""
    side, zero = x > 0, torch.zeros_like(x)
    return torch.where(side, positive(torch.where(side, x, zero)), negative(torch.where(side, zero, x)))


def with_slope(function, slope):
    """A function with its derivative as a formula, differentiable again: one factor, which keeps all digits and infinite cotangents."""
    class WithSlope(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            context.save_for_backward(x)
            return function(x)

        @staticmethod
        def backward(context, g):
            return g * slope(*context.saved_tensors)
    return lambda x: WithSlope.apply(x)


# torch's slopes are 1 - t^2, s (1 - s) and (e^x - 1) + 1, which lose all digits where they are small.
sigmoid = with_slope(torch.sigmoid, lambda x: sigmoid(x) * sigmoid(-x))
tanh = with_slope(torch.tanh, lambda x: 4 * sigmoid(2 * x) * sigmoid(-2 * x))
expm1 = with_slope(torch.expm1, torch.exp)
silu = with_slope(F.silu, lambda x: sigmoid(x) * (1 + x * sigmoid(-x)))


BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "maximum": torch.maximum, "minimum": torch.minimum}
TWINS.update({f"elementwise/{name}": plain(f) for name, f in {
    **BINARY, "div": torch.div, "remainder": torch.remainder, "pow": torch.pow, "neg": torch.neg, "abs": torch.abs,
    "floor": torch.floor, "exp": torch.exp, "expm1": formula(expm1, own=torch.expm1), "log": torch.log, "log1p": torch.log1p, "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt, "sin": torch.sin, "cos": torch.cos, "tanh": formula(tanh, own=torch.tanh), "sigmoid": formula(sigmoid, own=torch.sigmoid), "erf": torch.erf,
    "relu": torch.relu, "square": torch.square, "sign": formula(sign), "cast to i32": to_i32,
    "select": lambda c, a, b: torch.where(c != 0, a, b),
}.items()})
TWINS.update({f"elementwise/{name}": holds(f) for name, f in {"less": torch.lt, "greater": torch.gt, "equal": torch.eq}.items()})
TWINS.update({f"functions/{name}": plain(f) for name, f in {
    "round": torch.round, "ceil": torch.ceil, "log2": torch.log2, "log10": torch.log10, "tan": torch.tan, "atan": torch.atan, "asin": torch.asin,
    "acos": torch.acos, "sinh": torch.sinh, "cosh": torch.cosh, "asinh": torch.asinh, "acosh": torch.acosh, "atanh": torch.atanh, "atan2": torch.atan2,
}.items()})
TWINS.update({f"functions/{name}": holds(f) for name, f in {
    "lessEqual": torch.le, "greaterEqual": torch.ge, "notEqual": torch.ne, "logicalAnd": torch.logical_and, "logicalOr": torch.logical_or,
    "logicalXor": torch.logical_xor, "isNaN": torch.isnan, "isFinite": torch.isfinite, "isInfinite": torch.isinf,
}.items()})
TWINS.update({
    "functions/clamp": lambda o, x: torch.clamp(x, o["min"], o["max"]),
    "functions/std": lambda o, x: torch.std(x, axes_of(o, x), correction=o["correction"]),
    "functions/prod": lambda o, x: torch.prod(x, o["axis"]),
})
# Where the base is 0 and the exponent at least 2, all derivatives by the exponent are 0; torch's second ones are NaN.
TWINS["elementwise/pow at 0"] = lambda o, a, b: torch.pow(a, b.detach()) + 0 * b
# As C's pow; torch takes the square root for 0.5, whose slope at -0 is -inf.
TWINS["elementwise/pow of a number"] = lambda o, x: torch.pow(x, torch.tensor(float(o["exponent"])))
TWINS.update({f"i32/{name}": plain(f) for name, f in {**BINARY, "neg": torch.neg, "sign": torch.sign}.items()})
TWINS.update({
    "i32/div": whole(lambda a, b: numpy.where(b == 0, 0, a // numpy.where(b == 0, 1, b))),
    "i32/remainder": whole(lambda a, b: numpy.where(b == 0, 0, a - b * (a // numpy.where(b == 0, 1, b)))),
    "i32/abs": whole(numpy.abs),
    "i32/less": holds(torch.lt), "i32/equal": holds(torch.eq),
    "i32/cast to f32": lambda o, x: x.to(torch.float64),
    "i32/select": lambda o, c, a, b: torch.where(c != 0, a, b),
    "i32/sum": whole(lambda x: x.sum(0)),
    "i32/max": lambda o, x: torch.amax(x, axes_of(o, x)),
    "i32/min": lambda o, x: torch.amin(x, axes_of(o, x)),
})


# Reductions

def reduced_over(f):
    return lambda o, x: f(x, axes_of(o, x), o["keepDims"])


def extreme(f):
    """Of no axes, and of a scalar, x itself; torch.amax of () means all."""
    def call(o, x):
        axes = axes_of(o, x)
        return f(x, axes, o["keepDims"]) if axes else x + 0
    return call


def total(x, axes, keep):
    return x.sum(axes, keepdim=keep) if axes else x + 0


def mean(x, axes, keep):
    return x.mean(axes, keepdim=keep) if axes else x + 0


def first(pick):
    """The first of equal ones, NaN above all: NumPy's; torch.argmax may name any."""
    def call(o, x):
        a, axis = x.numpy(), o.get("axis")
        found = numpy.asarray(pick(a.reshape(-1) if axis is None else a, 0 if axis is None else axis))
        return torch.from_numpy(found.astype(numpy.int32))
    return call


TWINS.update({
    "reductions/sum": reduced_over(total), "reductions/mean": reduced_over(mean),
    "reductions/max": extreme(torch.amax), "reductions/min": extreme(torch.amin),
    "reductions/variance": lambda o, x: torch.var(x, axes_of(o, x), correction=o["correction"], keepdim=o["keepDims"]),
    "reductions/argmax": first(numpy.argmax), "reductions/argmin": first(numpy.argmin),
    "reductions/sumTo": lambda o, x: x.sum_to_size(o["shape"]),
    "reductions/long sum": lambda o, x: x.sum(o["axis"]),
})


# Products and movement

def matmul(o, a, b):
    turn = lambda x, really: x.transpose(-2, -1) if really else x
    return torch.matmul(turn(a, o["transposeA"]), turn(b, o["transposeB"]))


def taken(x, starts, sizes, steps):
    for axis, (start, size, step) in enumerate(zip(starts, sizes, steps)):
        x = x.index_select(axis, torch.tensor([start + step * i for i in range(size)], dtype=torch.long))
    return x


def spread(o, x):
    if not o["shape"]:
        return x + 0
    result = torch.full(o["shape"], float(o["value"]), dtype=x.dtype)
    grid = torch.meshgrid(*[torch.tensor([start + step * i for i in range(size)], dtype=torch.long)
                            for start, step, size in zip(o["starts"], o["steps"], x.shape)], indexing="ij")
    return result.index_put(grid, x)


def padded(o, x):
    """torch's F.pad refuses tensors without elements."""
    for axis, counts in enumerate(o["amounts"]):
        before, after = (torch.full([*x.shape[:axis], n, *x.shape[axis + 1:]], o["value"], dtype=x.dtype) for n in counts)
        x = torch.cat([before, x, after], axis)
    return x + 0


TWINS.update({
    "products/matmul": matmul,
    "movement/reshape": lambda o, x: x.reshape(o["shape"]),
    "movement/flatten": lambda o, x: x.flatten(o["start"]),
    "movement/permute": lambda o, x: x.permute(o["order"]),
    "movement/transpose": lambda o, x: x.transpose(o["a"], o["b"]),
    "movement/broadcastTo": lambda o, x: x.expand(o["shape"]),
    "movement/unsqueeze": lambda o, x: x.unsqueeze(o["axis"]),
    "movement/squeeze": lambda o, x: x.squeeze() if o.get("axis") is None else x.squeeze(o["axis"]),
    "movement/narrow": lambda o, x: x.narrow(o["axis"], o["start"], o["size"]),
    "movement/take": lambda o, x: taken(x, o["starts"], o["sizes"], o["steps"]),
    "movement/spread": spread, "movement/pad": padded,
    "movement/concat": lambda o, *x: torch.cat(x, o["axis"]),
    "movement/stack": lambda o, *x: torch.stack(x, o["axis"]),
    "indexing/gather": lambda o, x, i: x[i.long()],
    "indexing/oneHot": lambda o, i: F.one_hot(i.long(), o["classes"]).to(torch.float64),
    "indexing/scatterAdd": lambda o, u, i: torch.zeros(o["shape"], dtype=u.dtype).index_add(
        0, i.long().reshape(-1), u.reshape(i.numel(), *o["shape"][1:])),
})


# Along an axis

def running(o, x):
    axis, turned = o["axis"], lambda t: t.flip(o["axis"]) if o["reverse"] else t
    sums = torch.cumsum(turned(x), axis)
    if o["exclusive"]:
        kept = sums.narrow(axis, 0, max(0, x.shape[axis] - 1))
        sums = torch.cat([torch.zeros_like(x.narrow(axis, 0, min(1, x.shape[axis]))), kept], axis)
    return turned(sums)


def wrapped(f):
    return lambda o, x: f(o, x.long()).to(torch.int32)


def ordered(o, x):
    return torch.sort(x, dim=o["axis"], descending=o["descending"], stable=True)


def scattered(o, u, i):
    return torch.zeros(o["shape"], dtype=u.dtype).scatter_add(o["axis"], i.long(), u)


TWINS.update({
    "along/cumulativeSum": running, "along/cumulativeSum i32": wrapped(running),
    "along/sort": lambda o, x: ordered(o, x)[0], "along/sort i32": lambda o, x: ordered(o, x)[0],
    "along/argsort": lambda o, x: ordered(o, x)[1].to(torch.int32),
    # torch.topk names any of equal ones.
    "along/topK": lambda o, x: ordered({**o, "descending": o["largest"]}, x)[0].narrow(o["axis"], 0, o["k"]),
    "along/takeAlongAxis": lambda o, x, i: torch.gather(x, o["axis"], i.long()),
    "along/scatterAddAlongAxis": scattered,
})


# Rows

def cross_entropy_gradient(o, x, t, scale):
    """Of the target minus the shares of the others: 1 less its own has no digits left where it is certain."""
    own, shares = F.one_hot(t.long(), x.shape[1]).bool(), torch.softmax(x, 1)
    others = torch.where(own, torch.zeros_like(x), shares)
    return torch.where(own, -others.sum(1, keepdim=True), others) * scale.unsqueeze(1)


def torch_cross_entropy_gradient(o, x, t, scale):
    return (torch.softmax(x, 1) - F.one_hot(t.long(), x.shape[1])) * scale.unsqueeze(1)


def log_sum_exp(o, x):
    """torch's slope is e^(x - lse), which has no digits left for large x; beside an infinity it is right."""
    top = torch.amax(x.detach(), o["axis"], keepdim=True)
    usual = torch.isfinite(top)
    zero = torch.zeros_like(top)
    result = top + torch.log(torch.exp(torch.where(usual, x, zero) - torch.where(usual, top, zero)).sum(o["axis"], keepdim=True))
    other = torch.logsumexp(torch.where(usual, torch.zeros_like(x), x), o["axis"], keepdim=True)
    result = torch.where(usual, result, other)
    return result if o["keepDims"] else result.squeeze(o["axis"])


def class_entropy(o, x, t):
    """softplus(ln of the others' sum - own): torch's logSoftmax has no digits left where the target is certain."""
    own = F.one_hot(t.long(), x.shape[1]).bool()
    if x.shape[1] == 1:
        return (x - x).sum(1)
    others = torch.where(own, torch.full_like(x, -math.inf), x)
    return softplus(log_sum_exp({"axis": 1, "keepDims": False}, others) - torch.where(own, x, torch.zeros_like(x)).sum(1))


TWINS.update({
    "rows/softmax": lambda o, x: torch.softmax(x, o["axis"]),
    "rows/logSoftmax": lambda o, x: torch.log_softmax(x, o["axis"]),
    "rows/logSumExp": formula(log_sum_exp, own=lambda o, x: torch.logsumexp(x, o["axis"], keepdim=o["keepDims"])),
    "rows/crossEntropy": formula(class_entropy, own=lambda o, x, t: F.cross_entropy(x, t.long(), reduction="none")),
    "rows/crossEntropyGradient": formula(cross_entropy_gradient, own=torch_cross_entropy_gradient),
})


# Activations

def softplus(x, beta=1.0):
    """torch's own turns into x beyond its threshold of 20, where the two still differ by 2e-9; its logaddexp has no log1p."""
    y = beta * x
    positive = y > 0
    return (torch.where(positive, y, torch.zeros_like(y)) + torch.log1p(torch.exp(torch.where(positive, -y, y)))) / beta


def elu(x, alpha=1.0, width=1.0):
    """torch's takes e^x - 1 by its difference, and celu its alpha in float32."""
    return by_sign(x, lambda n: alpha * expm1(n / width), lambda p: p)


def mish(x):
    """Without differences of what is nearly equal; torch's second derivative overflows."""
    def negative(n):
        e = torch.exp(n)
        m = e * (e + 2)
        return n * m / (m + 2)

    def positive(p):
        q = torch.exp(-p)
        return p * (1 - (2 * q * q) / (1 + 2 * q + 2 * q * q))
    return by_sign(x, negative, positive)


def softsign(x):
    """1 - 1 / (1 + |x|) beyond 1, whose slope does not cancel."""
    far, size = x.abs() > 1, x.abs()
    value = torch.where(far, torch.sign(x) * (1 - 1 / (1 + size)), x / (1 + torch.where(far, torch.ones_like(size), size)))
    infinite = torch.where(x.isinf(), x, torch.ones_like(x)) * math.nan  # as torch's
    return torch.where(x.isinf(), infinite, value)


def tanhshrink(x):
    """Near 0 by its series of x^3 / 3: the difference has no digits there."""
    near = torch.where(x.abs() < 0.1, x, torch.zeros_like(x))
    square = near * near
    series = near * square * (1 / 3 - square * (2 / 15 - square * (17 / 315 - square * (62 / 2835 - square * (1382 / 155925 - square * (
        21844 / 6081075 - square * (929569 / 638512875)))))))
    return torch.where(x.abs() < 0.1, series, x - torch.tanh(x))


def gelu(o, x):
    """The approximation with sigmoid(2 a) for (1 + tanh(a)) / 2, whose slope does not cancel."""
    if o["approximate"] == "none":
        return x * torch.where(x < 0, torch.erfc(-x * math.sqrt(0.5)) / 2, (1 + torch.erf(x * math.sqrt(0.5))) / 2)
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * x * (1 + 0.044715 * x * x))


def hard_swish(x):
    """x (x + 3) / 6 within -3..3, both included. At 3 torch's slope depends on the element's place in the array; at -inf it is NaN."""
    zero = torch.zeros_like(x)
    inside = torch.where((x < -3) | (x > 3), zero, x)
    return torch.where(x < -3, zero, torch.where(x > 3, x, inside * (inside + 3) / 6))


def glu(o, x):
    a, b = x.chunk(2, o["axis"])
    return a * sigmoid(b)


def swiglu(o, x, silu=silu):
    a, b = x.chunk(2, o["axis"])
    return silu(a) * b


def prelu(o, x, weight):
    """As torch.prelu, which has no twice differentiable kernel for every shape."""
    shape = [1, -1, *[1] * (x.dim() - 2)] if weight.numel() > 1 else [1] * x.dim()
    return torch.where(x > 0, x, x * weight.reshape(shape))


TWINS.update({f"activations/{name}": f for name, f in {
    "relu": plain(torch.relu), "relu6": plain(F.relu6), "leakyRelu": lambda o, x: F.leaky_relu(x, o["slope"]),
    "prelu": prelu, "elu": formula(lambda o, x: elu(x, o["alpha"]), own=lambda o, x: F.elu(x, o["alpha"])),
    "selu": formula(lambda o, x: 1.0507009873554805 * elu(x, 1.6732632423543772), own=plain(F.selu)),
    "celu": formula(lambda o, x: elu(x, o["alpha"], o["alpha"]), own=lambda o, x: F.celu(x, o["alpha"])),
    "sigmoid": TWINS["elementwise/sigmoid"], "tanh": TWINS["elementwise/tanh"],
    "gelu": formula(gelu, own=lambda o, x: F.gelu(x, approximate=o["approximate"])), "silu": plain(formula(silu, own=F.silu)),
    "mish": formula(lambda o, x: mish(x), own=plain(F.mish)),
    "softplus": formula(lambda o, x: softplus(x, o["beta"]), own=lambda o, x: F.softplus(x, o["beta"])),
    "softsign": formula(lambda o, x: softsign(x), own=plain(F.softsign)),
    "hardtanh": lambda o, x: F.hardtanh(x, o["min"], o["max"]),
    # torch's has no second derivative.
    "hardSigmoid": lambda o, x: F.relu6(x + 3) / 6, "hardSwish": lambda o, x: hard_swish(x),
    "logSigmoid": formula(lambda o, x: -softplus(-x), own=plain(F.logsigmoid)), "glu": formula(glu, own=lambda o, x: F.glu(x, o["axis"])),
    "swiglu": formula(swiglu, own=lambda o, x: swiglu(o, x, F.silu)),
    "hardshrink": lambda o, x: F.hardshrink(x, o["lambd"]), "softshrink": lambda o, x: F.softshrink(x, o["lambd"]),
    "threshold": lambda o, x: F.threshold(x, o["limit"], o["value"]),
    "rrelu": lambda o, x: F.rrelu(x, o["lower"], o["upper"]),
    "tanhshrink": formula(lambda o, x: tanhshrink(x), own=plain(F.tanhshrink)),
    "softmin": lambda o, x: F.softmin(x, o["axis"]),
}.items()})


# Losses, element by element; `reduced` is what the library calls so.

def reduced(o, losses, divisor=None):
    weight = o.get("sampleWeight")
    if weight is not None:
        factors = torch.tensor(weight, dtype=losses.dtype)
        losses = losses * factors.reshape(*losses.shape[:1], *[1] * (losses.dim() - 1))
    reduction = o.get("reduction", "mean")
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if divisor is None else losses.sum() / divisor


def loss(f):
    call = lambda o, *x: reduced(o, f(o, *x))
    own = getattr(f, "own", None)
    call.formula, call.own = getattr(f, "formula", False), own and loss(own)
    return call


def of_torch(name, *options, **renamed):
    f = getattr(F, name)
    named = {key: key for key in options} | renamed
    return loss(lambda o, *x: f(*x, reduction="none", **{theirs: o[ours] for ours, theirs in named.items()}))


def torch_cross_entropy(o, x, t):
    soft = t.dtype != torch.int32
    weight = None if "weight" not in o else torch.tensor(o["weight"], dtype=x.dtype)
    options = {"label_smoothing": o.get("labelSmoothing", 0.0), "weight": weight}
    if soft:
        return reduced(o, F.cross_entropy(x, t, reduction="none", **options))
    ignored = o.get("ignoreIndex", -100)
    losses = F.cross_entropy(x, t.long(), reduction="none", ignore_index=ignored, **options)
    return reduced(o, losses, class_total(o, t, weight, ignored))


def cross_entropy(o, x, t):
    """Of certain targets with the digits that torch's lacks."""
    if t.dtype != torch.int32 or o.get("labelSmoothing", 0.0) != 0 or 0 in x.shape:
        return torch_cross_entropy(o, x, t)
    weight = None if "weight" not in o else torch.tensor(o["weight"], dtype=x.dtype)
    ignored = o.get("ignoreIndex", -100)
    index = torch.where(t == ignored, 0, t).long().reshape(-1)
    rows = x.movedim(0 if x.dim() == 1 else 1, -1).reshape(len(index), -1)
    losses = class_entropy(o, rows, index) * (1 if weight is None else weight[index])
    losses = torch.where(t == ignored, torch.zeros_like(t, dtype=x.dtype), losses.reshape(t.shape))
    return reduced(o, losses, class_total(o, t, weight, ignored))


cross_entropy = formula(cross_entropy, own=torch_cross_entropy)


def class_total(o, t, weight, ignored):
    shares = torch.ones(t.shape) if weight is None else weight[torch.where(t == ignored, 0, t).long()]
    return torch.where(t == ignored, torch.zeros(()), shares).sum()


def class_factors(o, x):
    return torch.tensor(o["weight"], dtype=x.dtype) if "weight" in o else 1


def multi_margin(o, x, t):
    weight = torch.tensor(o["weight"], dtype=x.dtype) if "weight" in o else None
    return F.multi_margin_loss(x, t.long(), o["p"], o["margin"], weight, reduction="none")


def nll(o, x, t):
    weight = None if "weight" not in o else torch.tensor(o["weight"], dtype=x.dtype)
    ignored = o.get("ignoreIndex", -100)
    losses = F.nll_loss(x, t.long(), weight, reduction="none", ignore_index=ignored)
    return reduced(o, losses, class_total(o, t, weight, ignored))


def bce(o, p, y):
    """Within 0..1, where torch takes ln(1 - p) without log1p."""
    return -(y * torch.log(p) + (1 - y) * torch.log1p(-p))


class EndsOfBce(torch.autograd.Function):
    """As torch's, with log1p, and 1e-12 as a float64; the logarithms in the targets' gradient are at least -100, too."""

    @staticmethod
    def logs(p):
        return torch.log(p).clamp(min=-100), torch.log1p(-p).clamp(min=-100)

    @staticmethod
    def forward(context, p, y):
        context.save_for_backward(p, y)
        yes, no = EndsOfBce.logs(p)
        return (y - 1) * no - y * yes

    @staticmethod
    def backward(context, g):
        p, y = context.saved_tensors
        yes, no = EndsOfBce.logs(p)
        return g * ((p - y) / (p * (1 - p)).clamp(min=1e-12)), g * (no - yes)


def bce_with_logits(o, x, y):
    """softplus(x) - x y without cancelling: (1 - y) softplus(x) + w y softplus(-x), torch's meaning."""
    weight = torch.tensor(o.get("posWeight", 1.0), dtype=x.dtype)
    return (1 - y) * softplus(x) + weight * y * softplus(-x)


def log_cosh(o, x, y):
    """Near 0 by ln(1 + 2 sinh(d / 2)^2), else |d| + ln(1 + e^(-2 |d|)) - ln 2: neither cancels."""
    d = x - y
    near = d.abs() < 1
    small = torch.log1p(2 * torch.sinh(torch.where(near, d, torch.zeros_like(d)) / 2) ** 2)
    size = torch.where(near, torch.ones_like(d), d).abs()
    return torch.where(near, small, size + torch.log1p(torch.exp(-2 * size)) - math.log(2))


def focal(o, x, y):
    missed = (1 - y) * sigmoid(x) + y * sigmoid(-x)
    value = bce_with_logits({}, x, y) * missed ** o["gamma"]
    return value if o["alpha"] is None else value * (o["alpha"] * y + (1 - o["alpha"]) * (1 - y))


def dice(o, p, y):
    p, y = (t.reshape(len(t), math.prod(t.shape[1:])) for t in (p, y))
    below = p * p + y * y if o["squared"] else p + y
    return 1 - (2 * (p * y).sum(1) + o["smooth"]) / (below.sum(1) + o["smooth"])


def kl_div(o, x, t):
    """With torch's zeros; its own has no second derivative for targets."""
    losses = t.exp() * (t - x) if o["logTarget"] else torch.xlogy(t, t) - t * x
    if o["reduction"] != "batchmean":
        return reduced(o, losses)
    return reduced({**o, "reduction": "mean"}, losses, x.shape[0])


def poisson(o, x, t):
    """torch writes into the targets' part in place, where it has no derivative."""
    value = x.exp() - t * x if o["logInput"] else x - t * torch.log(x + o["eps"])
    if not o["full"]:
        return value
    large = torch.where(t > 1, t, torch.ones_like(t))
    return value + torch.where(t > 1, large * large.log() - large + 0.5 * torch.log(2 * math.pi * large), torch.zeros_like(t))


def gaussian(o, x, t, v):
    if v.dim() < x.dim():
        v = v.unsqueeze(-1)
    return F.gaussian_nll_loss(x, t, v.expand(x.shape), full=o["full"], eps=o["eps"], reduction="none")


def info_nce(o, q, k):
    cosines = F.normalize(q, dim=1) @ F.normalize(k, dim=1).T
    return F.cross_entropy(cosines / o["temperature"], torch.arange(len(q)), reduction="none")


def cosine_embedding(o, a, b, y):
    """torch's 1e-12 is a float32."""
    squared = lambda x: (x * x).sum(-1) + 1e-12
    cosine = (a * b).sum(-1) / torch.sqrt(squared(a) * squared(b))
    zero = torch.zeros_like(cosine)
    return torch.where(y == 1, 1 - cosine, zero) + torch.where(y == -1, (cosine - o["margin"]).clamp(min=0), zero)


def triplet(o, a, p, n):
    return F.triplet_margin_loss(a, p, n, margin=o["margin"], p=o["p"], eps=o["eps"], swap=o["swap"], reduction="none")


TWINS.update({f"losses/{name}": f for name, f in {
    "mseLoss": of_torch("mse_loss"), "l1Loss": of_torch("l1_loss"), "huberLoss": of_torch("huber_loss", "delta"),
    # torch's slope for beta 0 is -1 at 0, although that is l1_loss, whose slope there is 0.
    "smoothL1Loss": loss(lambda o, x, y: F.smooth_l1_loss(x, y, reduction="none", beta=o["beta"])
                         if o["beta"] > 0 else F.l1_loss(x, y, reduction="none")),
    "msleLoss": loss(lambda o, x, y: (torch.log1p(x) - torch.log1p(y)) ** 2),
    "logCoshLoss": loss(log_cosh),
    "quantileLoss": loss(lambda o, x, y: torch.relu(x - y) - o["quantile"] * (x - y)),
    "crossEntropy": cross_entropy, "crossEntropy of probabilities": cross_entropy, "nllLoss": nll,
    "binaryCrossEntropy": loss(formula(bce)), "binaryCrossEntropy at the ends": loss(formula(
        lambda o, p, y: EndsOfBce.apply(p, y), own=lambda o, p, y: F.binary_cross_entropy(p, y, reduction="none"))),
    "binaryCrossEntropyWithLogits": loss(bce_with_logits), "focalLoss": loss(focal),
    "diceLoss": loss(dice), "klDivLoss": kl_div, "poissonNllLoss": loss(poisson),
    "gaussianNllLoss": loss(gaussian), "infoNce": loss(info_nce), "tripletMarginLoss": loss(triplet),
    "cosineEmbeddingLoss": loss(formula(cosine_embedding, own=lambda o, a, b, y: F.cosine_embedding_loss(
        a, b, y, margin=o["margin"], reduction="none"))),
    "hingeLoss": loss(lambda o, x, y: torch.clamp(1 - x * y, min=0)),
    "squaredHinge": loss(lambda o, x, y: torch.clamp(1 - x * y, min=0) ** 2),
    "hingeEmbeddingLoss": of_torch("hinge_embedding_loss", "margin"),
    "marginRankingLoss": of_torch("margin_ranking_loss", "margin"),
    "softMarginLoss": loss(lambda o, x, y: softplus(-x * y)),
    "multiLabelSoftMarginLoss": loss(lambda o, x, y: (bce_with_logits({}, x, y) * class_factors(o, x)).mean(-1)),
    "multiMarginLoss": loss(multi_margin),
    "multiLabelMarginLoss": loss(lambda o, x, y: F.multilabel_margin_loss(x, y.long(), reduction="none")),
}.items()})


# Layers, as functions of the inputs and the parameters

def rms_norm(o, x, weight):
    """torch.nn.RMSNorm of 2.4, which is composed as this."""
    axes = tuple(range(-len(o["shape"]), 0))
    return x * torch.rsqrt((x * x).mean(axes, keepdim=True) + o["eps"]) * weight


def evaluated(o, x, mean, variance, weight, bias):
    """torch's function has no gradient for the statistics; here they are inputs like the others."""
    column = lambda a: a.reshape(-1, *[1] * (x.dim() - 2))
    return (x - column(mean)) / torch.sqrt(column(variance) + o["eps"]) * column(weight) + column(bias)


def running(o, mean, variance, *batches):
    """Running statistics after several batches of training, one after the other."""
    layer = torch.nn.BatchNorm1d(len(mean), momentum=o["momentum"], dtype=mean.dtype)
    with torch.no_grad():
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)
    for batch in batches:
        layer(batch)
    return torch.cat([layer.running_mean, layer.running_var])


def embedding(o, index, weight):
    """torch shortens long rows in place before it looks them up; the gradient knows nothing of it."""
    padding, longest = o.get("paddingIdx"), o.get("maxNorm")
    found = F.embedding(index.long(), weight, padding)
    if longest is None:
        return found
    with torch.no_grad():
        short = F.embedding(index.long(), weight.detach().clone(), padding, longest, o["normType"])
    return short.detach() + (found - found.detach())


def weight_norm(o, x, bias, g, v):
    """The second gradient of torch's fused torch._weight_norm is not that of its formula."""
    length = v.norm() if o["dim"] is None else v.norm(dim=1 - o["dim"], keepdim=True)
    return F.linear(x, v * (g / length), bias)


TWINS.update({f"layers/{name}": f for name, f in {
    "Linear": plain(F.linear), "Bilinear": plain(F.bilinear), "PReLU": prelu, "Embedding": embedding,
    "LayerNorm": lambda o, x, *given: F.layer_norm(x, o["shape"], *([*given, None, None][:2]), eps=o["eps"]),
    "RMSNorm": rms_norm, "WeightNorm": weight_norm,
    "BatchNorm1d": lambda o, x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True, eps=o["eps"]),
    "BatchNorm2d": lambda o, x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True, eps=o["eps"]),
    "InstanceNorm2d": lambda o, x, weight, bias: F.instance_norm(x, None, None, weight, bias, eps=o["eps"]),
    "GroupNorm": lambda o, x, weight, bias: F.group_norm(x, o["groups"], weight, bias, o["eps"]),
    "LocalResponseNorm": lambda o, x: F.local_response_norm(x, o["size"], o["alpha"], o["beta"], o["k"]),
    "BatchNorm1d evaluated": evaluated, "BatchNorm1d running": running,
}.items()})


# What networks of images and of sequences are made of

def convolved(name):
    def call(o, x, weight, bias):
        more = {"output_padding": o["outputPadding"]} if "outputPadding" in o else {}
        return getattr(F, name)(x, weight, bias, o["stride"], o["padding"], dilation=o["dilation"], groups=o["groups"], **more)
    return call


def recurrent(function, carries=1):
    def call(o, x, *rest):
        state, weights = rest[:carries], list(rest[carries:])
        named = getattr(torch, f"rnn_{o['nonlinearity']}") if function is None else function
        first = state[0] if carries == 1 else list(state)
        found = named(x, first, weights, True, o["layers"], 0.0, False, o["directions"] == 2, False)
        return torch.cat([each.reshape(-1) for each in found])
    return call


def attention(o, q, k, v, bias=None):
    """torch 1.13 has no function of this name; composed as in the documentation of later ones, which repeat keys' heads."""
    k, v = [each.repeat_interleave(q.shape[1] // k.shape[1], 1) for each in (k, v)]
    scores = q @ k.transpose(-2, -1) * o.get("scale", 1 / math.sqrt(q.shape[-1]))
    scores = scores if bias is None else scores + bias
    if o["isCausal"]:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).tril() == 0, -math.inf)
    return torch.softmax(scores, -1) @ v


TWINS.update({f"networks/{name}": f for name, f in {
    **{f"conv{axes}d": convolved(f"conv{axes}d") for axes in (1, 2, 3)},
    **{f"convTranspose{axes}d": convolved(f"conv_transpose{axes}d") for axes in (1, 2, 3)},
    "RNN": recurrent(None), "GRU": recurrent(torch.gru), "LSTM": recurrent(torch.lstm, 2),
    "scaledDotProductAttention": attention,
}.items()})


# Compositions

STEPS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "maximum": torch.maximum,
    "divide": lambda a, b: a / (b * b + 1), "choose": lambda a, b: torch.where(a < b, a, b * b),
    "matmul": lambda a, b: a @ b.transpose(-2, -1), "neg": torch.neg, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "decay": lambda a: torch.exp(-a * a), "root": lambda a: torch.sqrt(a * a + 1), "relu": torch.relu, "sin": torch.sin,
    "logarithm": lambda a: torch.log1p(a * a), "transpose": lambda a: a.transpose(-2, -1), "softmax": lambda a: torch.softmax(a, -1),
    "sum": lambda a: a.sum(-1, keepdim=True), "mean": lambda a: a.mean(0, keepdim=True), "max": lambda a: torch.amax(a, -1, True),
    "flip": lambda a: a.flip(0), "logSumExp": lambda a: torch.logsumexp(a, 0, True), "twice": lambda a: torch.cat([a, a], 0),
}


def composition(o, *values):
    values = list(values)
    for name, *operands in o["steps"]:
        values.append(STEPS[name](*[values[i] for i in operands]))
    return values[-1] + 0


GATES = {
    "relu": torch.relu, "relu6": F.relu6, "hardtanh": lambda x: F.hardtanh(x, 0, 1), "hardSigmoid": lambda x: F.relu6(x + 3) / 6,
    "maximum": lambda x: torch.maximum(x, torch.zeros(())), "select": lambda x: torch.where(x > 0, x, torch.zeros(())),
}
SLOPES = {
    "sqrt": torch.sqrt, "log": torch.log, "rsqrt": torch.rsqrt, "reciprocal": lambda x: 1 / x,
    "pow": lambda x: torch.pow(x, torch.tensor(-0.5)),
}

TWINS["compositions/random"] = composition
TWINS["compositions/infinite slopes"] = lambda o, x: SLOPES[o["slope"]](GATES[o["gate"]](x))


# Schedules and optimizers

def rate(o, t):
    """The rate after t steps by torch.optim.lr_scheduler, jumped to."""
    s, name = torch.optim.lr_scheduler, o["name"]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], float(o["value"]))
    closed = {
        "stepDecay": lambda: s.StepLR(optimizer, o["stepSize"], o["gamma"]),
        "multiStepDecay": lambda: s.MultiStepLR(optimizer, o["milestones"], o["gamma"]),
        "exponentialDecay": lambda: s.ExponentialLR(optimizer, o["gamma"]),
        "polynomialDecay": lambda: s.PolynomialLR(optimizer, o["steps"], o["power"]),
        "cosineDecay": lambda: s.CosineAnnealingLR(optimizer, o["steps"], o["final"]),
        "cosineAnnealing": lambda: s.CosineAnnealingLR(optimizer, o["steps"], o["final"]),
        "linearSchedule": lambda: s.LinearLR(optimizer, o["startFactor"], o["endFactor"], o["steps"]),
        "linearWarmup": lambda: s.LinearLR(optimizer, o["startFactor"], 1, o["steps"]),
    }
    jumping = {
        "cyclic": lambda: s.CyclicLR(
            optimizer, o["value"], o["top"], o["stepSizeUp"], o["stepSizeDown"],
            mode={"exponential": "exp_range"}.get(o["mode"], o["mode"]), gamma=o.get("gamma", 1.0), cycle_momentum=False),
        "oneCycle": lambda: s.OneCycleLR(
            optimizer, o["value"], total_steps=o["steps"], pct_start=o["pctStart"],
            anneal_strategy={"cosine": "cos"}.get(o["anneal"], o["anneal"]),
            div_factor=o["divFactor"], final_div_factor=o["finalDivFactor"], three_phase=o["threePhase"], cycle_momentum=False),
    }
    if name in closed:
        schedule = closed[name]()
        # torch's cosine goes up again; ours stays.
        schedule.last_epoch = min(t, o["steps"]) if name == "cosineDecay" else t
        return schedule._get_closed_form_lr()[0]
    if name == "cosineRestarts":
        schedule = s.CosineAnnealingWarmRestarts(optimizer, o["steps"], o["factor"], o["final"])
        schedule.step(t)
        return schedule.get_last_lr()[0]
    schedule = jumping[name]()
    schedule.last_epoch = min(t, o["steps"] - 1) if name == "oneCycle" else t
    return schedule.get_lr()[0]


@formula
def scheduled(o, step):
    return torch.tensor(rate(o, int(step)), dtype=torch.float64)


for each in ("stepDecay", "multiStepDecay", "exponentialDecay", "polynomialDecay", "cosineDecay", "cosineRestarts", "linearWarmup",
             "cosineAnnealing", "linearSchedule", "cyclic", "oneCycle"):
    TWINS[f"schedules/{each}"] = scheduled


PAIRED = ("beta1", "beta2", "etaMinus", "etaPlus", "stepSizeMin", "stepSizeMax")


def made(o, parameters):
    """The optimizer of torch for options named as ours."""
    theirs = {"weightDecay": "weight_decay", "epsilon": "eps", "lrDecay": "lr_decay", "momentumDecay": "momentum_decay",
              "initialAccumulatorValue": "initial_accumulator_value"}
    options = {theirs.get(key, key): value for key, value in o["options"].items() if key not in PAIRED}
    for pair, names in {"betas": ("beta1", "beta2"), "etas": ("etaMinus", "etaPlus"), "step_sizes": ("stepSizeMin", "stepSizeMax")}.items():
        if names[0] in o["options"]:
            options[pair] = tuple(o["options"][name] for name in names)
    name = {"sgd": "SGD", "adam": "Adam", "adamW": "AdamW", "adagrad": "Adagrad", "adadelta": "Adadelta", "rmsprop": "RMSprop",
            "adamax": "Adamax", "nadam": "NAdam", "radam": "RAdam", "asgd": "ASGD", "rprop": "Rprop"}[o["optimizer"]]
    if name == "NAdam":
        options["foreach"] = True  # the loop over single tensors of 1.13 multiplies by a momentum twice
    return getattr(torch.optim, name)(parameters, lr=o["rate"], **options)


def train(o, *tensors):
    """All parameters after every recorded step, for given gradients [steps, ...]."""
    count = len(tensors) // 2
    parameters = [t.detach().clone().requires_grad_(True) for t in tensors[:count]]
    optimizer = made(o, parameters)
    recorded = []
    for t in range(o["steps"]):
        for parameter, gradients in zip(parameters, tensors[count:]):
            parameter.grad = gradients[t].detach().clone()
        if "clip" in o:
            clip = getattr(torch.nn.utils, {"norm": "clip_grad_norm_", "value": "clip_grad_value_"}[o["clip"]["by"]])
            clip(parameters, o["clip"]["limit"])
        if "schedule" in o:
            optimizer.param_groups[0]["lr"] = rate(o["schedule"], t)
        optimizer.step()
        recorded += [parameter.detach().reshape(-1).clone() for parameter in parameters]
    return torch.cat(recorded)


for each in ("sgd", "adam", "adamW", "adagrad", "adadelta", "rmsprop", "adamax", "nadam", "radam", "asgd", "rprop"):
    TWINS[f"optimizers/{each}"] = train
