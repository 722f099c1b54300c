"""Golden values of measures over data sets: /usr/bin/python3 test/golden/make-measures.py (PyTorch 1.13, scikit-learn 1.2), float64.

Writes measures.json: 200 random combinations of losses, their options, weights of samples, sizes and batches of an evaluation, each with what
PyTorch and scikit-learn give for all rows at once. The data are not written: both sides make them of the case's seed by one formula in whole
numbers (`Stream` here, `stream` in test/train/measures.test.ts), in the order logits, targets, weights of samples.
"""
import json
import pathlib
import random
import warnings

import numpy as np
import torch
from sklearn import metrics as sk
from torch.nn import functional as F

warnings.filterwarnings("ignore")
random.seed(20240815)


class Stream:
    """Whole numbers below 2^16."""

    def __init__(self, seed):
        self.state = seed

    def numbers(self, count):
        out = []
        for _ in range(count):
            self.state = (self.state * 1103515245 + 12345) % 2**32
            out.append(self.state >> 16)
        return np.array(out)


def some(*values):
    return random.choice(values)


def factors(count):
    """Short binary fractions, some of them 0."""
    return [random.randint(0, 24) / 8 for _ in range(count)]


# Values of the elements' losses, one a row of x at least, and what their mean is divided by: a number, or None for their count.

def of_classes(case, x, y):
    options = case["options"]
    ignored = options.get("ignoreIndex", -100)
    weight = options.get("weight")
    weight = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    kwargs = {"weight": weight, "reduction": "none", "ignore_index": -1000 if ignored is None else ignored}
    if case["loss"] == "crossEntropy":
        losses = F.cross_entropy(x, y, label_smoothing=options.get("labelSmoothing", 0), **kwargs)
    else:
        losses = F.nll_loss(F.log_softmax(x, 1), y, **kwargs)
    counts = y != ignored if ignored is not None else torch.ones_like(y, dtype=torch.bool)
    divisor = counts.sum() if weight is None else weight[y[counts]].sum()
    if not case["sampleWeight"] and options.get("reduction") != "sum":
        # What PyTorch itself makes of all rows, so that the formula is held to it, too.
        kwargs["reduction"] = "mean"
        whole = (F.cross_entropy(x, y, label_smoothing=options.get("labelSmoothing", 0), **kwargs)
                 if case["loss"] == "crossEntropy" else F.nll_loss(F.log_softmax(x, 1), y, **kwargs))
        assert torch.allclose(whole, losses.sum() / divisor, rtol=1e-12, atol=0, equal_nan=True)
    return losses, divisor


def of_margins(case, x, y):
    options = case["options"]
    weight = options.get("weight")
    weight = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    kwargs = {"p": options.get("p", 1), "margin": options.get("margin", 1.0), "weight": weight}
    return F.multi_margin_loss(x, y, reduction="none", **kwargs), None


def of_labels(case, x, y):
    weight = case["options"].get("posWeight")
    weight = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    return F.binary_cross_entropy_with_logits(x, y, pos_weight=weight, reduction="none"), None


def of_values(case, x, y):
    options = case["options"]
    by = {
        "mseLoss": lambda: F.mse_loss(x, y, reduction="none"),
        "l1Loss": lambda: F.l1_loss(x, y, reduction="none"),
        "huberLoss": lambda: F.huber_loss(x, y, reduction="none", delta=options.get("delta", 1.0)),
        "smoothL1Loss": lambda: F.smooth_l1_loss(x, y, reduction="none", beta=options.get("beta", 1.0)),
    }
    return by[case["loss"]](), None


def loss_of(case, x, y, weights):
    losses, divisor = case["of"](case, x, y)
    if weights is not None:
        losses = losses * weights.reshape([-1] + [1] * (losses.dim() - 1))
    if case["options"].get("reduction") == "sum":
        return losses.sum()
    return losses.mean() if divisor is None else losses.sum() / divisor


# Metrics, which see no weights: of known targets, those from 0 on that the loss counts. A class that it ignores is in no average; a row that is
# taken for it is wrong.

def class_metrics(case, x, y):
    logits, target = x.numpy(), y.numpy()
    chosen = logits.argmax(1)
    ignored = case["options"].get("ignoreIndex", -100)
    counts = np.ones(len(target), bool) if ignored is None or case["loss"] == "multiMarginLoss" else target != ignored
    known = (target >= 0) & counts
    named = sorted(({*target[known]} | {*chosen[known]}) - {ignored})
    macro = {"average": "macro", "zero_division": 0, "labels": named}
    # Of nothing at all scikit-learn's micro average is 0, its macro average the mean of an empty slice; here both are 0.
    return {
        "accuracy": np.mean((chosen == target)[counts]) if counts.any() else np.nan,
        "f1": sk.f1_score(target[known], chosen[known], **macro) if named else 0,
        "recall": sk.recall_score(target[known], chosen[known], **macro) if named else 0,
        "logLoss": sk.log_loss(target[known], torch.softmax(x, 1).numpy()[known], labels=np.arange(logits.shape[1]))
        if known.any() else np.nan,
    }


def label_metrics(case, x, y):
    scores, target = x.numpy().ravel(), y.numpy().ravel().astype(int)
    both = 0 < target.sum() < len(target)
    return {
        "binaryAccuracy": sk.accuracy_score(target, scores > 0),
        "rocAuc": sk.roc_auc_score(target, scores) if both else np.nan,
        "logLoss": sk.log_loss(target, 1 / (1 + np.exp(-scores)), labels=[0, 1]),
    }


def value_metrics(case, x, y):
    return {
        "meanAbsoluteError": sk.mean_absolute_error(y, x),
        "rootMeanSquaredError": sk.mean_squared_error(y, x, squared=False),
        "r2Score": sk.r2_score(y, x) if len(y) > 1 else np.nan,
    }


# Cases

def class_case():
    loss = some("crossEntropy", "crossEntropy", "crossEntropy", "nllLoss")
    columns = random.randint(2, 7)
    options = {}
    if random.random() < 0.6:
        options["weight"] = factors(columns)
    if loss == "crossEntropy" and random.random() < 0.5:
        options["labelSmoothing"] = some(0.0625, 0.25, 0.5, 1)
    ignores = some("usual", "usual", "some", "one", "none")
    if ignores == "one":
        options["ignoreIndex"] = random.randrange(columns)
    if ignores == "none":
        options["ignoreIndex"] = None
    return loss, columns, options, {"of": of_classes, "metrics": class_metrics, "ignores": ignores == "some"}


def margin_case():
    columns = random.randint(2, 6)
    options = {}
    if random.random() < 0.5:
        options["weight"] = factors(columns)
    if random.random() < 0.5:
        options["p"] = 2
    if random.random() < 0.5:
        options["margin"] = some(0.5, 2)
    return "multiMarginLoss", columns, options, {"of": of_margins, "metrics": class_metrics, "ignores": False}


def label_case():
    columns = some(1, 1, 3)
    options = {}
    if random.random() < 0.7:
        options["posWeight"] = some(0.25, 3, 17) if columns == 1 or random.random() < 0.3 else factors(columns)
    one = {"metrics": label_metrics} if columns == 1 else {}
    return "binaryCrossEntropyWithLogits", columns, options, {"of": of_labels, **one}


def value_case():
    loss = some("mseLoss", "l1Loss", "huberLoss", "smoothL1Loss")
    options = {}
    if loss == "huberLoss" and random.random() < 0.7:
        options["delta"] = some(0.25, 2)
    if loss == "smoothL1Loss" and random.random() < 0.7:
        options["beta"] = some(0.5, 3)
    columns = random.randint(1, 4)
    one = {"metrics": value_metrics} if columns == 1 else {}
    return loss, columns, options, {"of": of_values, **one}


def case_of(i):
    make = some(class_case, class_case, class_case, margin_case, label_case, label_case, value_case)
    loss, columns, options, more = make()
    if random.random() < 0.4:
        options["reduction"] = some("sum", "mean")
    rows = some(1, random.randint(2, 40), random.randint(41, 300), random.randint(257, 700))
    batch = some("all", 1, random.randint(2, 9), random.randint(1, rows), rows - 1 or 1, 256, 256)
    return {"seed": 1 + 7919 * i, "loss": loss, "rows": rows, "columns": columns, "options": options,
            "sampleWeight": random.random() < 0.4, "evaluationBatch": batch, "ignores": False, **more}


def data_of(case):
    """Logits between -4 and 4; class indices, of which the one after the last stands for -100; labels; values."""
    stream = Stream(case["seed"])
    rows, columns = case["rows"], case["columns"]
    x = torch.tensor((stream.numbers(rows * columns) // 32) / 256 - 4).reshape(rows, columns)
    if case["of"] in (of_classes, of_margins):
        y = stream.numbers(rows) % (columns + case["ignores"])
        y = torch.tensor(np.where(y == columns, -100, y))
    elif case["of"] is of_labels:
        y = torch.tensor((stream.numbers(rows * columns) % 3 == 0).astype(float)).reshape(rows, columns)
    else:
        y = torch.tensor((stream.numbers(rows * columns) // 32) / 256 - 4).reshape(rows, columns)
    weights = torch.tensor((stream.numbers(rows) % 17) / 8) if case["sampleWeight"] else None
    return x, y, weights


def written(case):
    x, y, weights = data_of(case)
    values = {"loss": loss_of(case, x, y, weights)}
    if "metrics" in case:
        values.update(case["metrics"](case, x, y))
    told = {name: "NaN" if np.isnan(float(value)) else float(value) for name, value in values.items()}
    return {**{name: value for name, value in case.items() if name not in ("of", "metrics")}, "values": told}


path = pathlib.Path(__file__).with_name("measures.json")
lines = ",\n".join(json.dumps(written(case_of(i)), separators=(",", ":")) for i in range(200))
path.write_text("[\n" + lines + "\n]\n")
