"""Golden values of attention and of transformers' layers: /usr/bin/python3 test/golden/make-attention.py (Debian's python3-torch 1.13), float64.

attention.json: cases as [name, options, sums] (sums.py). Masks are lists of 0 and 1: 1 where a key is seen. In the first cases no row of a mask
is all 0, for which PyTorch gives NaN; in the others ("empty") such rows have weights of zero: Seen, which is PyTorch's attention elsewhere.
"""
import json
import math
import pathlib
import random

import torch
from torch import nn

from sums import drawn, sums_of

CASES = 130
EMPTY = 84


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


def holed(choose, *shape):
    """A mask with rows that see nothing."""
    rows = math.prod(shape[:-1])
    empty = choose.randrange(rows)
    return [0 if row == empty else choose.randint(0, 1) for row in range(rows) for _ in range(shape[-1])]


def empty_options(choose):
    kind = choose.choice(["attention", "MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer"])
    length, keys, rows = choose.choice([1, 1, 2, 3, 4]), choose.choice([1, 2, 3]), choose.choice([1, 1, 2, 3])
    given = {"L": length, "S": keys, "N": rows, "empty": True}
    maybe = lambda value, share=0.6: value if choose.random() < share else None
    if kind == "attention":
        groups = choose.choice([1, 2])
        heads = groups * choose.choice([1, 2, 3])
        full = choose.random() < 0.5
        shape = (rows, heads, length, keys) if full else (length, keys)
        return kind, {**given, "groups": groups, "heads": heads, "isCausal": choose.random() < 0.5, "full": full,
                      "mask": holed(choose, *shape), "bias": choose.random() < 0.4, "scale": maybe(1.3, 0.4)}
    given["batchFirst"] = choose.random() < 0.5
    masks = lambda keys: {"mask": maybe(holed(choose, rows, length, keys)), "keyMask": maybe(holed(choose, rows, keys), 0.5), "isCausal": choose.random() < 0.5}
    if kind == "MultiheadAttention":
        given |= {"heads": choose.choice([1, 2, 4]), "bias": choose.random() < 0.7, "self": choose.random() < 0.5}
        if given["self"]:
            given["S"] = length
        else:
            given |= {"kdim": maybe(3, 0.4), "vdim": maybe(5, 0.4)}
        return kind, {**given, **masks(given["S"])}
    given |= {"heads": 2, "normFirst": choose.random() < 0.5, "activation": choose.choice(["relu", "gelu"]), **masks(length)}
    if kind == "TransformerDecoderLayer":
        given |= {"memoryMask": maybe(holed(choose, rows, length, keys)), "memoryKeyMask": maybe(holed(choose, rows, keys))}
    return kind, given


class Seen(nn.MultiheadAttention):
    """Masks say who is seen, [N, L, S] or [N, S]; a query that sees nothing has weights of zero."""

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, **_):
        first = lambda x: x if self.batch_first else x.transpose(0, 1)
        weights = self.in_proj_weight.chunk(3) if self._qkv_same_embed_dim else (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        heads = lambda x: x.reshape(*x.shape[:2], self.num_heads, -1).transpose(1, 2)
        q, k, v = (heads(nn.functional.linear(first(x), w, b)) for x, w, b in zip((query, key, value), weights, biases))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        seen = torch.ones(scores.shape[0], 1, *scores.shape[2:], dtype=torch.bool)
        if attn_mask is not None:
            seen = seen & attn_mask.unsqueeze(1)
        if key_padding_mask is not None:
            seen = seen & key_padding_mask[:, None, None]
        self.made = weights_of(scores, seen)
        joined = (self.made @ v).transpose(1, 2).flatten(2)
        return first(self.out_proj(joined)), self.made


def weights_of(scores, seen):
    some = seen.any(-1, keepdim=True)
    return scores.masked_fill(~seen & some, -math.inf).softmax(-1) * some


def seen(bits, *shape):
    return None if bits is None else torch.tensor(bits).reshape(shape) == 1


def masked(o, keys):
    """[N, L, S] of a mask and what is past."""
    given = seen(o["mask"], o["N"], o["L"], keys)
    past = torch.ones(o["N"], o["L"], keys, dtype=torch.bool).tril() if o["isCausal"] else None
    return given if past is None else past if given is None else given & past


def empty_layered(kind, o, seeds):
    length, keys, rows = o["L"], o["S"], o["N"]
    x = sequence(o, length, 4, seeds)
    if kind == "MultiheadAttention":
        layer = Seen(4, o["heads"], bias=o["bias"], kdim=o.get("kdim"), vdim=o.get("vdim"), batch_first=o["batchFirst"]).double()
        given = [x] if o["self"] else [x, sequence(o, keys, o["kdim"] or 4, seeds), sequence(o, keys, o["vdim"] or 4, seeds)]
        start(layer, seeds)
        return list(layer(*(given * 3)[:3], key_padding_mask=seen(o["keyMask"], rows, keys), attn_mask=masked(o, keys))), given, layer
    named = {"dim_feedforward": 6, "dropout": 0.0, "activation": o["activation"], "batch_first": o["batchFirst"], "norm_first": o["normFirst"]}
    padding = seen(o["keyMask"], rows, length)
    if kind == "TransformerEncoderLayer":
        layer = nn.TransformerEncoderLayer(4, 2, **named)
        layer.self_attn = Seen(4, 2, batch_first=o["batchFirst"])
        layer = layer.double()
        start(layer, seeds)
        return [layer(x, src_mask=masked(o, length), src_key_padding_mask=padding)], [x], layer
    memory = sequence(o, keys, 4, seeds)
    layer = nn.TransformerDecoderLayer(4, 2, **named)
    layer.self_attn, layer.multihead_attn = (Seen(4, 2, batch_first=o["batchFirst"]) for _ in range(2))
    layer = layer.double()
    start(layer, seeds)
    of_memory = {"memory_mask": seen(o["memoryMask"], rows, length, keys), "memory_key_padding_mask": seen(o["memoryKeyMask"], rows, keys)}
    return [layer(x, memory, tgt_mask=masked(o, length), tgt_key_padding_mask=padding, **of_memory)], [x, memory], layer


def check_seen():
    """Where all queries see something, Seen is PyTorch's attention."""
    torch.manual_seed(0)
    own, given = Seen(4, 2, batch_first=True).double(), nn.MultiheadAttention(4, 2, batch_first=True).double()
    given.load_state_dict(own.state_dict())
    x, past = torch.randn(3, 5, 4).double(), torch.ones(5, 5, dtype=torch.bool).tril()
    padding = torch.ones(3, 5, dtype=torch.bool)
    padding[1, 3:] = False
    expected = given(x, x, x, attn_mask=~past, key_padding_mask=~padding, average_attn_weights=False)
    for a, b in zip(own(x, x, x, attn_mask=past.expand(3, 5, 5), key_padding_mask=padding), expected):
        assert (a - b).abs().max() < 1e-14


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
        shape = (o["N"], o["heads"], o["L"], o["S"]) if o.get("full") else (o["L"], o["S"])
        scores = scores.masked_fill(unseen(o["mask"], *shape), -math.inf)
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
    values, given, layer = (empty_layered if o.get("empty") else layered)(kind, o, seeds)
    return sums_of(values, [*given, *layer.parameters()], seeds)


def main():
    check_seen()
    lines = []
    choose, others = random.Random(11), random.Random(12)
    for kind, given in [*(options(choose) for _ in range(CASES)), *(empty_options(others) for _ in range(EMPTY))]:
        lines.append(json.dumps([kind, given, entry(kind, given)], separators=(",", ":")))
    (pathlib.Path(__file__).parent / "attention.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
