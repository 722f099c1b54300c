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


class LastStep(torch.nn.Module):
    def forward(self, x):
        return x[:, -1]


class MeanStep(torch.nn.Module):
    def forward(self, x):
        return x.mean(1)


class Lstm(torch.nn.LSTM):
    def forward(self, x):
        return super().forward(x)[0]


class Gru(torch.nn.GRU):
    def forward(self, x):
        return super().forward(x)[0]


class Embedded(torch.nn.Module):
    def __init__(self, tokens, width, places):
        super().__init__()
        self.tokens, self.places = torch.nn.Embedding(tokens, width), torch.nn.Embedding(places, width)

    def forward(self, x):
        return self.tokens(x) + self.places.weight


class Encoder(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.layer = torch.nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0, batch_first=True)

    def forward(self, x):
        return self.layer(x)


class GptBlock(Encoder):
    """A block of nanoGPT, with the parameters of an encoder's layer."""

    hidden = None

    def attend(self, x):
        attention = self.layer.self_attn
        rows, places, width = x.shape
        projected = torch.nn.functional.linear(x, attention.in_proj_weight, attention.in_proj_bias)
        q, k, v = [
            each.view(rows, places, attention.num_heads, -1).transpose(1, 2) for each in projected.split(width, 2)
        ]
        scores = (q @ k.transpose(-2, -1)) * (1 / q.shape[-1] ** 0.5)
        if self.hidden is None:
            self.hidden = torch.ones(places, places, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(self.hidden, float("-inf")).softmax(-1)
        return attention.out_proj((weights @ v).transpose(1, 2).reshape(rows, places, width))

    def forward(self, x):
        layer = self.layer
        x = x + self.attend(layer.norm1(x))
        return x + layer.linear2(torch.nn.functional.gelu(layer.linear1(layer.norm2(x))))


def layer(row):
    nn = torch.nn
    if row == "relu":
        return nn.ReLU()
    if row == "flatten":
        return nn.Flatten()
    if row == "mean":
        return Mean()
    if row == "lastStep":
        return LastStep()
    if row == "meanStep":
        return MeanStep()
    if "conv" in row:
        options = {name: row[name] for name in ("stride", "padding", "groups", "bias") if name in row}
        return (nn.Conv1d if row["conv"] == 1 else nn.Conv2d)(*row["channels"], row["size"], **options)
    if "maxPool" in row:
        return (nn.MaxPool1d if row["axes"] == 1 else nn.MaxPool2d)(row["maxPool"])
    if "batchNorm" in row:
        return nn.BatchNorm2d(row["batchNorm"])
    if "linear" in row:
        return nn.Linear(*row["linear"])
    if "lstm" in row:
        return Lstm(*row["lstm"], batch_first=True)
    if "gru" in row:
        return Gru(*row["gru"], batch_first=True)
    if "encoder" in row:
        return (GptBlock if row["causal"] else Encoder)(row["encoder"], row["heads"])
    if "embedding" in row:
        return Embedded(*row["embedding"], row["places"])
    if "layerNorm" in row:
        return nn.LayerNorm(row["layerNorm"])
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
    # Of classes a row each, also where a sequence has one at each place.
    loss = loss_of(model(xs).flatten(0, -2), ys.flatten()) if classes else loss_of(model(xs), ys)
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
