"""Golden files of functions of tensors, for make-activations.py and make-losses.py; cases are what make.py describes.

An entry is named as the call that it holds: `elu` with all inputs as arguments, `elu($0, 0.5)` with others among them.
Each draws numbers of its own, so that one more entry changes no other.
"""
import json
import pathlib
import zlib

import numpy

import make


def write(family, entries):
    """`entries`: name -> function without arguments that gives the cases."""
    texts = []
    for name, cases in entries.items():
        make.random = numpy.random.default_rng(zlib.crc32(name.encode()))
        lines = [json.dumps(case, separators=(",", ":")) for case in cases()]
        texts.append(f"{json.dumps(name)}: [\n" + ",\n".join(lines) + "\n]")
    path = pathlib.Path(__file__).parent / f"{family}.json"
    path.write_text("{\n" + ",\n".join(texts) + "\n}\n")
