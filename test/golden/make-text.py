"""TF-IDF and hashing of scikit-learn: /usr/bin/python3 test/golden/make-text.py (Debian's python3-sklearn 1.2), float64.

Writes text.json: texts to fit and texts to transform, made of a few words, signs and letters of several alphabets, and for each case the options as
simdgrad has them, the terms, what they weigh, and the rows [texts, terms] of the second texts, as pairs of feature and weight.
"""
import json
import pathlib

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

random = np.random.default_rng(20261129)
words = (
    "the a I of and to in sea sun moon tide Wind WIND wind-swept don't it's x1 42 3.14 naïve Straße ΣΊΣΥΦΟΣ İzmir "
    "海 大海 море Море 𝒳𝒴 \U00010400\U00010401 snake_case _ __ é e\u0301t\u0301 ½½ ²² ٣٤ ﬁsh"
).split()
weights = 1 / np.arange(1, len(words) + 1)
weights /= weights.sum()


def text(most):
    count = random.integers(0, most)
    signs = np.array([" ", " ", " ", "  ", ", ", ". ", "\n", " - ", "…", "\u00a0"], object)
    parts = [w + s for w, s in zip(random.choice(np.array(words, object), count, p=weights), random.choice(signs, count))]
    return "".join(parts)


fit = [text(30) for _ in range(80)]
new = [text(40) for _ in range(25)] + ["", "unheard-of", "the the the THE"]
cases = []


def rows(matrix):
    matrix = matrix.tocsr()
    matrix.sort_indices()
    return [[[int(i), float(v)] for i, v in zip(row.indices, row.data)] for row in matrix]


def case(options, **given):
    made = TfidfVectorizer(dtype=np.float64, **given)
    made.fit(fit)
    idf = made.idf_.tolist() if given.get("use_idf", True) else [1.0] * len(made.get_feature_names_out())
    cases.append({
        "kind": "tfIdf",
        "options": options,
        "names": made.get_feature_names_out().tolist(),
        "weights": idf,
        "rows": rows(made.transform(new)),
    })


case({})
case({"ngrams": [1, 2]}, ngram_range=(1, 2))
case({"ngrams": [2, 3], "minDocuments": 2}, ngram_range=(2, 3), min_df=2)
case({"sublinear": True}, sublinear_tf=True)
case({"binary": True}, binary=True)
case({"idf": False}, use_idf=False)
case({"smooth": False}, smooth_idf=False)
case({"norm": "l1"}, norm="l1")
case({"norm": "none"}, norm=None)
case({"lowercase": False}, lowercase=False)
case({"minDocuments": 3}, min_df=3)
case({"minDocuments": 0.1}, min_df=0.1)
case({"maxDocuments": 0.5}, max_df=0.5)
case({"maxDocuments": 10, "minDocuments": 2}, max_df=10, min_df=2)
case({"maxFeatures": 5}, max_features=5)
case({"binary": True, "maxFeatures": 12}, binary=True, max_features=12)
case({"stopWords": ["the", "of", "sea"], "ngrams": [1, 2]}, stop_words=["the", "of", "sea"], ngram_range=(1, 2))
case({"sublinear": True, "ngrams": [1, 2], "minDocuments": 2, "maxFeatures": 12}, sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_features=12)


def hashed(options, **given):
    made = HashingVectorizer(dtype=np.float64, **given)
    cases.append({"kind": "hashedWords", "options": options, "names": None, "weights": None, "rows": rows(made.transform(new))})


hashed({"features": 64}, n_features=64)
hashed({"features": 1000, "ngrams": [1, 2]}, n_features=1000, ngram_range=(1, 2))
hashed({"features": 13, "signed": False}, n_features=13, alternate_sign=False)
hashed({"features": 2**20, "norm": "l1"}, norm="l1")
hashed({"features": 97, "norm": "none", "binary": True}, n_features=97, norm=None, binary=True)

result = {"fit": fit, "new": new, "cases": cases}
pathlib.Path(__file__).with_name("text.json").write_text(json.dumps(result, ensure_ascii=False) + "\n")
