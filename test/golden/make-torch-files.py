"""Files of torch.save, and trainings that go on from them: /usr/bin/python3 test/golden/make-torch-files.py (PyTorch 1.13, NumPy 1.24).

Writes torch-files.json: for each file its bytes in base64 and the value in it, and for each optimizer a checkpoint after 5 steps and the
losses of the 10 steps after it. Legacy files name storages by their addresses, which are others at each run.
"""
import argparse
import base64
import collections
import inspect
import io
import json
import pathlib
import sys
import zipfile

import numpy as np
import torch
from torch import nn

torch.manual_seed(20261129)

# Files of modules hold the source of their classes: here a line stands for it.
real_source = inspect.getsourcelines
inspect.getsourcelines = lambda kind: ([f"class {kind.__name__}: ...\n"], 1)


def text(data):
    return base64.b64encode(bytes(data)).decode()


def number(x):
    return x if isinstance(x, int) or np.isfinite(x) else {"float": str(x)}


def value(x):
    """What is in a file, as JSON."""
    if x is None or isinstance(x, (bool, str)):
        return x
    if isinstance(x, torch.Tensor):
        data = [number(v) for v in x.detach().reshape(-1).double().tolist()] if x.is_floating_point() else [int(v) for v in x.reshape(-1)]
        return {"tensor": str(x.dtype).split(".")[1], "shape": list(x.shape), "data": data, "requiresGrad": x.requires_grad}
    if isinstance(x, np.generic):
        return number(x.item())
    if isinstance(x, (int, float)):
        return number(x) if abs(x) < 2**53 or x != x or isinstance(x, float) else {"big": str(x)}
    if isinstance(x, (bytes, bytearray)):
        return {"bytes": text(x)}
    if isinstance(x, dict):
        return {"map": [[value(k), value(v)] for k, v in x.items()]}
    if isinstance(x, (list, tuple)):
        return {"list": [value(v) for v in x]}
    if isinstance(x, (set, frozenset)):
        return {"set": sorted(value(v) for v in x)}
    if isinstance(x, torch.device):
        return str(x)
    if isinstance(x, torch.dtype):
        return {"name": str(x)}
    if isinstance(x, type):
        return {"name": f"{x.__module__}.{x.__qualname__}"}
    kind = type(x)
    return {"object": f"{kind.__module__}.{kind.__qualname__}", "state": value(x.__dict__)}


def saved(x, legacy=False, protocol=2):
    out = io.BytesIO()
    torch.save(x, out, _use_new_zipfile_serialization=not legacy, pickle_protocol=protocol)
    return out.getvalue()


def file(x, legacy=False, protocol=2):
    return {"bytes": text(saved(x, legacy, protocol)), "value": value(x)}


def repacked(data, method):
    """The ZIP file, written anew by Python."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename), old.read(info.filename), method)
    return out.getvalue()


def real(*shape):
    return torch.randn(*shape)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(real(2))
        self.register_buffer("mean", real(2))
        self.register_buffer("draft", real(1), persistent=False)
        self.inner = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.ReLU())


Block.__module__ = "model.blocks"
sys.modules["model"] = type(sys)("model")
sys.modules["model.blocks"] = type(sys)("model.blocks")
sys.modules["model.blocks"].Block = Block

base = torch.arange(12.0).reshape(3, 4)
shared = real(6)
twice = real(2, 2)
cycle = []
cycle.append(cycle)
everything = {
    "float32": real(2, 3),
    "float64": real(3).double(),
    "float16": torch.tensor([1.5, -2, 6e-8, 65504, float("inf"), float("nan")]).half(),
    "bfloat16": real(4).bfloat16(),
    "int64": torch.tensor([2**31 - 1, -(2**31), 7]),
    "int32": torch.tensor([1, -2], dtype=torch.int32),
    "int16": torch.tensor([300, -300], dtype=torch.int16),
    "int8": torch.tensor([127, -128], dtype=torch.int8),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([[True, False], [False, True]]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 3),
    "one": real(1, 1),
}
views = {
    "transposed": base.t(),
    "column": base[:, 1],
    "row": base[2],
    "step": base[:, ::2],
    "expanded": base[0].expand(3, 4),
    "of three axes": torch.arange(24, dtype=torch.int16).reshape(2, 3, 4).permute(2, 0, 1),
    "channels last": real(2, 3, 2, 2).to(memory_format=torch.channels_last),
    "left": shared[:3],
    "right": shared[3:],
    "twice": twice,
    "again": twice,
    "parameter": nn.Parameter(real(2)),
    "gradient": real(2).requires_grad_(),
}
plain = {
    "none": None,
    "true": True,
    "whole": [0, 255, 256, 65536, -1, -(2**31), 2**40, -(2**40), 2**53 - 1],
    "large": [2**53, -(2**80), 2**200],
    "real": [0.1, -0.0, float("inf"), float("nan"), 1e-320],
    "text": "naïve \U0001f600 \n",
    "bytes": b"\x00\xff",
    "array": bytearray(b"abc"),
    "tuple": (1, (2,), (), (3, 4, 5, 6)),
    "set": {1, 2, 3},
    "frozen": frozenset([4]),
    "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
    "default": collections.defaultdict(list, {"x": [1]}),
    "keys": {0: "zero", (1, 2): "pair", 2.5: None, None: 1, "__proto__": {"polluted": True}},
    "namespace": argparse.Namespace(lr=0.1, name="run"),
    "size": torch.Size([2, 3]),
    "device": torch.device("cuda:1"),
    "dtype": torch.float16,
    "class": nn.Linear,
    "best": np.float64(0.25),
    "step": np.int64(2**40),
    "ratio": np.float32(0.1),
    "long": list(range(1500)),
}
numpy_numbers = {kind: np.array([200]).astype(kind)[0] for kind in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]}
model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))
tied = nn.Module()
tied.table, tied.head = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
tied.head.weight = tied.table.weight

files = {}
for name, x in {"tensors": everything, "views": views, "plain": plain, "numpy": numpy_numbers, "state": model.state_dict(), "module": Block(), "tied": tied.state_dict(), "tensor": real(2, 2)}.items():
    files[f"zip {name}"] = file(x)
    files[f"legacy {name}"] = file(x, legacy=True)
for protocol in [0, 1, 3, 4, 5]:
    files[f"zip plain of protocol {protocol}"] = file(plain, protocol=protocol)
for protocol in [3, 4, 5]:
    files[f"zip tensors of protocol {protocol}"] = file(everything, protocol=protocol)
files["zip deflated"] = {**files["zip tensors"], "bytes": text(repacked(saved(everything), zipfile.ZIP_DEFLATED))}

cyclic = saved({"cycle": cycle})
refused = {
    "zip sparse": text(saved({"x": torch.eye(2).to_sparse()})),
    "zip sparse rows": text(saved({"x": torch.eye(2).to_sparse_csr()})),
    "zip quantised": text(saved({"x": torch.quantize_per_tensor(real(2), 0.1, 0, torch.qint8)})),
    "zip complex": text(saved({"x": torch.zeros(2, dtype=torch.complex64)})),
    "zip wide": text(saved({"x": torch.tensor([1, 2**31])})),
    "zip meta": text(saved({"x": torch.empty(2, device="meta")})),
    "legacy sparse": text(saved({"x": torch.eye(2).to_sparse()}, legacy=True)),
    "legacy quantised": text(saved({"x": torch.quantize_per_tensor(real(2), 0.1, 0, torch.qint8)}, legacy=True)),
}
scripted = io.BytesIO()
inspect.getsourcelines = real_source
torch.jit.save(torch.jit.script(nn.Linear(1, 1)), scripted)
refused["zip scripted"] = text(scripted.getvalue())
# As PyTorch 2 on such a machine writes it.
out = io.BytesIO(saved({"x": real(2)}))
with zipfile.ZipFile(out, "a") as archive:
    archive.writestr("archive/byteorder", "big")
refused["zip big-endian"] = text(out.getvalue())
out = io.BytesIO(saved({"x": twice}))
with zipfile.ZipFile(out, "a") as archive:
    archive.writestr("archive/byteorder", "little")
files["zip with its order of bytes"] = {"bytes": text(out.getvalue()), "value": value({"x": twice})}

# Trainings that go on: made in float32, as those here.
x, y = real(8, 3), real(8, 2)


def network():
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def groups(net):
    return [{"params": net[2].parameters(), "lr": 0.02}, {"params": net[0].parameters(), "weight_decay": 0.1}]


optimizers = {
    "sgd": lambda net: torch.optim.SGD(net.parameters(), 0.05),
    "sgd momentum": lambda net: torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, weight_decay=0.01),
    "sgd nesterov": lambda net: torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, nesterov=True),
    "sgd dampening": lambda net: torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, dampening=0.5),
    "adam": lambda net: torch.optim.Adam(net.parameters(), 0.01, betas=(0.8, 0.9), weight_decay=0.1),
    "adam amsgrad": lambda net: torch.optim.Adam(net.parameters(), 0.01, amsgrad=True),
    "adam maximize": lambda net: torch.optim.Adam(net.parameters(), 0.01, maximize=True),
    "adamW": lambda net: torch.optim.AdamW(net.parameters(), 0.01, weight_decay=0.1),
    "adamW groups": lambda net: torch.optim.AdamW(groups(net), 0.01),
    "rmsprop": lambda net: torch.optim.RMSprop(net.parameters(), 0.01),
    "rmsprop centered": lambda net: torch.optim.RMSprop(net.parameters(), 0.01, momentum=0.9, centered=True, weight_decay=0.01),
    "adagrad": lambda net: torch.optim.Adagrad(net.parameters(), 0.05, lr_decay=0.1, initial_accumulator_value=0.1),
    "adadelta": lambda net: torch.optim.Adadelta(net.parameters(), 1.0, weight_decay=0.01),
    "adamax": lambda net: torch.optim.Adamax(net.parameters(), 0.02, weight_decay=0.01),
    # The loop over single tensors of 1.13 multiplies by a momentum twice; this one is what PyTorch 2 does.
    "nadam": lambda net: torch.optim.NAdam(net.parameters(), 0.01, weight_decay=0.01, foreach=True),
    "radam": lambda net: torch.optim.RAdam(net.parameters(), 0.02, weight_decay=0.01),
    "asgd": lambda net: torch.optim.ASGD(net.parameters(), 0.05, lambd=0.01),
    "rprop": lambda net: torch.optim.Rprop(net.parameters(), 0.01, etas=(0.4, 1.3)),
}


def step(net, optimizer):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def training(make):
    net = network()
    optimizer = make(net)
    for _ in range(5):
        step(net, optimizer)
    checkpoint = saved({"epoch": 5, "model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer.state_dict()})
    return {"bytes": text(checkpoint), "losses": [step(net, optimizer) for _ in range(10)]}


trainings = {name: training(make) for name, make in optimizers.items()}
out = {
    "files": files,
    "cyclic": text(cyclic),
    "refused": refused,
    "legacy checkpoint": text(saved({"epoch": 5, "state_dict": network().state_dict()}, legacy=True)),
    "data": {"x": x.tolist(), "y": y.tolist()},
    "trainings": trainings,
}
pathlib.Path(__file__).with_name("torch-files.json").write_text(json.dumps(out, indent=1) + "\n")
