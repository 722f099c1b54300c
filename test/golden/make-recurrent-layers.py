"""Golden values of RNN, GRU and LSTM with their options: /usr/bin/python3 test/golden/make-recurrent-layers.py (Debian's python3-torch
1.13), float64.

recurrent-layers.json: cases as [name, options, sums]; options hold T, N, lengths and whether a first state is given. Values are the outputs
and the final states, gradients by input, first states and parameters in PyTorch's order (sums.py).
"""
import json
import pathlib
import random

import torch
from torch import nn

from sums import drawn, sums_of

FEATURES, HIDDEN = 3, 4
CASES = 220


def options(choose):
    kind = choose.choice(["RNN", "RNN relu", "GRU", "LSTM", "LSTM projected"])
    length, rows = choose.choice([1, 2, 5]), choose.choice([1, 2, 3])
    return kind, {
        "numLayers": choose.choice([1, 1, 2, 3]),
        "bias": choose.random() < 0.8,
        "batchFirst": choose.random() < 0.4,
        "bidirectional": choose.random() < 0.5,
        "T": length,
        "N": rows,
        "lengths": [choose.randint(1, length) for _ in range(rows)] if choose.random() < 0.5 else None,
        "state": choose.random() < 0.5,
    }


def entry(kind, given):
    o = dict(given)
    length, rows, lengths, first = (o.pop(name) for name in ("T", "N", "lengths", "state"))
    named = {"num_layers": o["numLayers"], "bias": o["bias"], "batch_first": o["batchFirst"], "bidirectional": o["bidirectional"]}
    if kind == "RNN relu":
        named["nonlinearity"] = "relu"
    if kind == "LSTM projected":
        named["proj_size"] = 2
    make = getattr(nn, kind.split(" ")[0])
    layer = make(FEATURES, HIDDEN, **named).double()
    seeds = iter(range(1, 10**6))
    shape = (rows, length, FEATURES) if o["batchFirst"] else (length, rows, FEATURES)
    x = drawn(*shape, seed=next(seeds)).requires_grad_()
    count = o["numLayers"] * (2 if o["bidirectional"] else 1)
    widths = [HIDDEN] if make is not nn.LSTM else [named.get("proj_size", HIDDEN), HIDDEN]
    states = [drawn(count, rows, width, seed=next(seeds)).requires_grad_() for width in widths] if first else []
    for parameter in layer.parameters():
        parameter.data = drawn(*parameter.shape, seed=next(seeds))
    packed = x
    if lengths is not None:
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=o["batchFirst"], enforce_sorted=False)
    start = () if not first else (tuple(states),) if make is nn.LSTM else (states[0],)
    y, last = layer(packed, *start)
    if lengths is not None:
        y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=o["batchFirst"], total_length=length)
    finals = last if make is nn.LSTM else (last,)
    values = [y, *finals]
    return sums_of(values, [x, *states, *layer.parameters()], seeds)


def main():
    choose = random.Random(7)
    lines = []
    for _ in range(CASES):
        kind, given = options(choose)
        lines.append(json.dumps([kind, given, entry(kind, given)], separators=(",", ":")))
    (pathlib.Path(__file__).parent / "recurrent-layers.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
