"""Golden values of losses: /usr/bin/python3 test/golden/make-losses.py (Debian's python3-torch 1.13), float64.

What torch does not have is written as its paper's formula, elements by elements, and reduced here.
"""
import json
import math

import torch
from torch.nn import functional

import ctc
import make
from calls import write
from make import case, f64, i32, real


# Inputs

def classes(*shape, count):
    return i32(make.random.integers(0, count, shape))


def unit(*shape):
    """Within 0..1, without the ends."""
    return real(*shape, low=0, high=1)


def signs(*shape):
    return f64(make.random.integers(0, 2, shape) * 2.0 - 1)


def pairs(first=real, second=real):
    return lambda: [(first(), second()), (first(5, 3), second(5, 3))]


def scores(*last):
    """Logits with class indices, and `last` in the end."""
    shapes = [(5, 3), (1, 7), (5, 1), (2, 3, 2, 2)]
    return lambda: [(real(*s), classes(*s[:1], *s[2:], count=s[1])) for s in shapes] + [(real(3), i32(2)), *last]


# Entries

def loss(name, f, points, kinks=(), differences=True, **options):
    """A loss by reduction: f(*inputs, reduction) at points, at kinks without second derivatives."""
    make.random = make.stream(name)
    arity = len(points()[0])

    def cases(reduction, which=slice(None)):
        call = lambda *inputs: f(*inputs, reduction=reduction)
        return [case(call, *inputs, smooth=differences) for inputs in points()[which]] + [
            case(call, *inputs, order=1, smooth=False) for inputs in kinks]

    def entry(**given):
        listed = [f"${i}" for i in range(arity)] + ([json.dumps(given)] if given else [])
        return f"{name}({', '.join(listed)})" if given else name

    found = {
        entry(**options): lambda: cases("mean"),
        entry(**options, reduction="none"): lambda: cases("none"),
    }
    # What differs from the mean is the factor alone: one shape tells.
    return found if options else {**found, entry(reduction="sum"): lambda: cases("sum", slice(1, 2))}


def formula(g):
    def f(*inputs, reduction):
        losses = g(*inputs)
        return {"mean": losses.mean, "sum": losses.sum, "none": lambda: losses}[reduction]()
    return f


# Formulas

def hinge(x, y):
    return torch.clamp(1 - x * y, min=0)


def log_cosh(x, y):
    """ln cosh d by d - ln 2 + ln(1 + e^(-2 d)), which holds for both signs."""
    d = x - y
    return torch.logaddexp(d, -d) - math.log(2)


def kl_div(x, t, log_target):
    """With torch's zeros; its own has no second derivative for targets."""
    return t.exp() * (t - x) if log_target else torch.xlogy(t, t) - t * x


def binary_cross_entropy(p, y):
    return -(y * torch.log(p).clamp(min=-100) + (1 - y) * torch.log1p(-p).clamp(min=-100))


def poisson(x, t, log_input=True, full=False, eps=1e-8):
    """torch writes into the targets' part in place, where it has no derivative."""
    value = x.exp() - t * x if log_input else x - t * torch.log(x + eps)
    stirling = t * torch.log(t) - t + 0.5 * torch.log(2 * math.pi * t)
    return value + torch.where(t > 1, stirling, 0) if full else value


def focal(x, y, gamma=2.0, alpha=0.25):
    p = torch.sigmoid(x)
    value = functional.binary_cross_entropy_with_logits(x, y, reduction="none") * (1 - (p * y + (1 - p) * (1 - y))) ** gamma
    return value if alpha is None else value * (alpha * y + (1 - alpha) * (1 - y))


def dice(p, y, smooth=1.0, squared=False):
    p, y = p.reshape(len(p), -1), y.reshape(len(y), -1)
    below = p * p + y * y if squared else p + y
    return 1 - (2 * (p * y).sum(1) + smooth) / (below.sum(1) + smooth)


def info_nce(q, k, temperature=0.1):
    cosines = functional.normalize(q, dim=1) @ functional.normalize(k, dim=1).T
    return -torch.log_softmax(cosines / temperature, 1).diagonal()


def multi_label(x, y):
    """torch's own has no derivative of its derivative."""
    def row(scores, labels):
        listed = labels.tolist()
        own = listed[: listed.index(-1)] if -1 in listed else listed
        others = [i for i in range(len(scores)) if i not in own]
        terms = [torch.clamp(1 - (scores[j] - scores[i]), min=0) for j in own for i in others]
        return (sum(terms) + 0 * scores.sum()) / len(scores)

    value = row(x, y) if x.dim() == 1 else torch.stack([row(a, b) for a, b in zip(x, y)])
    assert torch.allclose(value, functional.multilabel_margin_loss(x.detach(), y.long(), reduction="none"), rtol=1e-12)
    return value


def multi_margin(p=1, margin=1.0, weight=None):
    """torch's own has no derivative of its derivative."""
    def f(x, t, reduction):
        scores, index = (x[None], t[None].long()) if x.dim() == 1 else (x, t.long())
        missing = torch.relu(margin + scores - scores.gather(1, index[:, None])) ** p
        others = 1 - functional.one_hot(index, scores.shape[1])
        factors = 1 if weight is None else weight[index]
        value = (missing * others).sum(1) / scores.shape[1] * factors
        value = {"mean": value.mean, "sum": value.sum, "none": lambda: value if x.dim() > 1 else value[0]}[reduction]()
        plain = functional.multi_margin_loss(x.detach(), t.long(), p, margin, weight, reduction=reduction)
        assert torch.allclose(value, plain, rtol=1e-12)
        return value
    return f


def cross_entropy(**options):
    return lambda x, t, reduction: functional.cross_entropy(x, t.long(), reduction=reduction, **options)


def soft_entropy(**options):
    """torch's, whose targets have no gradient of the gradient: log_softmax has."""
    smoothing, weight = options.get("label_smoothing", 0), options.get("weight")

    def f(x, t, reduction):
        c = x.shape[1] if x.dim() > 1 else x.shape[0]
        axis = 1 if x.dim() > 1 else 0
        factors = 1 if weight is None else weight.reshape(-1, *[1] * (x.dim() - axis - 1))
        losses = -(((1 - smoothing) * t + smoothing / c) * torch.log_softmax(x, axis) * factors).sum(axis)
        value = {"mean": losses.mean, "sum": losses.sum, "none": lambda: losses}[reduction]()
        plain = functional.cross_entropy(x.detach(), t.detach(), reduction=reduction, **options)
        assert torch.allclose(value, plain, rtol=1e-12)
        return value
    return f


def nll(**options):
    return lambda x, t, reduction: functional.nll_loss(x, t.long(), reduction=reduction, **options)


def with_logits(weight=None):
    options = {} if weight is None else {"pos_weight": torch.tensor(weight, dtype=torch.float64)}
    return lambda x, y, reduction: functional.binary_cross_entropy_with_logits(x, y, reduction=reduction, **options)


def batch_mean(x, t, log_target=False):
    return kl_div(x, t, log_target).sum() / x.shape[0]


def torch_has(name, **options):
    f = getattr(functional, name)
    return lambda *inputs, reduction: f(*inputs, reduction=reduction, **options)


def checked(g, name, **options):
    """A formula that gives torch's values."""
    def f(*inputs, reduction):
        value = formula(lambda *t: g(*t, **options))(*inputs, reduction=reduction)
        plain = getattr(functional, name)(*[t.detach() for t in inputs], reduction=reduction, **options)
        assert torch.allclose(value, plain, rtol=1e-12)
        return value
    return f


WEIGHT = [0.5, 2, 1.25]
FACTORS = torch.tensor(WEIGHT, dtype=torch.float64)
LARGE = (f64([[80, 0, -80], [-80, 80, 0]]), i32([2, 1]))
PARTLY = (f64([[80, 0, -80], [1, 2, 0.5], [0, -1, 3]]), i32([2, -100, 0]))
THREE = lambda: [(real(5, 3), classes(5, count=3)), (real(2, 3, 4), classes(2, 4, count=3)), LARGE]
IGNORING = lambda: [(real(5, 3), i32([0, 2, 1, 1, 2])), (real(2, 3, 2), i32([[1, 0], [2, 1]]))]
SOFT = lambda: [(real(5, 3), unit(5, 3)), (real(2, 3, 2), unit(2, 3, 2))]
LOGITS = lambda: [(real(), unit()), (real(5, 3), unit(5, 3)), (f64([80, 80, -80, -80, 0]), f64([1, 0, 1, 0, 1]))]
LABELS = lambda: [(real(7), i32([3, 0, -1, 5, 0, 1, 1])), (real(3, 4), i32([[0, 1, 2, 3], [-1, 0, 1, 2], [3, -1, 3, 3]]))]
BY_CLASS = lambda: [(real(4), unit(4)), (real(5, 3), unit(5, 3))]
MARGINS = lambda: [(apart(4), i32(2)), (apart(5, 3), classes(5, count=3)), (apart(5, 1), classes(5, count=1))]
COSINES = lambda: [(real(4), real(4), f64(1.0)), (real(5, 3), real(5, 3), signs(5)), (real(1, 7), real(1, 7), f64([-1.0]))]
RANKS = lambda: [(real(), real(), f64(1.0)), (real(5, 3), real(5, 3), signs(5, 3))]
ALIGNED = lambda: [(real(5, 4, low=-4, high=0), i32([1, 3, 3]), i32(5), i32(2)),
                   (real(6, 3, 4, low=-4, high=0), i32([[1], [3], [2]]), i32([6, 5, 4]), i32([1, 1, 1])),
                   (real(5, 2, 4, low=-4, high=0), i32([[2, 2, 1], [3, 1, 2]]), i32([5, 4]), i32([3, 0]))]
TRIPLETS = lambda: [(real(4), real(4), real(4)), (real(6, 5), real(6, 5), real(6, 5))]
VARIANCES = lambda: [(real(5, 3), real(5, 3), real(5, 3, low=0.1)), (real(5, 3), real(5, 3), real(5, 1, low=0.1)),
                     (real(5, 3), real(5, 3), real(5, low=0.1))]
above = lambda low: lambda *shape: real(*shape, low=low, high=low + 4)
log_unit = lambda *shape: real(*shape, low=-4, high=0)
apart = lambda *shape: real(*shape) + 1 / 128  # no multiple of what real() gives
KINKS = [(f64([0.0, 1, -1, 2]), f64([0.0, 0, 0, 0]))]

LOSSES = {
    **loss("l1Loss", torch_has("l1_loss"), pairs(second=apart), kinks=KINKS),
    **loss("mseLoss", torch_has("mse_loss"), pairs()),
    **loss("msleLoss", formula(lambda x, y: (torch.log1p(x) - torch.log1p(y)) ** 2), pairs(above(-0.75), above(-0.75))),
    **loss("logCoshLoss", formula(log_cosh), lambda: [*pairs()(), (f64([100, -100, 0]), f64([0, 0, 0.25]))]),
    **loss("huberLoss", torch_has("huber_loss"), pairs(second=apart), kinks=KINKS),
    **loss("huberLoss", torch_has("huber_loss", delta=0.5), pairs(second=apart), delta=0.5),
    **loss("smoothL1Loss", torch_has("smooth_l1_loss"), pairs(second=apart), kinks=KINKS),
    **loss("smoothL1Loss", torch_has("smooth_l1_loss", beta=0.5), pairs(second=apart), beta=0.5),
    **loss("smoothL1Loss", torch_has("smooth_l1_loss", beta=0.0), pairs(second=apart), beta=0),
    **loss("quantileLoss", formula(lambda x, y: torch.maximum((y - x) / 2, (x - y) / 2)), pairs(second=apart)),
    **loss("quantileLoss", formula(lambda x, y: torch.maximum(0.9 * (y - x), -0.1 * (y - x))), pairs(second=apart), quantile=0.9),
    **loss("crossEntropy", cross_entropy(), scores(LARGE, PARTLY)),
    **loss("crossEntropy", cross_entropy(label_smoothing=0.125), THREE, labelSmoothing=0.125),
    **loss("crossEntropy", cross_entropy(weight=FACTORS), THREE, weight=WEIGHT),
    **loss("crossEntropy", cross_entropy(ignore_index=1), IGNORING, ignoreIndex=1),
    **loss("crossEntropy", cross_entropy(ignore_index=1, label_smoothing=0.125), IGNORING, ignoreIndex=1, labelSmoothing=0.125),
    **loss("crossEntropy", cross_entropy(ignore_index=1, weight=FACTORS, label_smoothing=0.25), IGNORING, ignoreIndex=1,
           weight=WEIGHT, labelSmoothing=0.25),
    "crossEntropy($0, $1)": lambda: [case(lambda x, t: soft_entropy()(x, t, "mean"), *point) for point in SOFT() + [(real(4), unit(4))]],
    'crossEntropy($0, $1, {"weight": [0.5, 2, 1.25], "labelSmoothing": 0.25})': lambda: [
        case(lambda x, t: soft_entropy(weight=FACTORS, label_smoothing=0.25)(x, t, "mean"), *point) for point in SOFT()],
    'crossEntropy($0, $1, {"weight": $2})': lambda: [
        case(lambda x, t, w: functional.cross_entropy(x, t.long(), w.detach()), *point, real(3, low=0.1), smooth=False) for point in THREE()],
    **loss("nllLoss", nll(), scores(PARTLY)),
    **loss("nllLoss", nll(weight=FACTORS, ignore_index=1), IGNORING, weight=WEIGHT, ignoreIndex=1),
    **loss("binaryCrossEntropy", checked(binary_cross_entropy, "binary_cross_entropy"), pairs(unit, unit)),
    **loss("binaryCrossEntropyWithLogits", with_logits(), LOGITS),
    **loss("binaryCrossEntropyWithLogits", with_logits(3), LOGITS, posWeight=3),
    **loss("binaryCrossEntropyWithLogits", with_logits(WEIGHT), lambda: LOGITS()[1:2], posWeight=WEIGHT),
    **loss("focalLoss", formula(focal), LOGITS),
    **loss("focalLoss", formula(lambda x, y: focal(x, y, 1.5, None)), lambda: LOGITS()[:2], gamma=1.5, alpha=None),
    **loss("diceLoss", formula(dice), lambda: [(unit(5), unit(5)), (unit(3, 2, 4), unit(3, 2, 4))]),
    **loss("diceLoss", formula(lambda p, y: dice(p, y, 0.25, True)), lambda: [(unit(3, 2, 4), unit(3, 2, 4))], smooth=0.25, squared=True),
    **loss("klDivLoss", checked(kl_div, "kl_div", log_target=False), pairs(log_unit, unit)),
    **loss("klDivLoss", checked(kl_div, "kl_div", log_target=True), pairs(log_unit, log_unit), logTarget=True),
    'klDivLoss($0, $1, {"reduction": "batchmean"})': lambda: [case(batch_mean, log_unit(5, 3), unit(5, 3))],
    **loss("poissonNllLoss", checked(poisson, "poisson_nll_loss"), pairs(real, above(0))),
    **loss("poissonNllLoss", checked(poisson, "poisson_nll_loss", log_input=False, full=True), pairs(above(0.1), above(0)),
           logInput=False, full=True),
    **loss("gaussianNllLoss", torch_has("gaussian_nll_loss"), VARIANCES),
    **loss("gaussianNllLoss", torch_has("gaussian_nll_loss", full=True, eps=0.5), lambda: VARIANCES()[:1], differences=False, full=True, eps=0.5),
    **loss("hingeLoss", formula(hinge), pairs(apart, signs), kinks=[(f64([1, -1]), f64([1, -1]))]),
    **loss("squaredHinge", formula(lambda x, y: hinge(x, y) ** 2), pairs(apart, signs)),
    **loss("hingeEmbeddingLoss", torch_has("hinge_embedding_loss"), pairs(apart, signs), kinks=[(f64([1, 1]), f64([1, -1]))]),
    **loss("hingeEmbeddingLoss", torch_has("hinge_embedding_loss", margin=0.5), pairs(apart, signs), margin=0.5),
    **loss("cosineEmbeddingLoss", torch_has("cosine_embedding_loss"), COSINES),
    **loss("cosineEmbeddingLoss", torch_has("cosine_embedding_loss", margin=0.25), COSINES, margin=0.25),
    **loss("marginRankingLoss", torch_has("margin_ranking_loss"), RANKS, kinks=[(f64([1, 2]), f64([1, 2]), f64([1, -1]))]),
    **loss("marginRankingLoss", torch_has("margin_ranking_loss", margin=0.5), RANKS, margin=0.5),
    **loss("tripletMarginLoss", torch_has("triplet_margin_loss"), TRIPLETS),
    **loss("tripletMarginLoss", torch_has("triplet_margin_loss", margin=2, p=3, swap=True), TRIPLETS, margin=2, p=3, swap=True),
    **loss("tripletMarginLoss", torch_has("triplet_margin_loss", p=1), TRIPLETS, p=1),
    **loss("multiLabelMarginLoss", formula(multi_label), LABELS),
    **loss("softMarginLoss", checked(lambda x, y: torch.logaddexp(-x * y, torch.zeros_like(x)), "soft_margin_loss"), pairs(second=signs)),
    **loss("multiLabelSoftMarginLoss", torch_has("multilabel_soft_margin_loss"), BY_CLASS),
    **loss("multiLabelSoftMarginLoss", torch_has("multilabel_soft_margin_loss", weight=FACTORS), lambda: BY_CLASS()[1:], weight=WEIGHT),
    **loss("multiMarginLoss", multi_margin(), MARGINS),
    **loss("multiMarginLoss", multi_margin(2), MARGINS, p=2),
    **loss("multiMarginLoss", multi_margin(2, 0.5, FACTORS), lambda: MARGINS()[1:2], p=2, margin=0.5, weight=WEIGHT),
    **loss("infoNce", formula(info_nce), lambda: [(real(4, 3), real(4, 3)), (real(1, 5), real(1, 5))]),
    **loss("infoNce", formula(lambda q, k: info_nce(q, k, 2)), lambda: [(real(4, 3), real(4, 3))], temperature=2),
    **loss("ctcLoss", ctc.loss, ALIGNED),
    **loss("ctcLoss", lambda *inputs, reduction: ctc.loss(*inputs, reduction=reduction, blank=3),
           lambda: [(real(6, 2, 4, low=-4, high=0), i32([[1, 1, 2], [0, 2, 1]]), i32([6, 5]), i32([3, 2]))], blank=3),
}

if __name__ == "__main__":
    write("losses", LOSSES)
