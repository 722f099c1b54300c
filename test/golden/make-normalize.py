"""Golden values of the ops of normalisations: /usr/bin/python3 test/golden/make-normalize.py (Debian's python3-torch 1.13), float64.

Writes normalize.json in the format of make.py, whose tools it takes.
"""
import torch

from calls import write
from make import case, real

EPS = 1e-3
ROWS = ((3, 5), (1, 1), (4, 1), (2, 9), (0, 3))
LINES = ((1, 5, 1), (3, 9, 1), (2, 4, 3), (1, 7, 5), (2, 1, 2))


def inverse(centred):
    def of(x):
        d = x - x.mean(1, keepdim=True) if centred else x
        return torch.rsqrt((d * d).mean(1) + EPS)
    return of


def rows(centred):
    def of(x):
        d = x - x.mean(1, keepdim=True) if centred else x
        return d * inverse(centred)(x)[:, None]
    return of


def gradient(centred):
    def of(g, y, r):
        centre = g - g.mean(1, keepdim=True) if centred else g
        return r[:, None] * (centre - y * (g * y).mean(1, keepdim=True))
    return of


def both(centred):
    return lambda x: rows(centred)(x) * inverse(centred)(x)[:, None]


def squares(x):
    return ((x - x.mean(1, keepdim=True)) ** 2).sum(1)


def of_rows(f):
    return lambda: [case(f, real(*s)) for s in ROWS]


def of_lines(f, count=1):
    return lambda: [case(f, *(real(*s) for _ in range(count))) for s in LINES]


def main():
    write("normalize", {
        "rows": of_rows(rows(True)),
        "rows uncentred": of_rows(rows(False)),
        "inverse": of_rows(inverse(True)),
        "both": of_rows(both(True)),
        "both uncentred": of_rows(both(False)),
        "gradient": lambda: [case(gradient(True), real(*s), real(*s), real(s[0])) for s in ROWS],
        "gradient uncentred": lambda: [case(gradient(False), real(*s), real(*s), real(s[0])) for s in ROWS],
        "mean": of_lines(lambda x: x.mean(1)),
        "squares": of_lines(squares),
        "moments": of_lines(lambda x: x.mean(1) * squares(x)),
        "sums": of_lines(lambda a, b: a.sum(1), 2),
        "products": of_lines(lambda a, b: (a * b).sum(1), 2),
        "weighted": of_lines(lambda a, b: a.sum(1) * (a * b).sum(1), 2),
    })


if __name__ == "__main__":
    main()
