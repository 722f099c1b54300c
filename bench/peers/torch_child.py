# PyTorch, eager, in a process of its own: `python3 torch_child.py FOLDER THREADS`, FOLDER with a start. It speaks the protocol of
# ../child.ts. Each step gathers its batch by row numbers, as our own does.
import json
import os
import sys
import time


def say(value):
    print(json.dumps(value), flush=True)


try:
    import numpy
    import torch
except ImportError as error:
    say({"missing": f"{sys.executable}: {error}"})
    sys.exit()

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)

with open(f"{folder}/start.json") as file:
    header = json.load(file)
binary = numpy.fromfile(f"{folder}/start.bin", dtype=numpy.uint8)
network, arrays = header["network"], header["arrays"]


def tensor(name):
    shape, offset = arrays[name]["shape"], arrays[name]["offset"]
    dtype = numpy.float32 if arrays[name]["dtype"] == "f32" else numpy.int32
    count = int(numpy.prod(shape))
    return torch.from_numpy(numpy.frombuffer(binary, dtype, count, offset).reshape(shape).copy())


batch, rows = network["batch"], network["rows"]


class Block(torch.nn.Module):
    def __init__(self, main, shortcut):
        super().__init__()
        self.main, self.shortcut = built(main), built(shortcut)

    def forward(self, x):
        return self.main(x) + self.shortcut(x)


class Mean(torch.nn.Module):
    def forward(self, x):
        return x.flatten(2).mean(2)


def layer(row):
    nn = torch.nn
    if row == "relu":
        return nn.ReLU()
    if row == "flatten":
        return nn.Flatten()
    if row == "mean":
        return Mean()
    if "conv" in row:
        options = {name: row[name] for name in ("stride", "padding", "groups", "bias") if name in row}
        return (nn.Conv1d if row["conv"] == 1 else nn.Conv2d)(*row["channels"], row["size"], **options)
    if "maxPool" in row:
        return (nn.MaxPool1d if row["axes"] == 1 else nn.MaxPool2d)(row["maxPool"])
    if "batchNorm" in row:
        return nn.BatchNorm2d(row["batchNorm"])
    if "linear" in row:
        return nn.Linear(*row["linear"])
    return Block(row["main"], row["shortcut"])


def built(rows):
    return torch.nn.Sequential(*[layer(row) for row in rows])


def dense(widths, activation):
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        if i > 0:
            layers.append(torch.nn.ReLU() if activation == "relu" else torch.nn.Tanh())
        layers.append(torch.nn.Linear(inputs, outputs))
    return torch.nn.Sequential(*layers)


if network["kind"] == "mlp":
    model = dense(network["widths"], network["activation"])
else:
    model = built(network["layers"])
model.load_state_dict({name: tensor(f"weight {name}").reshape(old.shape) for name, old in model.state_dict().items()})

classes = network["loss"] == "crossEntropy"
loss_of = torch.nn.functional.cross_entropy if classes else torch.nn.functional.mse_loss
x, y = tensor("x"), tensor("y").long() if classes else tensor("y")
order = tensor("order").long()
rate = network["optimizer"]["rate"]
adam = network["optimizer"]["name"] == "adam"
optimizer = torch.optim.Adam(model.parameters(), lr=rate) if adam else torch.optim.SGD(model.parameters(), lr=rate)
row = 0


def step():
    global row
    if batch == rows:
        xs, ys = x, y
    else:
        index = order[row : row + batch]
        xs, ys = x[index], y[index]
        row = (row + batch) % rows
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(model(xs), ys)
    loss.backward()
    optimizer.step()
    return loss


def peak():
    """GFLOP/s of its product of 1024 x 1024 x 1024, the best of eight."""
    a = torch.rand(1024, 1024)
    times = []
    for _ in range(8):
        begin = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - begin)
    return 2 * 1024**3 / min(times) / 1e9


blas = os.environ.get("OPENBLAS_CORE", "")
say({"engine": f"PyTorch {torch.__version__} (OpenBLAS {blas or 'unknown'}, {peak():.0f} GFLOP/s)"})
for line in sys.stdin:
    steps = int(line)
    begin = time.perf_counter()
    for _ in range(steps):
        loss = step()
    value = loss.item()
    say({"ms": (time.perf_counter() - begin) * 1000 / steps, "loss": value})
