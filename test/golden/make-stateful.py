"""Golden values of recurrent layers that go on from step to step: /usr/bin/python3 test/golden/make-stateful.py (Debian's python3-torch
1.13), float64.

stateful.json: a training by layer: the loss of each step, and sums of the state at the end (sums.py). A step reads T places of N sequences
from where the one before ended, its state detached, and descends by the gradients of its loss, the mean of squares of the outputs minus drawn
targets. Before step 2, sequence 1 begins anew.
"""
import json
import pathlib

import torch
from torch import nn

from sums import drawn, sums

FEATURES, HIDDEN, PROJECTED, T, N, STEPS, RATE = 3, 4, 2, 5, 3, 4, 0.5

LAYERS = {
    "RNN": lambda: nn.RNN(FEATURES, HIDDEN),
    "GRU": lambda: nn.GRU(FEATURES, HIDDEN, num_layers=2, batch_first=True),
    "LSTM": lambda: nn.LSTM(FEATURES, HIDDEN, num_layers=2, batch_first=True),
    "LSTM projected": lambda: nn.LSTM(FEATURES, HIDDEN, proj_size=PROJECTED),
}


def entry(kind):
    layer = LAYERS[kind]().double()
    seeds = iter(range(1, 10**6))
    parameters = list(layer.parameters())
    for parameter in parameters:
        parameter.data = drawn(*parameter.shape, seed=next(seeds))
    optimizer = torch.optim.SGD(parameters, lr=RATE)
    state, losses = None, []
    for step in range(STEPS):
        shape = (N, T) if layer.batch_first else (T, N)
        x = drawn(*shape, FEATURES, seed=next(seeds))
        if step == 2:
            goes_on = torch.tensor([1.0, 0.0, 1.0]).double().reshape(N, 1)
            state = tuple(each * goes_on for each in state)
        given = () if state is None else (state,) if isinstance(layer, nn.LSTM) else (state[0],)
        output, last = layer(x, *given)
        state = tuple(each.detach() for each in (last if isinstance(layer, nn.LSTM) else (last,)))
        loss = (output - drawn(*output.shape, seed=next(seeds))).square().mean()
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {"losses": losses, "state": [sums(each, seeds) for each in state]}


path = pathlib.Path(__file__).parent / "stateful.json"
path.write_text(json.dumps({kind: entry(kind) for kind in LAYERS}, indent=1) + "\n")
