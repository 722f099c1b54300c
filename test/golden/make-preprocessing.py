"""Preprocessing of scikit-learn: /usr/bin/python3 test/golden/make-preprocessing.py (Debian's python3-sklearn 1.2), float64.

Writes preprocessing.json: tables of rows to fit and of rows to transform (null is missing), and for each case the steps as simdgrad has them, what
scikit-learn makes of the second table, and, where it inverts that, what comes back.
"""
import json
import pathlib
import warnings

import numpy as np
from sklearn import preprocessing as sk
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

warnings.filterwarnings("ignore")
random = np.random.default_rng(20261129)

N, M = 60, 25
names = ["a", "b", "c", "d"]


def numbers(n):
    """Of different sizes, one with rare large values, one that is nearly constant."""
    x = random.standard_normal((n, 4)) * [1, 1000, 3, 1e-3] + [0, 5000, 0, 7]
    x[:, 2] = np.round(x[:, 2]) * np.where(random.random(n) < 0.1, 100, 1)
    return x


def with_missing(x, share=0.15):
    x = x.copy()
    x[random.random(x.shape) < share] = np.nan
    return x


fit, new = numbers(N), numbers(M)
fit_gaps, new_gaps = with_missing(fit), with_missing(new)
cities = np.array(["Rome", "Oslo", "Zürich", "Bonn", "東京"], object)
yes = np.array(["yes", "no"], object)
fit_texts = np.stack([cities[random.integers(0, 5, N)], yes[random.integers(0, 2, N)]], 1)
new_texts = np.stack([cities[random.integers(0, 5, M)], yes[random.integers(0, 2, M)]], 1)
gaps = random.random((N, 2)) < 0.2
fit_text_gaps = np.where(gaps, None, fit_texts)
new_text_gaps = np.where(random.random((M, 2)) < 0.2, None, new_texts)


def plain(x):
    return [[None if v is None or v != v else v for v in row] for row in np.asarray(x, object).tolist()]


tables = {
    "numbers": {"names": names, "fit": plain(fit), "new": plain(new)},
    "gaps": {"names": names, "fit": plain(fit_gaps), "new": plain(new_gaps)},
    "texts": {"names": ["city", "yes"], "fit": plain(fit_texts), "new": plain(new_texts)},
    "textGaps": {"names": ["city", "yes"], "fit": plain(fit_text_gaps), "new": plain(new_text_gaps)},
}
arrays = {
    "numbers": (fit, new),
    "gaps": (fit_gaps, new_gaps),
    "texts": (fit_texts, new_texts),
    "textGaps": (fit_text_gaps, new_text_gaps),
}
cases = []


def case(table, steps, made, inverts=True):
    a, b = arrays[table]
    out = made.fit(a).transform(b)
    out = out.toarray() if hasattr(out, "toarray") else out
    back = plain(made.inverse_transform(out)) if inverts else None
    cases.append({"table": table, "steps": steps, "made": plain(out), "inverted": back})


def step(kind, **options):
    return {"kind": kind, "options": options}


median = SimpleImputer(strategy="median")
case("numbers", [step("standardize")], sk.StandardScaler())
case("numbers", [step("standardize", center=False)], sk.StandardScaler(with_mean=False))
case("numbers", [step("standardize", scale=False)], sk.StandardScaler(with_std=False))
case("numbers", [step("minMax")], sk.MinMaxScaler())
case("numbers", [step("minMax", range=[-1, 2])], sk.MinMaxScaler((-1, 2)))
case("numbers", [step("minMax", clip=True)], sk.MinMaxScaler(clip=True))
case("numbers", [step("robust")], sk.RobustScaler())
case("numbers", [step("robust", quantiles=[0.1, 0.95])], sk.RobustScaler(quantile_range=(10, 95)))
for norm in ["l1", "l2", "max"]:
    case("numbers", [step("normalize", norm=norm)], sk.Normalizer(norm), False)
for kind, scaler in [("standardize", sk.StandardScaler()), ("minMax", sk.MinMaxScaler()), ("robust", sk.RobustScaler())]:
    # What is missing counts nothing, and is filled in afterwards.
    made = make_pipeline(scaler, SimpleImputer(strategy="constant", fill_value=0))
    case("gaps", [step(kind), step("imputeMissing", strategy="constant", value=0)], made, False)
for strategy, name in [("mean", "mean"), ("median", "median"), ("mostFrequent", "most_frequent")]:
    case("gaps", [step("imputeMissing", strategy=strategy)], SimpleImputer(strategy=name), False)
case("gaps", [step("imputeMissing", indicator=True)], SimpleImputer(add_indicator=True))
for buckets in [3, 7]:
    for strategy in ["uniform", "quantile"]:
        case("numbers", [step("bucketize", buckets=buckets, strategy=strategy)], sk.KBinsDiscretizer(buckets, encode="ordinal", strategy=strategy))
case("numbers", [step("bucketize", buckets=4, encode="oneHot")], sk.KBinsDiscretizer(4, encode="onehot-dense", strategy="quantile"))
case("texts", [step("oneHot")], sk.OneHotEncoder())
case("texts", [step("oneHot", drop="first")], sk.OneHotEncoder(drop="first"))
case("texts", [step("oneHot", drop="binary")], sk.OneHotEncoder(drop="if_binary"))
case("textGaps", [step("oneHot")], sk.OneHotEncoder())
case("texts", [step("ordinal")], sk.OrdinalEncoder())
fill = SimpleImputer(missing_values=None, strategy="most_frequent")
case("textGaps", [step("imputeMissing", strategy="mostFrequent"), step("ordinal")], make_pipeline(fill, sk.OrdinalEncoder()), False)


class Hasher(FeatureHasher):
    def fit(self, x):
        return self

    def transform(self, x):
        return super().transform([dict(zip(["city", "yes"], row)) for row in x])


case("texts", [step("hashing", features=13)], Hasher(13), False)
both = (np.concatenate([fit_gaps.astype(object), fit_text_gaps], 1), np.concatenate([new_gaps.astype(object), new_text_gaps], 1))
arrays["both"] = both
tables["both"] = {"names": [*names, "city", "yes"], "fit": plain(both[0]), "new": plain(both[1])}
columns = ColumnTransformer([
    ("numbers", make_pipeline(median, sk.StandardScaler()), [1, 3]),
    ("texts", sk.OneHotEncoder(handle_unknown="ignore"), [4]),
    ("buckets", make_pipeline(median, sk.KBinsDiscretizer(3, encode="ordinal")), [0]),
])
case("both", [
    {"columns": ["b", "d"], "steps": [step("imputeMissing", strategy="median"), step("standardize")]},
    {"columns": ["city"], "steps": [step("oneHot", unknown="ignore")]},
    {"columns": ["a"], "steps": [step("imputeMissing", strategy="median"), step("bucketize", buckets=3)]},
], columns, False)

result = {"tables": tables, "cases": cases}
pathlib.Path(__file__).with_name("preprocessing.json").write_text(json.dumps(result, ensure_ascii=False) + "\n")
