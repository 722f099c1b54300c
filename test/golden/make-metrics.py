"""Golden values of metrics: /usr/bin/python3 test/golden/make-metrics.py (Debian's python3-sklearn 1.2), float64.

Writes metrics.json: data sets by name, then for each call of a metric its value on data sets. Predictions are logits unless the call says
otherwise; they are short binary fractions, so float32 holds them exactly. NaN stands where scikit-learn gives it or raises. What scikit-learn
does not have (calibration error, perplexity) is written as its formula.
"""
import json
import pathlib
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
random = np.random.default_rng(20240611)


# Data sets

def grid(*shape, unit=64, low=-3, high=3):
    return random.integers(low * unit, high * unit + 1, shape) / unit


def near(logits, share=0.5):
    """Targets that are often the largest logit's class."""
    chosen = logits.argmax(1)
    other = random.integers(0, logits.shape[1], chosen.shape)
    return np.where(random.random(chosen.shape) < share, chosen, other)


def likely(logits):
    return (random.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(float)


def without(logits, column):
    logits = logits.copy()
    logits[:, column] = -9
    return logits


def ignoring(target):
    return np.where(random.random(target.shape) < 0.3, -100, target)


def shares(*shape):
    values = random.integers(1, 64, shape).astype(float)
    return (values / values.sum(-1, keepdims=True)).astype(np.float32).astype(float)


many = grid(601, 4)
few = without(grid(40, 5), 3)
absent = near(few)
unmet = without(grid(60, 4), 2)
two = grid(90, 2)
picture = grid(3, 4, 5, 6)
coarse = grid(80, 3, unit=1, low=-1, high=1)
ofClasses = {
    "classes": (many, near(many)),
    "an absent class": (few, np.where(absent == 3, 0, absent)),
    "a class never predicted": (unmet, near(unmet)),
    "one class alone": (np.tile([[0.0, 1, -1]], (10, 1)), np.ones(10, int)),
    "all predicted as one": (np.tile([[0.0, 1, -1]], (10, 1)), np.arange(10) % 3),
    "ignored targets": (many, ignoring(near(many))),
    "two classes": (two, near(two)),
    "a picture": (picture, ignoring(near(picture))),
    "equal logits": (coarse, near(coarse)),
}
yes, ties, several = grid(601, 1), grid(120, unit=1), grid(101, 3)
ofLabels = {
    "binary": (yes, likely(yes)),
    "binary with ties": (ties, likely(ties)),
    "nothing predicted": (-np.abs(grid(20)) - 1, likely(grid(20))),
    "no positive row": (grid(20), np.zeros(20)),
    "no negative row": (grid(20), np.ones(20)),
    "labels": (several, likely(several)),
    "labels, one never there": (several, likely(several) * [1, 0, 1]),
}
sure = np.array([[1.0, 0], [0, 1], [0.5, 0.5], [1, 0]])
ofShares = {
    "probabilities of classes": (shares(301, 4), random.integers(0, 4, 301)),
    "certain probabilities": (sure, np.array([0, 0, 1, 0])),
    "probabilities": (np.array([0, 1, 0.5, 0.25, 1, 0]), np.array([0.0, 1, 1, 0, 0, 1])),
    "many probabilities": (random.integers(0, 129, 601) / 128, random.integers(0, 2, 601).astype(float)),
}
line, table = grid(601), grid(101, 3)
ofValues = {
    "values": (line, line + grid(601, low=-1, high=1)),
    "columns": (table, table * [1, 2, 0.5] + grid(101, 3, low=-1, high=1)),
    "far from 0": (line + 4096, line + grid(601, low=-1, high=1) + 4096),
    "equal targets": (grid(30), np.full(30, 1.5)),
    "equal targets, all met": (np.full(30, 1.5), np.full(30, 1.5)),
    "a column of equal targets": (table, np.where([True, False, False], 2, table + grid(101, 3, low=-1, high=1))),
    "targets of 0": (grid(30), np.round(grid(30, low=-1, high=1))),
    "one row": (np.array([1.0]), np.array([2.0])),
}


# Values

def or_nan(call):
    try:
        return float(call())
    except ValueError:
        return float("nan")


def softmax(logits):
    exps = np.exp(logits - logits.max(1, keepdims=True))
    return exps / exps.sum(1, keepdims=True)


def rows(logits, target):
    """Known rows of classes, whatever the axes behind."""
    flat = np.moveaxis(logits, 1, -1).reshape(-1, logits.shape[1])
    known = target.ravel() >= 0
    return flat[known], target.ravel()[known]


def decisions(value, threshold=0):
    """Of classes, and of labels above the threshold."""
    def of(prediction, target):
        if target.dtype.kind == "i":
            logits, index = rows(prediction, target)
            return or_nan(lambda: value(index, logits.argmax(1), "classes"))
        kind = "labels" if target.ndim > 1 and target.shape[1] > 1 else "binary"
        chosen = (prediction > threshold).astype(int)
        if kind == "binary":
            chosen, target = chosen.ravel(), target.ravel()
        return or_nan(lambda: value(target.astype(int), chosen, kind))
    return of


def average(score, **options):
    def value(target, chosen, kind):
        given = {"average": "binary"} if kind == "binary" and "labels" not in options else {"average": "macro", **options}
        if "labels" in given:
            return score(target, chosen, zero_division=0, **{**given, "average": None})[0]
        return score(target, chosen, zero_division=0, **given)
    return value


def ranking(score, mean="macro"):
    """Each class against the rest, by its probability."""
    def of(prediction, target):
        if target.dtype.kind == "i":
            logits, index = rows(prediction, target)
            count = logits.shape[1]
            wanted = (index[:, None] == np.arange(count)).astype(int)
            if count == 2:
                return or_nan(lambda: score(index, softmax(logits)[:, 1]))
            return or_nan(lambda: score(wanted, softmax(logits), average=mean))
        return or_nan(lambda: score(target.astype(int), prediction, average=mean))
    return of


def cost(prediction, target, probabilities=False):
    if target.dtype.kind == "i":
        logits, index = rows(prediction, target)
        given = logits.astype(np.float32) if probabilities else softmax(logits)
        return sk.log_loss(index, given, labels=np.arange(logits.shape[1]))
    given = prediction.ravel().astype(np.float32) if probabilities else 1 / (1 + np.exp(-prediction.ravel()))
    return sk.log_loss(target.ravel(), given, labels=[0, 1])


def calibration(bins=15, probabilities=False):
    """Guo et al. 2017, equations 2 and 3."""
    def of(prediction, target):
        if target.dtype.kind == "i":
            logits, index = rows(prediction, target)
            given = logits if probabilities else softmax(logits)
            confidence, right = given.max(1), given.argmax(1) == index
        else:
            given = (prediction if probabilities else 1 / (1 + np.exp(-prediction))).ravel()
            confidence, right = np.maximum(given, 1 - given), (given > 0.5) == (target.ravel() > 0.5)
        error = 0
        for i in range(bins):
            inside = (confidence > i / bins) & (confidence <= (i + 1) / bins)
            if inside.any():
                error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
        return error
    return of


def top(k):
    def of(prediction, target):
        logits, index = rows(prediction, target)
        return sk.top_k_accuracy_score(index, logits, k=k, labels=np.arange(logits.shape[1]))
    return of


decided = {**ofClasses, **ofLabels}
averaged = [{}, {"average": "macro"}, {"average": "micro"}, {"average": "weighted"}]
scores = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score, "meanIoU": sk.jaccard_score}
# Logits that are equal have probabilities that differ by their rounding, so their order is nobody's.
ranked = {name: data for name, data in decided.items() if name not in ["a picture", "equal logits"]}
single = {name: data for name, data in decided.items() if not name.startswith("labels")}

entries = {
    "categoricalAccuracy()": (decisions(lambda y, p, _: sk.accuracy_score(y, p)),
                              {name: data for name, data in ofClasses.items() if name != "equal logits"}),
    "binaryAccuracy()": (decisions(lambda y, p, _: sk.accuracy_score(y.ravel(), p.ravel())), ofLabels),
    'binaryAccuracy({"threshold":1})': (decisions(lambda y, p, _: sk.accuracy_score(y.ravel(), p.ravel()), 1), ofLabels),
    **{f"topKAccuracy({k})": (top(k), {name: ofClasses[name] for name in
       ["classes", "ignored targets", "a picture", "equal logits", "a class never predicted"]}) for k in [1, 2, 3]},
    **{f"{name}({json.dumps(options, separators=(',', ':')) if options else ''})":
       (decisions(average(score, **options)), decided) for name, score in scores.items() for options in averaged},
    **{f'{name}({{"label":1}})': (decisions(average(score, labels=[1])), ofClasses) for name, score in scores.items()},
    **{f'{name}({{"threshold":1}})': (decisions(average(score), 1), ofLabels) for name, score in scores.items()},
    "matthewsCorrelation()": (decisions(lambda y, p, _: sk.matthews_corrcoef(y, p)), single),
    "cohenKappa()": (decisions(lambda y, p, _: sk.cohen_kappa_score(y, p)), single),
    "rocAuc()": (ranking(sk.roc_auc_score), ranked),
    'rocAuc({"average":"micro"})': (ranking(sk.roc_auc_score, "micro"), ranked),
    'rocAuc({"average":"weighted"})': (ranking(sk.roc_auc_score, "weighted"), ranked),
    "prAuc()": (ranking(sk.average_precision_score), ranked),
    'prAuc({"average":"micro"})': (ranking(sk.average_precision_score, "micro"), ranked),
    'prAuc({"average":"weighted"})': (ranking(sk.average_precision_score, "weighted"), ranked),
    "logLoss()": (cost, decided),
    'logLoss({"probabilities":true})': (lambda p, y: cost(p, y, True), ofShares),
    "perplexity()": (lambda p, y: np.exp(cost(p, y)), decided),
    "expectedCalibrationError()": (calibration(), decided),
    'expectedCalibrationError({"bins":4})': (calibration(4), decided),
    'expectedCalibrationError({"probabilities":true})': (calibration(15, True),
                                                         {"probabilities of classes": ofShares["probabilities of classes"]}),
    'expectedCalibrationError({"bins":16,"probabilities":true})': (calibration(16, True), {
        name: ofShares[name] for name in ["certain probabilities", "probabilities", "many probabilities"]}),
    "meanSquaredError()": (lambda p, y: sk.mean_squared_error(y, p), ofValues),
    "rootMeanSquaredError()": (lambda p, y: sk.mean_squared_error(y, p, squared=False), ofValues),
    "meanAbsoluteError()": (lambda p, y: sk.mean_absolute_error(y, p), ofValues),
    "meanAbsolutePercentageError()": (lambda p, y: sk.mean_absolute_percentage_error(y, p), ofValues),
    "r2Score()": (lambda p, y: sk.r2_score(y, p), ofValues),
}

matrix = {}
for name, (logits, target) in ofClasses.items():
    flat, index = rows(logits, target)
    matrix[name] = sk.confusion_matrix(index, flat.argmax(1), labels=np.arange(logits.shape[1])).ravel().tolist()


# The file

def number(x):
    x = float(x)
    return "NaN" if np.isnan(x) else int(x) if x == int(x) else x


def array(values):
    return {"shape": list(values.shape), "data": [number(x) for x in values.ravel()]}


def lines(items):
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(item, separators=(',', ':'))}" for name, item in items) + "\n}"


data = {
    name: {"prediction": array(prediction), "target": {**array(target), "dtype": "i32" if target.dtype.kind == "i" else "f32"}}
    for name, (prediction, target) in {**decided, **ofShares, **ofValues}.items()
}
values = {
    call: {name: number(value(*given)) for name, given in sets.items()} for call, (value, sets) in entries.items()
}
path = pathlib.Path(__file__).parent / "metrics.json"
parts = {"data": lines(data.items()), "values": lines(values.items()), "confusionMatrix": lines(matrix.items())}
path.write_text("{\n" + ",\n".join(f'"{name}": {text}' for name, text in parts.items()) + "\n}\n")
