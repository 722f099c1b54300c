"""Golden values of attention and of transformers' layers: /usr/bin/python3 test/golden/make-attention.py (Debian's python3-torch 1.13), float64.

attention.json: cases as [name, options, sums] (sums.py). Masks are lists of 0 and 1: 1 where a key is seen. No row of a mask is all 0, for
which PyTorch gives NaN.
"""
import json
import math
import pathlib
import random

import torch
from torch import nn

from sums import drawn, sums_of

CASES = 130


def mask(choose, *shape):
    *rows, keys = shape
    made = [[choose.randint(0, 1) for _ in range(keys)] for _ in range(math.prod(rows))]
    for row in made:
        row[choose.randrange(keys)] = 1
    return [bit for row in made for bit in row]


def unseen(bits, *shape):
    return None if bits is None else torch.tensor(bits).reshape(shape) == 0


def options(choose):
    kind = choose.choice(["attention", "MultiheadAttention", "MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer"])
    length, keys, rows = choose.choice([1, 2, 3, 5]), choose.choice([1, 2, 4]), choose.choice([1, 2, 3])
    given = {"L": length, "S": keys, "N": rows}
    maybe = lambda value: value if choose.random() < 0.4 else None
    if kind == "attention":
        heads = choose.choice([1, 2, 3])
        return kind, {**given, "groups": heads, "heads": heads * choose.choice([1, 2]), "isCausal": choose.random() < 0.4,
                      "mask": maybe(mask(choose, length, keys)), "bias": choose.random() < 0.3, "scale": maybe(0.7)}
    given["batchFirst"] = choose.random() < 0.5
    if kind == "MultiheadAttention":
        given |= {"heads": choose.choice([1, 2, 4]), "bias": choose.random() < 0.7, "self": choose.random() < 0.4}
        if given["self"]:
            given["S"] = keys = length
        else:
            given |= {"kdim": maybe(3), "vdim": maybe(5)}
        return kind, {**given, "mask": maybe(mask(choose, length, keys))} if choose.random() < 0.5 else {**given, "keyMask": maybe(mask(choose, rows, keys))}
    given |= {"heads": 2, "normFirst": choose.random() < 0.5, "activation": choose.choice(["relu", "gelu"])}
    return kind, {**given, "isCausal": choose.random() < 0.5, "keyMask": maybe(mask(choose, rows, keys)) if kind != "TransformerEncoderLayer" else None}


def attention(o, seeds):
    shape = lambda heads, length, size: drawn(o["N"], heads, length, size, seed=next(seeds)).requires_grad_()
    q, k, v = shape(o["heads"], o["L"], 4), shape(o["groups"], o["S"], 4), shape(o["groups"], o["S"], 3)
    served = o["heads"] // o["groups"]
    scores = q @ k.repeat_interleave(served, 1).transpose(-1, -2) * (o["scale"] or 0.5)
    by = [q, k, v]
    if o["bias"]:
        bias = drawn(o["L"], o["S"], seed=next(seeds)).requires_grad_()
        scores, by = scores + bias, [*by, bias]
    if o["mask"] is not None:
        scores = scores.masked_fill(unseen(o["mask"], o["L"], o["S"]), -math.inf)
    if o["isCausal"]:
        scores = scores.masked_fill(torch.ones(o["L"], o["S"]).triu(1) == 1, -math.inf)
    seen = (scores > -math.inf).any(-1, keepdim=True)
    weights = torch.where(seen, scores, torch.zeros(())).softmax(-1) * seen
    return [weights @ v.repeat_interleave(served, 1)], by


def sequence(o, length, size, seeds):
    shape = (o["N"], length, size) if o["batchFirst"] else (length, o["N"], size)
    return drawn(*shape, seed=next(seeds)).requires_grad_()


def layered(kind, o, seeds):
    length, keys, rows = o["L"], o["S"], o["N"]
    if kind == "MultiheadAttention":
        layer = nn.MultiheadAttention(4, o["heads"], bias=o["bias"], kdim=o.get("kdim"), vdim=o.get("vdim"), batch_first=o["batchFirst"]).double()
        x = sequence(o, length, 4, seeds)
        given = [x] if o["self"] else [x, sequence(o, keys, o["kdim"] or 4, seeds), sequence(o, keys, o["vdim"] or 4, seeds)]
        start(layer, seeds)
        y, weights = layer(*(given * 3)[:3] if o["self"] else given, key_padding_mask=unseen(o.get("keyMask"), rows, keys), attn_mask=unseen(o.get("mask"), length, keys), average_attn_weights=False)
        return [y, weights], given, layer
    named = {"dim_feedforward": 6, "dropout": 0.0, "activation": o["activation"], "batch_first": o["batchFirst"], "norm_first": o["normFirst"]}
    past = nn.Transformer.generate_square_subsequent_mask(length).double() if o["isCausal"] else None
    x = sequence(o, length, 4, seeds)
    if kind == "TransformerEncoderLayer":
        layer = nn.TransformerEncoderLayer(4, 2, **named).double()
        start(layer, seeds)
        return [layer(x, src_mask=past)], [x], layer
    memory = sequence(o, keys, 4, seeds)
    padding = unseen(o["keyMask"], rows, keys)
    if kind == "TransformerDecoderLayer":
        layer = nn.TransformerDecoderLayer(4, 2, **named).double()
        start(layer, seeds)
        return [layer(x, memory, tgt_mask=past, memory_key_padding_mask=padding)], [x, memory], layer
    layer = nn.Transformer(4, 2, 1, 2, **named).double()
    start(layer, seeds)
    return [layer(memory, x, tgt_mask=past, src_key_padding_mask=padding, memory_key_padding_mask=padding)], [x, memory], layer


def start(layer, seeds):
    for parameter in layer.parameters():
        parameter.data = drawn(*parameter.shape, seed=next(seeds))


def entry(kind, o):
    seeds = iter(range(1, 10**6))
    if kind == "attention":
        values, by = attention(o, seeds)
        return sums_of(values, by, seeds)
    values, given, layer = layered(kind, o, seeds)
    return sums_of(values, [*given, *layer.parameters()], seeds)


def main():
    choose = random.Random(11)
    lines = []
    for _ in range(CASES):
        kind, given = options(choose)
        lines.append(json.dumps([kind, given, entry(kind, given)], separators=(",", ":")))
    (pathlib.Path(__file__).parent / "attention.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
