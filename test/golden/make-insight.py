"""Golden values of simdgrad/insight: /usr/bin/python3 test/golden/make-insight.py (Debian's python3-sklearn 1.2), float64.

Writes insight.json: for each data set of probabilities of yes, and of classes, scikit-learn's calibration_curve (of classes: of the
likeliest one against whether it is right), brier_score_loss (of classes: its formula), and the calibration error by its formula. And norms of
gradients, parameters and updates of a small network, by PyTorch's autograd and optimizers after two steps, in float64.
"""
import json
import pathlib

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
import torch

random = np.random.default_rng(20261129)


def error(likely, came, bins):
    """Naeini et al. 2015, bins (i / n, (i + 1) / n]."""
    place = np.clip(np.ceil(likely * bins) - 1, 0, bins - 1).astype(int)
    each = [(place == bin) for bin in range(bins)]
    return float(sum(abs(came[own].mean() - likely[own].mean()) * own.mean() for own in each if own.any()))


def of_labels(name, likely, came, bins, strategy):
    actual, predicted = calibration_curve(came, likely, n_bins=bins, strategy=strategy)
    case = dict(name=name, outputs=likely.tolist(), targets=came.tolist(), bins=bins, strategy=strategy,
                actual=actual.tolist(), predicted=predicted.tolist(), brier=float(brier_score_loss(came, likely)))
    if strategy == "uniform":
        case["error"] = error(likely, came, bins)
    return case


def of_classes(name, shares, came, bins):
    likely, right = shares.max(1), (shares.argmax(1) == came).astype(int)
    actual, predicted = calibration_curve(right, likely, n_bins=bins)
    brier = float(((shares - np.eye(shares.shape[1])[came]) ** 2).sum(1).mean())
    return dict(name=name, outputs=shares.tolist(), targets=came.tolist(), bins=bins, strategy="uniform",
                actual=actual.tolist(), predicted=predicted.tolist(), brier=brier, error=error(likely, right, bins))


def yes_and_no(rows, warp=1.0):
    likely = random.random(rows).round(5)
    return likely, (random.random(rows) < likely ** warp).astype(int)


cases = []
for rows, bins in [(500, 10), (200, 5), (60, 15), (7, 3)]:
    for strategy in ["uniform", "quantile"]:
        cases.append(of_labels(f"{rows} rows, {bins} bins, {strategy}", *yes_and_no(rows, 1.7), bins, strategy))
tenths = np.arange(0, 11) / 10  # values on the edges of the bins
cases.append(of_labels("on the edges", np.repeat(tenths, 4), np.tile([0, 1, 1, 0], 11), 10, "uniform"))
cases.append(of_labels("many equal ones", np.repeat([0.2, 0.2, 0.2, 0.7], 5), np.tile([0, 1], 10), 4, "quantile"))
logits = random.normal(size=(300, 4)) * 2



def softmax(x):
    return (np.exp(x) / np.exp(x).sum(1, keepdims=True)).round(5)


shares = softmax(logits)
came = np.array([random.choice(4, p=each / each.sum()) for each in shares])
cases.append(of_classes("four classes", shares, came, 10))
cases.append(of_classes("four classes, too sure", softmax(2 * logits), came, 15))


def steps(name, make):
    """Norms on a batch before the third step, and of what that would add."""
    x, y = grid(5, 3), grid(5, 2)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.tensor(grid(*parameter.shape) / 2))
    state = {path: value.tolist() for path, value in model.state_dict().items()}
    optimizer = make(model.parameters())
    x_, y_ = torch.tensor(x), torch.tensor(y)
    for step in range(3):
        before = {path: value.clone() for path, value in model.state_dict().items()}
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x_), y_).backward()
        gradients = {path: float(value.grad.norm()) for path, value in model.named_parameters()}
        optimizer.step()
    layers = {path: dict(gradient=gradients[path], weight=float(value.norm()),
                         update=float((model.state_dict()[path] - value).norm())) for path, value in before.items()}
    return dict(name=name, x=x.tolist(), y=y.tolist(), state=state, layers=layers)


def grid(*shape):
    return random.integers(-64, 65, shape) / 64


gradients = [
    steps("sgd", lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9)),
    steps("adam", lambda parameters: torch.optim.Adam(parameters, 0.01)),
]
path = pathlib.Path(__file__).with_name("insight.json")
path.write_text(json.dumps({"calibration": cases, "gradients": gradients}) + "\n")
