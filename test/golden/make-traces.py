"""Ten losses of trainings: /usr/bin/python3 test/golden/make-traces.py (Debian's python3-torch 1.13), float64.

traces.json: name -> the losses of ten steps of Adam at rate 0.01. Parameters, in PyTorch's order, inputs and noise are drawn (sums.py) with the
seeds 1, 2, ...; parameters are half of that, weights of norms one more.
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

from sums import drawn

STEPS, ROWS, CLASSES = 10, 6, 3


class Draws:
    def __init__(self):
        self.seed = 0

    def numbers(self, *shape):
        self.seed += 1
        return drawn(*shape, seed=self.seed)

    def start(self, *modules):
        for module in modules:
            for name, parameter in module.double().named_parameters():
                norm = parameter.dim() == 1 and name.endswith("weight")
                parameter.data = self.numbers(*parameter.shape) * 0.5 + (1 if norm else 0)


def trained(step, modules):
    optimizer = torch.optim.Adam([p for module in modules for p in module.parameters()], lr=0.01)
    losses = []
    for i in range(STEPS):
        optimizer.zero_grad()
        loss = step(i)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    return losses


def classified(model, *shape):
    """Cross-entropy over one batch of drawn numbers."""
    draws = Draws()
    draws.start(model)
    x, y = draws.numbers(*shape), torch.arange(ROWS) % CLASSES
    return trained(lambda _: F.cross_entropy(model(x), y), [model])


def cnn():
    return classified(nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, CLASSES)), ROWS, 2, 8, 8)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4))
        self.shortcut = nn.Sequential(nn.Conv2d(2, 4, 1, 2, bias=False), nn.BatchNorm2d(4))
        self.head = nn.Linear(4, CLASSES)

    def forward(self, x):
        return self.head((self.main(x) + self.shortcut(x)).relu().mean((2, 3)))


def autoencoder():
    """Variational: a code of two numbers."""
    encoder = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 4))
    decoder = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Unflatten(1, (4, 4, 4)), nn.ConvTranspose2d(4, 1, 4, 2, 1))
    draws = Draws()
    draws.start(encoder, decoder)
    x, noise = draws.numbers(ROWS, 1, 8, 8) * 0.5 + 0.5, draws.numbers(STEPS, ROWS, 2)

    def step(i):
        mean, log_variance = encoder(x).chunk(2, 1)
        code = mean + noise[i] * (0.5 * log_variance).exp()
        wrong = F.binary_cross_entropy_with_logits(decoder(code), x, reduction="sum")
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
        return (wrong + divergence) / ROWS

    return trained(step, [encoder, decoder])


def gan():
    """Both losses of each step, the critic's first."""
    generator = nn.Sequential(nn.ConvTranspose2d(3, 4, 4, 1, 0), nn.BatchNorm2d(4), nn.ReLU(), nn.ConvTranspose2d(4, 1, 4, 2, 1), nn.Tanh())
    critic = nn.Sequential(nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 4, 1, 0), nn.Flatten())
    draws = Draws()
    draws.start(generator, critic)
    x, noise = draws.numbers(ROWS, 1, 8, 8), draws.numbers(STEPS, ROWS, 3, 1, 1)
    ones, zeros = torch.ones(ROWS, 1).double(), torch.zeros(ROWS, 1).double()
    optimizers = [torch.optim.Adam(module.parameters(), lr=0.01, betas=(0.5, 0.999)) for module in (critic, generator)]
    losses = []
    for i in range(STEPS):
        made = generator(noise[i])
        wrong = F.binary_cross_entropy_with_logits(critic(x), ones) + F.binary_cross_entropy_with_logits(critic(made.detach()), zeros)
        optimizers[0].zero_grad()
        wrong.backward()
        optimizers[0].step()
        fooled = F.binary_cross_entropy_with_logits(critic(made), ones)
        optimizers[1].zero_grad()
        fooled.backward()
        optimizers[1].step()
        losses += [float(wrong), float(fooled)]
    return losses


class Last(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.head = layer, nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(self.layer(x)[0][-1])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", norm_first=True)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(self.layer(x).mean(0))


def main():
    traces = {
        "convolutional network": cnn(),
        "residual block": classified(Residual(), ROWS, 2, 8, 8),
        "variational autoencoder": autoencoder(),
        "DCGAN": gan(),
        "LSTM": classified(Last(nn.LSTM(4, 8)), 5, ROWS, 4),
        "GRU": classified(Last(nn.GRU(4, 8)), 5, ROWS, 4),
        "transformer block": classified(Block(), 5, ROWS, 8),
    }
    lines = [f"{json.dumps(name)}: {json.dumps(losses)}" for name, losses in traces.items()]
    (pathlib.Path(__file__).parent / "traces.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
