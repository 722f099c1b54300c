"""Golden gradients of recurrent layers: /usr/bin/python3 test/golden/make-recurrent.py (Debian's python3-torch 1.13), float64.

recurrent.json: "cell length batch" -> the final carry, and gradients of sum(weights * all outputs) + sum(weights * final carry) by
initial carries and parameters. Inputs and weights are whole numbers of a recurrence over 2^15, drawn anew from tensor to tensor in the
order in which they are named here, so that the test draws them itself: sequence, carries, parameters, weights of the outputs, of the
carries.
"""
import json
import pathlib

import torch

from make import numbers

FEATURES, HIDDEN = 3, 4
LENGTHS, BATCHES = (1, 5, 32), (1, 8)
CELLS = {"rnn": (torch.nn.RNN, 1), "gru": (torch.nn.GRU, 1), "lstm": (torch.nn.LSTM, 2)}


def drawn(*shape, seed):
    """As in test/autodiff/recurrent.test.ts."""
    state, values = seed, []
    for _ in range(torch.Size(shape).numel()):
        state = (state * 1103515245 + 12345) % 2**32
        values.append((state >> 16) / 32768 - 1)
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def entry(name, length, batch):
    make, count = CELLS[name]
    layer = make(FEATURES, HIDDEN).double()
    seeds = iter(range(1, 100))
    sequence = drawn(length, batch, FEATURES, seed=next(seeds))
    carries = [drawn(1, batch, HIDDEN, seed=next(seeds)).requires_grad_() for _ in range(count)]
    for parameter in layer.parameters():
        parameter.data = drawn(*parameter.shape, seed=next(seeds))
    outputs, last = layer(sequence, tuple(carries) if count > 1 else carries[0])
    finals = last if count > 1 else (last,)
    loss = sum((drawn(*value.shape, seed=next(seeds)) * value).sum() for value in (outputs, *finals))
    gradients = torch.autograd.grad(loss, [*carries, *layer.parameters()])
    return {"carry": numbers(finals[0]), "gradients": [numbers(gradient) for gradient in gradients]}


def main():
    lines = [
        f"{json.dumps(f'{name} {length} {batch}')}: {json.dumps(entry(name, length, batch), separators=(',', ':'))}"
        for name in CELLS
        for length in LENGTHS
        for batch in BATCHES
    ]
    (pathlib.Path(__file__).parent / "recurrent.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
