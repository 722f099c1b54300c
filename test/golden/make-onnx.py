"""A network as PyTorch exports it for training in ONNX's format, and the losses of its training there: test/golden/onnx.json."""

import base64
import io
import json
import pathlib
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(0)

model = nn.Sequential(
    nn.Conv2d(1, 3, 3, padding=1),
    nn.BatchNorm2d(3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.LayerNorm(12),
    nn.Linear(12, 5),
    nn.GELU(),
    nn.Linear(5, 3),
).train()
x = torch.randn(6, 1, 4, 4)
y = torch.tensor([0, 2, 1, 1, 0, 2])

file = io.BytesIO()
torch.onnx.export(
    model,
    (x,),
    file,
    training=torch.onnx.TrainingMode.TRAINING,
    do_constant_folding=False,
    opset_version=17,
    input_names=["x"],
    output_names=["y"],
    dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
)

optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
losses = []
for _ in range(10):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

golden = {
    "model": base64.b64encode(file.getvalue()).decode(),
    "x": x.flatten().tolist(),
    "y": y.tolist(),
    "losses": losses,
    "runningMean": model[1].running_mean.tolist(),
}
path = pathlib.Path(__file__).parent / "onnx.json"
path.write_text(json.dumps(golden, indent=1) + "\n")
