"""Splits and weights of scikit-learn: /usr/bin/python3 test/golden/make-splits.py (Debian's python3-sklearn 1.2).

Writes splits.json: what does not depend on chance, row numbers of folds, sizes of parts, counts of classes in them, and class weights.
"""
import json
import pathlib

import numpy as np
from sklearn import model_selection as ms
from sklearn.utils.class_weight import compute_class_weight

random = np.random.default_rng(20261129)


def folds(splitter, n, y=None, groups=None):
    return [{"train": a.tolist(), "test": b.tolist()} for a, b in splitter.split(np.zeros(n), y, groups)]


# Groups of different sizes, so that no order of equal ones matters.
groups = random.permutation(np.repeat([3, 1, 4, 0, 5, 2, 6], [1, 2, 3, 5, 7, 11, 13])).tolist()
y = random.permutation(np.repeat([0, 1, 2], [30, 14, 9])).tolist()
labels = random.integers(0, 5, 57)
labels = labels[labels != 3].tolist()


def counts(rows):
    return np.bincount(np.array(y)[rows], minlength=3).tolist()


result = {
    "kFold": [{"rows": n, "folds": k, "parts": folds(ms.KFold(k), n)} for n, k in [(10, 5), (11, 3), (7, 7), (23, 4)]],
    "time": [{"rows": n, "folds": k, "parts": folds(ms.TimeSeriesSplit(k), n)} for n, k in [(12, 5), (13, 3), (40, 7)]],
    "groups": [{"groups": groups, "folds": k, "parts": folds(ms.GroupKFold(k), len(groups), None, groups)} for k in [2, 3, 5]],
    "stratified": {
        "y": y,
        "folds": [[counts(f["test"]) for f in folds(ms.StratifiedKFold(k), len(y), y)] for k in [2, 3, 5]],
    },
    "sizes": [
        {"rows": n, "test": t, "sizes": [len(part) for part in ms.train_test_split(np.zeros(n), test_size=t)]}
        for n, t in [(10, 0.25), (11, 0.25), (150, 0.2), (7, 3), (101, 0.33)]
    ],
    "weights": {
        "y": labels,
        "classes": np.unique(labels).tolist(),
        "weights": compute_class_weight("balanced", classes=np.unique(labels), y=labels).tolist(),
    },
}
pathlib.Path(__file__).with_name("splits.json").write_text(json.dumps(result) + "\n")
