"""Golden files of safetensors, written by the format's own library from torch's tensors, and what torch says is in them:

    pip install --target DIR safetensors==0.8.0
    PYTHONPATH=DIR /usr/bin/python3 test/golden/make-safetensors.py   (Debian's python3-torch 1.13)
"""
import json
import math
import pathlib

import torch
from safetensors.torch import save

HALVES = [0.0, -0.0, 1.0, -2.5, 1 / 3, 2.0 ** -14, 2.0 ** -24, -3 * 2.0 ** -24, 65504.0, math.inf, -math.inf, math.nan]

# Every dtype that is read, the ends of its range, a scalar, an empty tensor, names that JSON escapes or an object would reorder.
read = {
    "f64": torch.tensor([[math.pi, -0.0, 5e-324], [math.nan, math.inf, 1.7976931348623157e308]], dtype=torch.float64),
    "f32": torch.tensor([[[math.pi]], [[1e-45]], [[-3.4e38]]], dtype=torch.float32),
    "f16": torch.tensor(HALVES, dtype=torch.float16),
    "bf16": torch.tensor([*HALVES, 3e38, 1e-40], dtype=torch.bfloat16),
    "i64": torch.tensor([[2 ** 31 - 1, -2 ** 31], [0, -1]], dtype=torch.int64),
    "i32": torch.tensor([2 ** 31 - 1, -2 ** 31, 7], dtype=torch.int32),
    "i16": torch.tensor([32767, -32768, -1], dtype=torch.int16),
    "i8": torch.tensor([127, -128, -1], dtype=torch.int8),
    "u8": torch.tensor([[0, 255, 128]], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(0.1, dtype=torch.float32),
    "empty": torch.zeros(2, 0, 3, dtype=torch.int32),
    '10."quoted"\\\n': torch.tensor([1.0]),
    "9.Gewicht ä 重み": torch.tensor([2.0]),
}

# What is written too: the bytes are to be the same.
names = ("f64", "f32", "i32", "u8", "scalar", "empty", '10."quoted"\\\n', "9.Gewicht ä 重み")
written = {name: read[name] for name in names}

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
x = torch.randn(5, 3)


def value(tensor):
    data = [v if math.isfinite(v) else str(v).replace("inf", "Infinity").replace("nan", "NaN")
            for v in tensor.to(torch.float64).flatten().tolist()]
    return {"shape": list(tensor.shape), "data": ["-0" if v == 0 and math.copysign(1, v) < 0 else v for v in data]}


folder = pathlib.Path(__file__).parent
(folder / "read.safetensors").write_bytes(save(read, {"format": "pt", "note": "every dtype"}))
(folder / "written.safetensors").write_bytes(save(written, {"format": "pt"}))
(folder / "model.safetensors").write_bytes(save(model.state_dict()))
golden = {
    "read": {name: value(tensor) for name, tensor in read.items()},
    "model": {"x": value(x), "y": value(model(x).detach())},
}
(folder / "safetensors.json").write_text(json.dumps(golden, indent=1) + "\n")
