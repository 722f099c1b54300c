"""Golden values of ops along an axis: /usr/bin/python3 test/golden/make-along.py (Debian's python3-torch 1.13), float64 throughout.

Writes along.json in the format of make.py, whose tools it takes; each entry has random numbers of its own, by its name.
"""
import json
import pathlib
import zlib

import make
import numpy
import torch
from make import INFINITY, MAX, NAN, case, f64, i32, integers, real


def flipped(f, dim):
    """From the other end on."""
    return lambda x: torch.flip(f(torch.flip(x, (dim,))), (dim,))


def without_own(dim):
    """The sums before each element."""
    def sums(x):
        zero = torch.zeros_like(x.narrow(dim, 0, min(1, x.shape[dim])))
        return torch.cat([zero, torch.cumsum(x, dim).narrow(dim, 0, max(0, x.shape[dim] - 1))], dim)
    return sums


def whole_sums(dim):
    return lambda x: torch.cumsum(x.long(), dim).to(torch.int32)


def sums():
    broken = f64([[1, INFINITY, 2], [1, NAN, 2], [INFINITY, -INFINITY, 0], [-0.0, -0.0, 1]])
    return {
        "cumulativeSum": lambda: [case(lambda x: torch.cumsum(x, -1), real(*s)) for s in ((17,), (3, 5), (5, 1), (2, 3, 4), (3, 0), (0, 3))]
        + [case(lambda x: torch.cumsum(x, -1), broken, order=0)],
        "cumulativeSum 0": lambda: [case(lambda x: torch.cumsum(x, 0), real(*s)) for s in ((5, 3), (5, 2, 3), (1, 4))],
        "cumulativeSum 1 reversed": lambda: [case(flipped(lambda x: torch.cumsum(x, 1), 1), real(*s)) for s in ((3, 5), (2, 5, 3))],
        "cumulativeSum 1 exclusive": lambda: [case(without_own(1), real(*s)) for s in ((3, 5), (2, 5, 3), (3, 1), (3, 0))],
        "cumulativeSum 0 both": lambda: [case(flipped(without_own(0), 0), real(*s)) for s in ((17,), (5, 3))],
        "cumulativeSum i32": lambda: [case(whole_sums(1), x) for x in (integers(3, 5), integers(2, 5, 3), i32([[MAX, 1, 1]]))],
    }


def indices():
    take = lambda dim: lambda x, i: torch.gather(x, dim, i.long())
    def add(dim, *shape):
        return lambda u, i: torch.zeros(shape, dtype=u.dtype).scatter_add(dim, i.long(), u)
    def outside(x, i):
        inside = (i >= 0) & (i < x.shape[1])
        return torch.where(inside, torch.gather(x, 1, torch.where(inside, i, 0).long()), torch.tensor(NAN, dtype=x.dtype))
    def outside_add(u, i):
        inside = (i >= 0) & (i < 3)
        return torch.zeros(2, 3, dtype=u.dtype).scatter_add(1, torch.where(inside, i, 0).long(), torch.where(inside, u, 0))
    below = lambda high, *shape: integers(*shape, low=0, high=high)
    wide = i32([[0, -1, 3], [2, MAX, -MAX]])
    return {
        "take 1": lambda: [case(take(1), real(3, 5), below(5, 3, 4)), case(take(1), real(3, 5), below(5, 2, 7)), case(take(1), real(2, 5, 3), below(5, 2, 2, 3)),
                           case(take(1), real(3, 5), below(5, 3, 0)), case(outside, real(2, 3), wide, order=0)],
        "take 0": lambda: [case(take(0), real(17), below(17, 5)), case(take(0), real(5, 3), below(5, 7, 3)), case(take(0), real(5, 2, 3), below(5, 1, 2, 2))],
        "take i32": lambda: [case(take(1), integers(3, 5), below(5, 3, 4))],
        "take u8": lambda: [case(take(1), torch.arange(15).to(torch.uint8).reshape(3, 5), below(5, 3, 4))],
        "add 1": lambda: [case(add(1, 3, 5), real(3, 4), below(5, 3, 4)), case(add(1, 2, 5, 3), real(2, 2, 3), below(5, 2, 2, 3))],
        "add 1 to more rows": lambda: [case(add(1, 4, 2), real(3, 9), below(2, 3, 9))],
        "add 1 outside": lambda: [case(outside_add, real(2, 3), wide)],
        "add 0": lambda: [case(add(0, 17), real(5), below(17, 5)), case(add(0, 5, 3), real(7, 3), below(5, 7, 3))],
    }


def order():
    values = lambda dim, down=False: lambda x: torch.sort(x, dim=dim, descending=down, stable=True)[0]
    places = lambda dim, down=False: lambda x: torch.sort(x, dim=dim, descending=down, stable=True)[1]
    largest = lambda k, dim, down=True: lambda x: torch.topk(x, k, dim, largest=down)[0]
    wild = f64([[3, NAN, -INFINITY, INFINITY, 0.0, -0.0, 1e-40, NAN, -1e-40, 3], [-0.0, 0.0, 1, 1, -1, -1, NAN, INFINITY, -3.4028234663852886e38, -0.0]])
    wild_whole = i32([[MAX, 0, -MAX - 1, -1, 1, 0, MAX, -1]])
    return {
        "sort": lambda: [case(values(-1), real(*s)) for s in ((17,), (3, 5), (5, 1), (2, 3, 4), (3, 0), (0, 3))] + [case(values(-1), wild, order=0)],
        "sort 0 descending": lambda: [case(values(0, True), real(*s)) for s in ((17,), (5, 3), (5, 2, 3))] + [case(values(0, True), wild.T.contiguous(), order=0)],
        "sort i32": lambda: [case(values(1), x) for x in (integers(3, 17), wild_whole)],
        "sort i32 descending": lambda: [case(values(1, True), x) for x in (integers(3, 17), wild_whole)],
        "argsort": lambda: [case(places(1), x, order=0) for x in (real(3, 17), wild, integers(3, 17), wild_whole, real(2, 5, 3))],
        "argsort 0 descending": lambda: [case(places(0, True), x, order=0) for x in (real(17, 3), wild.T.contiguous(), integers(17, 3), wild_whole.T.contiguous())],
        "topK": lambda: [case(largest(3, 1), real(*s)) for s in ((3, 17), (2, 5, 3), (2, 3))],
        "topK smallest": lambda: [case(largest(2, 0, False), real(*s)) for s in ((17,), (5, 3))],
    }


def extremes():
    values = lambda f, dim: lambda x: f(x, dim)[0]
    places = lambda f, dim: lambda x: f(x, dim)[1].to(torch.int32)
    wild = f64([[1, 3, 3, NAN, 7, NAN, 2], [-0.0, 0.0, -0.0, -INFINITY, INFINITY, INFINITY, 1e-40], [-INFINITY, -INFINITY, -3, -INFINITY, NAN, 0, 9]])
    wild_whole = i32([[-MAX - 1, -MAX - 1, 0, -1, MAX, MAX, 1], [MAX, MAX, 0, 1, -MAX - 1, 3, -MAX - 1]])
    entries = {}
    for name, f in (("cumulativeMax", torch.cummax), ("cumulativeMin", torch.cummin)):
        entries.update({
            name: lambda f=f: [case(values(f, -1), real(*s)) for s in ((17,), (3, 5), (5, 1), (2, 3, 4), (3, 0), (0, 3))] + [case(values(f, -1), wild, order=0)],
            f"{name} 0": lambda f=f: [case(values(f, 0), real(*s)) for s in ((17,), (5, 3), (5, 2, 3))] + [case(values(f, 0), wild.T.contiguous(), order=0)],
            f"{name} i32": lambda f=f: [case(values(f, 1), x) for x in (integers(3, 17), integers(2, 5, 3), wild_whole)],
            f"{name} indices": lambda f=f: [case(places(f, 1), x, order=0) for x in (real(3, 17), wild, integers(3, 17), wild_whole, real(2, 5, 3))],
        })
    return entries


def main():
    written = []
    for name, make_cases in {**sums(), **indices(), **order(), **extremes()}.items():
        make.random = numpy.random.default_rng(zlib.crc32(name.encode()))
        cases = ",\n".join(json.dumps(each, separators=(",", ":")) for each in make_cases())
        written.append(f"{json.dumps(name)}: [\n{cases}\n]")
    pathlib.Path(__file__).with_name("along.json").write_text("{\n" + ",\n".join(written) + "\n}\n")


if __name__ == "__main__":
    main()
