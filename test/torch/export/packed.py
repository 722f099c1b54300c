# Whether each optimizer of torch goes on from what train_ddp.py keeps of it to the same bits, read as a checkpoint is.
import io
import json
import os
import sys
import types

sys.path.insert(0, os.getcwd())
import torch

import train_ddp


def weights_and_optimizer(kind):
    torch.manual_seed(1)
    weights = [torch.randn(3, 2, requires_grad=True), torch.randn(3, requires_grad=True)]
    return weights, getattr(torch.optim, kind)(weights, lr=0.01)


def trained(weights, optimizer, steps):
    for step in steps:
        torch.manual_seed(step)
        optimizer.zero_grad()
        sum((weight * torch.randn_like(weight)).square().sum() for weight in weights).backward()
        optimizer.step()
    return [weight.detach().clone() for weight in weights]


said = {}
for kind, own in vars(torch.optim).items():
    if isinstance(own, types.ModuleType) or not isinstance(own, type) or kind in ["Optimizer", "LBFGS", "SparseAdam", "Muon"]:
        continue
    weights, optimizer = weights_and_optimizer(kind)
    half = trained(weights, optimizer, range(5))
    file = io.BytesIO()
    torch.save(train_ddp.packed(optimizer), file)
    file.seek(0)
    whole = trained(weights, optimizer, range(5, 10))
    others, again = weights_and_optimizer(kind)
    with torch.no_grad():
        for weight, value in zip(others, half):
            weight.copy_(value)
    again.load_state_dict(train_ddp.unpacked(torch.load(file, weights_only=True)))
    said[kind] = all(torch.equal(a, b) for a, b in zip(trained(others, again, range(5, 10)), whole))
print(json.dumps(said))
