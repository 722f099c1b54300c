"""Outer steps of rounds: torch.optim.SGD with Nesterov's momentum on the weighted mean of members' changes, in float64.

Run with Debian's python3-torch: /usr/bin/python3 test/golden/make-rounds.py
"""
import json
from pathlib import Path

import torch

torch.manual_seed(0)
runs = []
for rate, momentum in [(1.0, 0.0), (0.7, 0.9), (0.4, 0.5)]:
    weights = torch.randn(6, dtype=torch.float64).float().double()
    parameter = torch.nn.Parameter(weights.clone())
    optimizer = torch.optim.SGD([parameter], lr=rate, momentum=momentum, nesterov=momentum > 0)
    rounds = []
    for _ in range(5):
        members = [(int(samples), torch.randn(6).double()) for samples in torch.randint(1, 500, (3,))]
        total = sum(samples for samples, _ in members)
        parameter.grad = sum(change * (samples / total) for samples, change in members)
        optimizer.step()
        rounds.append({
            "changes": [{"samples": samples, "values": change.tolist()} for samples, change in members],
            "after": parameter.detach().tolist(),
        })
    runs.append({"learningRate": rate, "momentum": momentum, "weights": weights.tolist(), "rounds": rounds})
path = Path(__file__).with_name("rounds.json")
path.write_text(json.dumps({"torch": torch.__version__, "runs": runs}) + "\n")
