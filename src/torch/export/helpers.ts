// Functions of Python's that lines of model.py call: each is there if a line does.

/** What stands at the head of each model.py. */
export const READING = `HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"F32": torch.float32, "F64": torch.float64, "I32": torch.int32, "I64": torch.int64, "U8": torch.uint8}


def read_weights(path):
    """The tensors of a safetensors file, by name."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        own, type = data[start:end], TYPES[entry["dtype"]]
        flat = torch.frombuffer(own, dtype=type) if own else torch.empty(0, dtype=type)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write_weights(path, tensors):
    """Writes tensors to a safetensors file, whole or not at all. Whole numbers become int32, as simdgrad has them."""
    header, parts, end = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        type = "F32" if tensor.is_floating_point() else "U8" if tensor.dtype == torch.uint8 else "I32"
        data = tensor.detach().cpu().to(TYPES[type]).contiguous().numpy().tobytes()
        header[name] = {"dtype": type, "shape": list(tensor.shape), "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".new", "wb") as file:
        for part in [struct.pack("<Q", len(text)), text, *parts]:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def place(model, path, part):
    """Puts a layer or a weight into a model, under the path that it has in the state dictionary."""
    *outer, name = path.split(".")
    for each in outer:
        model = model._modules.setdefault(each, nn.Module())
    if isinstance(part, nn.Module):
        before = model._modules.get(name, nn.Module())
        part._modules.update(before._modules)
        part._parameters.update(before._parameters)
        part._buffers.update(before._buffers)
        model._modules[name] = part
    elif isinstance(part, nn.Parameter):
        model._parameters[name] = part
    else:
        model._buffers[name] = part
`;

export const helpers = {
  rows: `def rows(table, index):
    """Rows of a table by index; an index outside gives NaN, as in simdgrad (0 for whole numbers)."""
    inside = (index >= 0) & (index < len(table))
    found = table[torch.where(inside, index, 0 * index).long()]
    shape = index.shape + (1,) * (table.dim() - 1)
    missing = float("nan") if table.is_floating_point() else 0
    return found if inside.all() else found.masked_fill(~inside.reshape(shape), missing)`,

  add_rows: `def add_rows(index, updates, shape):
    """Rows added up at their index in zeros of a shape; those outside go nowhere."""
    count = shape[0]
    inside = (index >= 0) & (index < count)
    place = torch.where(inside, index, torch.full_like(index, count)).long().reshape(-1)
    zeros = torch.zeros((count + 1,) + tuple(shape[1:]), dtype=updates.dtype, device=updates.device)
    return zeros.index_add(0, place, updates.reshape((-1,) + tuple(shape[1:])))[:count]`,

  whole: `def whole(x):
    """Floats as int32, towards zero; NaN is 0, and what is beyond the ends is the end."""
    return torch.nan_to_num(x, nan=0.0).double().clamp(-2147483648, 2147483647).to(torch.int32)`,

  divided: `def divided(a, b):
    """Quotients of whole numbers, rounded down; by 0 they are 0."""
    a, b = torch.broadcast_tensors(a.long(), b.long())  # where no quotient overflows, as one of int32 may
    return torch.where(b == 0, 0, torch.div(a, torch.where(b == 0, 1, b), rounding_mode="floor")).int()`,

  remainder: `def remainder(a, b):
    """What whole numbers leave; divided by 0 nothing."""
    a, b = torch.broadcast_tensors(a.long(), b.long())
    return torch.where(b == 0, 0, torch.remainder(a, torch.where(b == 0, 1, b))).int()`,

  sign: `def sign(x):
    """-1, 0 or 1; that of NaN is NaN."""
    return torch.where(x != x, x, torch.sign(x))`,

  root: `def root(x):
    """The square root of a sum of squares, whose slope at 0 is 0."""
    is_zero = x == 0
    return torch.where(is_zero, 0 * x, torch.sqrt(torch.where(is_zero, 1 + 0 * x, x)))`,

  normalized: `def normalized(x, epsilon, centred):
    """Rows of mean 0 and variance 1 (or of mean square 1), and what they were multiplied by."""
    apart = x - x.mean(1, keepdim=True) if centred else x
    inverse = torch.rsqrt((apart * apart).mean(1) + epsilon)
    return apart * inverse.unsqueeze(1), inverse`,

  moments: `def moments(x):
    """Along the middle axis: means, zeros (what rounding left of them), sums of squared deviations."""
    mean = x.mean(1)
    apart = x - mean.unsqueeze(1)
    return mean, torch.zeros_like(mean), (apart * apart).sum(1)`,

  running_sum: `def running_sum(x, axis, reverse, exclusive):
    """Running sums along an axis, also from its end, also without their own element."""
    turned = x.flip(axis) if reverse else x
    sums = torch.cumsum(turned, axis, dtype=x.dtype)
    if exclusive:
        sums = sums - turned
    return sums.flip(axis) if reverse else sums`,

  put_in_planes: `def put_in_planes(updates, index, shape, last):
    """Elements put at their places in planes of a shape; those of one place are added up, or the last is left."""
    size = math.prod(shape[1:])
    place = index.reshape(shape[0], -1).long()
    place = torch.where((place >= 0) & (place < size), place, torch.full_like(place, size))
    zeros = torch.zeros((shape[0], size + 1), dtype=updates.dtype, device=updates.device)
    flat = updates.reshape(shape[0], -1)
    put = zeros.scatter(1, place, flat) if last else zeros.scatter_add(1, place, flat)
    return put[:, :size].reshape(shape)`,

  packed: `def packed(layer, x, state, lengths):
    """What a recurrent layer makes of sequences that are as long as lengths say, at the most as x is: 0 behind their ends."""
    total = x.shape[1 if layer.batch_first else 0]
    own = lengths.clamp(max=total).long().cpu()
    rows = nn.utils.rnn.pack_padded_sequence(x, own, batch_first=layer.batch_first, enforce_sorted=False)
    output, end = layer(rows, state)
    output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=layer.batch_first, total_length=total)
    return output, end`,

  CustomGradient: `class CustomGradient(torch.autograd.Function):
    """A value with a gradient of its own: what a rule makes of the cotangent."""

    @staticmethod
    def forward(context, rule, value, *given):
        context.rule = rule
        return value.clone()

    @staticmethod
    def backward(context, cotangent):
        return (None, None, *context.rule(cotangent))`,
} as const;

export type Helper = keyof typeof helpers;
