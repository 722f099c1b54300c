"""Golden values of adapters of low rank: /usr/bin/python3 test/golden/make-lora.py (Debian's python3-torch 1.13), float64.

lora.json: ten losses of a training for each network, by Hu et al. 2021 in torch by hand: W stays, W + B A alpha / rank is what the layer
multiplies by. Base weights and A are drawn in the order of the network's parameters (sums.py), B is 0.
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

from sums import drawn

STEPS = 10


class LowRank(nn.Module):
    def __init__(self, outputs, inputs, rank, alpha, seeds):
        super().__init__()
        self.a = nn.Parameter(drawn(rank, inputs, seed=next(seeds)))
        self.b = nn.Parameter(torch.zeros(outputs, rank).double())
        self.scale = alpha / rank

    def delta(self):
        return self.b @ self.a * self.scale


class LoraLinear(nn.Module):
    def __init__(self, inputs, outputs, rank, alpha, seeds):
        super().__init__()
        self.weight = drawn(outputs, inputs, seed=next(seeds))
        self.bias = drawn(outputs, seed=next(seeds))
        self.change = LowRank(outputs, inputs, rank, alpha, seeds)

    def forward(self, x):
        return F.linear(x, self.weight, self.bias) + F.linear(F.linear(x, self.change.a), self.change.b) * self.change.scale


class LoraAttention(nn.Module):
    """Queries, values and outputs changed."""

    def __init__(self, size, heads, rank, alpha, seeds):
        super().__init__()
        self.layer = nn.MultiheadAttention(size, heads, batch_first=True).double()
        for parameter in self.layer.parameters():
            parameter.data = drawn(*parameter.shape, seed=next(seeds))
        self.changes = nn.ModuleList([LowRank(size, size, rank, alpha, seeds) for _ in "qvo"])

    def forward(self, x):
        layer, (q, v, out) = self.layer, self.changes
        size = layer.embed_dim
        zeros = torch.zeros(size, size).double()
        weight = layer.in_proj_weight.detach() + torch.cat([q.delta(), zeros, v.delta()])
        x = x.transpose(0, 1)
        result, _ = F.multi_head_attention_forward(
            x, x, x, size, layer.num_heads, weight, layer.in_proj_bias.detach(), None, None, False, 0.0,
            layer.out_proj.weight.detach() + out.delta(), layer.out_proj.bias.detach(),
        )
        return result.transpose(0, 1)


def train(model, optimizer, loss, shape, seeds):
    losses = []
    x = drawn(*shape, seed=next(seeds))
    target = drawn(*model(x).shape, seed=next(seeds))
    for _ in range(STEPS):
        value = loss(model(x), target)
        losses.append(float(value.detach()))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return losses


def linear():
    seeds = iter(range(1, 10**6))
    model = nn.Sequential(LoraLinear(5, 7, 2, 4, seeds), nn.ReLU(), LoraLinear(7, 3, 2, 4, seeds))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    return train(model, optimizer, F.mse_loss, (6, 5), seeds)


def attention():
    seeds = iter(range(1, 10**6))
    model = LoraAttention(8, 2, 2, 3, seeds)
    optimizer = torch.optim.SGD(model.changes.parameters(), lr=0.3)
    return train(model, optimizer, F.mse_loss, (3, 4, 8), seeds)


path = pathlib.Path(__file__).parent / "lora.json"
path.write_text(json.dumps({"linear": linear(), "attention": attention()}, indent=1) + "\n")
