// train_ddp.py, word for word: the same for every model.

export const TRAIN_DDP = `"""Goes on training the model of model.py by several processes, on one machine or many, with DistributedDataParallel.

Each process is started by hand or by a scheduler, with its number in RANK (or --rank) and how many there are in WORLD_SIZE (--world-size); all
reach the first one at MASTER_ADDR and MASTER_PORT (--master-addr, --master-port):

    RANK=0 WORLD_SIZE=2 MASTER_ADDR=10.0.0.5 MASTER_PORT=29500 python3 train_ddp.py --data rows.npz --loss CrossEntropyLoss

The file of --data has the arrays "inputs" and "targets", or in the place of "inputs" one for each input of the model, by its name. Every process
reads the whole file and trains on its own share of each batch. Checkpoints are written by rank 0 every --checkpoint-every steps, whole or
not at all. Where one process dies, the others end with exit code 75: start all of them again with the same words, and the
training goes on from the last checkpoint, with the steps that it would have made. Where data, options or a checkpoint do not fit, or a file cannot be
written, all end with a sentence and exit code 1. A checkpoint holds tensors and texts: nothing in one is run.
"""
import argparse
import datetime
import hashlib
import inspect
import io
import json
import os
import sys
import zipfile

import numpy
import torch
import torch.distributed as distributed
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import model as exported

TRY_AGAIN = 75
HERE = os.path.dirname(os.path.abspath(exported.__file__))

# Where nobody reads what is said, or a disk is full.
SILENT = "nothing can be written to stdout"

# What a checkpoint goes on with.
KEPT = ["loss", "optimizer", "learning_rate", "momentum", "weight_decay", "batch", "seed"]


def arguments():
    env = os.environ
    parser = argparse.ArgumentParser(description="Trains the model of model.py by several processes.")
    parser.add_argument("--data", required=True, help="a .npz file of inputs and targets")
    parser.add_argument("--loss", required=True, help="a loss of torch.nn, such as CrossEntropyLoss, MSELoss, BCEWithLogitsLoss")
    parser.add_argument("--optimizer", default="AdamW", help="an optimizer of torch.optim (default AdamW)")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--momentum", type=float, help="of SGD and RMSprop")
    parser.add_argument("--weight-decay", type=float, help="default: the optimizer's own")
    parser.add_argument("--batch", type=int, default=64, help="rows of a step, of all processes together (default 64)")
    parser.add_argument("--steps", type=int, required=True, help="steps in all, those before a death counted")
    parser.add_argument("--checkpoint-every", type=int, default=100, help="steps between checkpoints (default 100)")
    parser.add_argument("--out", default="trained", help="a folder for the checkpoint and the weights (default trained)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="gloo", choices=["gloo", "nccl"], help="gloo for CPUs (default), nccl for GPUs")
    parser.add_argument("--timeout", type=float, default=60, help="seconds after which a silent process counts as dead (default 60)")
    parser.add_argument("--rank", type=int, default=env.get("RANK"), help="default: RANK")
    parser.add_argument("--world-size", type=int, default=env.get("WORLD_SIZE"), help="default: WORLD_SIZE")
    parser.add_argument("--local-rank", type=int, default=env.get("LOCAL_RANK", 0), help="which GPU; default: LOCAL_RANK")
    parser.add_argument("--master-addr", default=env.get("MASTER_ADDR", "127.0.0.1"), help="default: MASTER_ADDR")
    parser.add_argument("--master-port", type=int, default=env.get("MASTER_PORT", 29500), help="default: MASTER_PORT")
    given = parser.parse_args()
    if given.rank is None or given.world_size is None:
        parser.error("which process is this? say RANK and WORLD_SIZE, or --rank and --world-size")
    if not 0 <= given.rank < given.world_size:
        parser.error(f"--rank {given.rank} is not from 0 to {given.world_size - 1}")
    for name in ["batch", "steps", "checkpoint_every"]:
        if getattr(given, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    if not 0 < given.timeout < 1e6:
        parser.error("--timeout must be seconds above 0, and below a million")
    if abs(given.seed) >= 2**31:
        parser.error("--seed must be within 31 bits")
    if not 0 < given.master_port < 2**16:
        parser.error("--master-port must be from 1 to 65535")
    if given.batch % given.world_size != 0:
        parser.error(f"--batch {given.batch} rows do not go evenly to {given.world_size} processes")
    return given


def shown(name, value):
    """An option as it is written."""
    option = "--" + name.replace("_", "-")
    return f"no {option}" if value is None else f"{option} {value}"


def first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def attempt(run, words):
    """What a function gives; where it fails, the words and why."""
    try:
        return run()
    except Exception as error:
        if isinstance(error, RuntimeError) and is_of_others(error):
            raise
        raise SystemExit(f"{words}: {first_line(error)}") from None


def part_of(module, name, base, what):
    """A class of torch by its name."""
    found = getattr(module, name, None)
    if not (inspect.isclass(found) and issubclass(found, base)) or found is base:
        raise SystemExit(f"{name} is no {what}")
    return found


def loss_of(name):
    if not name.endswith("Loss"):
        raise SystemExit(f"{name} is no loss of torch.nn")
    kind = part_of(nn, name, nn.Module, "loss of torch.nn")
    return attempt(kind, f"{name} is no loss of a result and targets alone")


def optimizer_of(given, parameters):
    kind = part_of(torch.optim, given.optimizer, torch.optim.Optimizer, "optimizer of torch.optim")
    if given.optimizer in ["LBFGS", "SparseAdam"]:
        raise SystemExit(f"{given.optimizer} does not go by steps of dense gradients: take another --optimizer")
    options = {"lr": given.learning_rate, "momentum": given.momentum, "weight_decay": given.weight_decay}
    told = {name: value for name, value in options.items() if value is not None}
    for name in told:
        if name not in inspect.signature(kind).parameters:
            raise SystemExit(f"{given.optimizer} has no {name}")
    if not all(numpy.isfinite(value) for value in told.values()):
        raise SystemExit("--learning-rate, --momentum and --weight-decay must be finite numbers")
    return attempt(lambda: kind(parameters, **told), given.optimizer)


def array_of(file, key, type, path):
    """An array of the file as a tensor: of finite numbers that its type has."""
    array = attempt(lambda: file[key], f"{path}: {key} cannot be read")
    if array.dtype.kind not in "biuf":
        raise SystemExit(f"{path}: {key} is no array of numbers")
    if array.ndim == 0:
        raise SystemExit(f"{path}: {key} is one number, and not an array of rows")
    with numpy.errstate(over="ignore", invalid="ignore"):
        if type.is_floating_point:
            array = array.astype(numpy.float32)
            good = numpy.isfinite(array)
        else:
            least, most = torch.iinfo(type).min, torch.iinfo(type).max
            good = (array == numpy.floor(array)) & (array >= least) & (array <= most)
    if not good.all():
        place = tuple(each[0] for each in numpy.nonzero(~good))
        wanted = "finite numbers" if type.is_floating_point else f"whole numbers from {least} to {most}"
        raise SystemExit(f"{path}: {key} has {array[place]} in row {place[0]} (the first is 0), and must have {wanted}")
    whole = array if type.is_floating_point else array.astype(numpy.int64)
    return torch.as_tensor(numpy.ascontiguousarray(whole)).to(type)


def data_of(given, loss):
    """Arrays of all inputs, then the targets."""
    path = given.data
    file = attempt(lambda: numpy.load(path), f"{path} cannot be read")
    if not isinstance(file, numpy.lib.npyio.NpzFile):
        raise SystemExit(f"{path} is one array, and no .npz file")
    names = exported.Model.inputs
    keys = ["inputs"] if len(names) == 1 and "inputs" in file.files else names
    for key in [*keys, "targets"]:
        if key not in file.files:
            raise SystemExit(f"{path} has no array {key}: there are {', '.join(file.files)}")
    inputs = [array_of(file, key, type, path) for key, type in zip(keys, exported.Model.dtypes)]
    whole = attempt(lambda: file["targets"].dtype.kind in "biu", f"{path}: targets cannot be read")
    of_classes = isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss)) and whole
    targets = array_of(file, "targets", torch.int64 if of_classes else torch.float32, path)
    for key, array, shape in zip(keys, inputs, exported.Model.shapes):
        if len(array) != len(targets):
            raise SystemExit(f"{path}: {key} has {len(array)} rows, and targets {len(targets)}")
        fits = array.dim() == len(shape) and all(size in [None, own] for size, own in zip(shape[1:], array.shape[1:]))
        if not fits:
            takes = ", ".join("rows" if axis == 0 else str(size) for axis, size in enumerate(shape))
            raise SystemExit(f"{path}: {key} is {list(array.shape)}, and the model takes [{takes}]")
        rows = given.batch // given.world_size
        if shape[0] not in [None, rows]:
            raise SystemExit(f"the model takes {shape[0]} rows at once, and --batch {given.batch} gives {rows} to each process")
    if len(targets) < given.batch:
        raise SystemExit(f"{path} has {len(targets)} rows, fewer than --batch {given.batch}")
    return [*inputs, targets]


def check_targets(given, loss, result, targets):
    """Whether targets are what the loss takes for a result of the model."""
    is_of = f"{given.data}: targets is {list(targets.shape)}"
    gives = f"the model gives {['rows', *result.shape[1:]]}".replace("'", "")
    if targets.is_floating_point():
        if result.dim() == 0 or targets[0].numel() != result[0].numel():
            raise SystemExit(f"{is_of}, and {gives}")
        if isinstance(loss, nn.BCELoss) and (targets.min() < 0 or targets.max() > 1):
            raise SystemExit(f"{given.data}: targets goes from {targets.min()} to {targets.max()}, and BCELoss takes 0 to 1")
        return
    if result.dim() < 2:
        raise SystemExit(f"{given.loss} takes a number for each class, and {gives}")
    wanted = [len(targets), *result.shape[2:]]
    if list(targets.shape) != wanted:
        raise SystemExit(f"{is_of}, and {given.loss} takes {wanted}, as {gives}")
    least, most, classes = targets.min().item(), targets.max().item(), result.shape[1]
    if least < 0 or most >= classes:
        raise SystemExit(
            f"{given.data}: targets has classes from {least} to {most}, and the model has {classes}: from 0 to {classes - 1}"
        )


def check_whole_numbers(given, model, inputs, rows):
    """Whether the model takes all rows of whole numbers, which may be places in tables that it has not. Each process looks at its share."""
    if all(type.is_floating_point for type in exported.Model.dtypes):
        return
    last = len(inputs[0]) - rows
    with torch.no_grad():
        for start in [*range(0, last, rows), last][given.rank :: given.world_size]:
            part = [array[start : start + rows] for array in inputs]
            words = f"{given.data}: the model does not take rows {start} to {start + rows - 1} (the first is 0)"
            attempt(lambda: model(*part), words)


def digest_of(parts):
    """A checksum of texts and bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
    return digest.hexdigest()[:16]


def kept_of(given, arrays):
    """What a checkpoint is of: options, data, the model that it began with."""
    files = ["model.py", "weights.safetensors", "constants.safetensors"]
    paths = [path for path in [os.path.join(HERE, file) for file in files] if os.path.exists(path)]
    data = [part for each in arrays for part in (f"{each.dtype}{list(each.shape)}", each.numpy())]
    model = [part for path in paths for part in (os.path.basename(path), open(path, "rb").read())]
    return {**{name: getattr(given, name) for name in KEPT}, "data": digest_of(data), "model": digest_of(model)}


def check_place(path):
    """Ends where no file can be written to a path, and beside it first."""
    beside = path + ".new"
    for each in [path, beside]:
        if os.path.lexists(each) and not os.path.isfile(each):
            raise SystemExit(f"{each} is no file, and one is to be written there: take another --out")
    attempt(lambda: open(beside, "ab").close(), f"{beside} cannot be written")
    attempt(lambda: os.remove(beside), f"{beside} cannot be written")


def packed(optimizer):
    """The state of an optimizer: its tensors, and all else as JSON, since torch 1.13 reads no other floats where nothing is to be run."""
    state = optimizer.state_dict()
    tensors = {at: {name: each for name, each in own.items() if torch.is_tensor(each)} for at, own in state["state"].items()}
    others = {at: {name: each for name, each in own.items() if not torch.is_tensor(each)} for at, own in state["state"].items()}
    return {"tensors": tensors, "others": json.dumps({"state": others, "param_groups": state["param_groups"]})}


def unpacked(state):
    """What an optimizer loads."""
    others = json.loads(state["others"])
    own = {at: {**tensors, **others["state"][str(at)]} for at, tensors in state["tensors"].items()}
    return {"state": own, "param_groups": others["param_groups"]}


def checkpoint_in(path):
    """What a checkpoint holds. Nothing in it is run, whoever made it."""
    foreign = f"{path} was not made by this train_ddp.py: take another --out"
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [name.partition("/")[2] for name in archive.namelist()]
        # For other files than archives of tensors torch has other readers, some of which run what is in them.
        if "data.pkl" not in parts or "constants.pkl" in parts:
            raise SystemExit(foreign)
        found = torch.load(path, map_location="cpu", weights_only=True)
        found["kept"] = json.loads(found["kept"])
        found["optimizer"] = unpacked(found["optimizer"])
        if type(found["step"]) is int and isinstance(found["kept"], dict):
            return found
    except (OSError, RuntimeError, zipfile.BadZipFile) as error:
        raise SystemExit(f"{path} cannot be read: {first_line(error)}") from None
    except Exception:
        raise SystemExit(foreign) from None
    raise SystemExit(foreign)


def checkpoint_of(given, kept, own):
    """The checkpoint of the folder that is written to, if there is one. Ends where it is of another training."""
    out, path = given.out, os.path.join(given.out, "checkpoint.pt")
    if os.path.exists(out) and not os.path.isdir(out):
        raise SystemExit(f"--out {out}: it is a file, and a folder is wanted")
    attempt(lambda: os.makedirs(out, exist_ok=True), f"--out {out}: there can be no such folder")
    if not os.access(out, os.W_OK):
        raise SystemExit(f"--out {out}: nothing may be written there")
    if os.path.samefile(out, HERE):
        raise SystemExit(f"--out {out}: the weights that the training begins with are there: take another folder")
    for name in ["checkpoint.pt", "weights.safetensors"]:
        check_place(os.path.join(out, name))
    if not os.path.exists(path):
        return None
    found = checkpoint_in(path)
    before = found["kept"]
    for name in KEPT:
        if before.get(name) != kept[name]:
            now = "without" if kept[name] is None else kept[name]
            raise SystemExit(f"the checkpoint in {out} was made with {shown(name, before.get(name))}, and not {now}: take another --out")
    for name, words in [("data", f"other data than {given.data}"), ("model", "another model or other first weights")]:
        if before.get(name) != kept[name]:
            raise SystemExit(f"the checkpoint in {out} was made with {words}: take another --out")
    if found["step"] > given.steps:
        raise SystemExit(f"the checkpoint in {out} is of step {found['step']} already, and --steps is {given.steps}")
    attempt(lambda: own.load_state_dict(found["model"]), f"the checkpoint in {out} is of another model")
    return found


class Prepared:
    """Data, model, loss and checkpoint of this process, which fit each other; else it ends with a sentence."""

    def __init__(self, given):
        if given.backend == "nccl" and not 0 <= given.local_rank < torch.cuda.device_count():
            raise SystemExit(f"--local-rank {given.local_rank}: there are {torch.cuda.device_count()} GPUs")
        self.loss = loss_of(given.loss)
        self.arrays = data_of(given, self.loss)
        self.own = attempt(exported.load, f"the weights beside {exported.__file__} cannot be read")
        trained = [each for each in self.own.parameters() if each.requires_grad]
        if not trained:
            raise SystemExit("the model has nothing that is trained")
        optimizer_of(given, trained)
        self.is_partly = tried(given, self.own, self.arrays, self.loss)
        self.kept = kept_of(given, self.arrays)
        # The first process alone reads the checkpoint and tells the others: only its disk has to last.
        self.checkpoint = checkpoint_of(given, self.kept, self.own) if given.rank == 0 else None


def tried(given, model, arrays, loss):
    """Whether some weights have nothing to do with the result that is trained. Ends where the first rows do not come to a loss."""
    if "cannot_train" in vars(exported.Model):
        attempt(model.cannot_train, "it cannot be trained")
    rows = given.batch // given.world_size
    *inputs, targets = [array[:rows] for array in arrays]
    shapes = ", ".join(str(list(each.shape)) for each in inputs)
    model.eval()
    result = attempt(lambda: first_of(model(*inputs)), f"{given.data}: the model does not take inputs of {shapes}")
    if not result.requires_grad:
        raise SystemExit("what the model gives does not depend on what is trained")
    check_targets(given, loss, result, arrays[-1])
    check_whole_numbers(given, model, arrays[:-1], rows)
    words = f"{given.loss} does not take what the model gives, {list(result.shape)}, and targets of {list(targets.shape)}"
    value = attempt(lambda: loss_between(loss, result, targets), words)
    if not torch.isfinite(value).all():
        raise SystemExit(f"the loss of the first rows is {value.item()} before the first step")
    result.sum().backward()
    found = any(each.requires_grad and each.grad is None for each in model.parameters())
    model.zero_grad(set_to_none=True)
    return found


def agree(given, prepared, fault):
    """Ends all processes where one of them is at fault, or has other data or options than the first one."""
    facts = []
    if fault is None:
        kept = prepared.kept
        facts = [shown(name, getattr(given, name)) for name in [*KEPT, "steps", "checkpoint_every"]]
        facts += [f"{len(prepared.arrays[-1])} rows in its data", f"data of checksum {kept['data']}", f"a model of checksum {kept['model']}"]
    everyone = [None] * given.world_size
    distributed.all_gather_object(everyone, (fault, facts))
    distributed.barrier()
    for rank, (other, _) in enumerate(everyone):
        if other is not None:
            raise SystemExit(1 if fault is not None else f"process {rank}: {other}")
    for rank, (_, own) in enumerate(everyone):
        for here, first in zip(own, everyone[0][1]):
            if here != first:
                raise SystemExit(f"process {rank} has {here}, and process 0 has {first}")


def rows_of(step, count, given):
    """The rows of a step that are this process's: an order for each epoch, which the seed and the epoch name."""
    steps = count // given.batch
    epoch, at = divmod(step, steps)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(given.seed * 1_000_003 + epoch))
    return order[at * given.batch : (at + 1) * given.batch][given.rank :: given.world_size]


def first_of(outputs):
    """What the loss is of: a model may give several results, of which the first one is trained."""
    return outputs[0] if isinstance(outputs, tuple) else outputs


def loss_between(loss, outputs, targets):
    """The loss of a model's first result; targets of one number a row may lie in another shape."""
    result = first_of(outputs)
    if targets.is_floating_point() and targets.shape != result.shape:
        targets = targets.reshape(result.shape)
    return loss(result, targets)


def wait_for_all():
    """Waits until all have come to where all end: who is gone by then has."""
    try:
        distributed.barrier()
    except RuntimeError:
        pass


def first_does(given, device, *tasks):
    """What the first process does alone, each task with the words for its failure: where one fails, all processes end, and say so."""
    fault = [None]
    if given.rank == 0:
        try:
            for run, words in tasks:
                attempt(run, words)
        except SystemExit as end:
            fault = [str(end)]
    distributed.broadcast_object_list(fault, src=0, device=device if given.backend == "nccl" else None)
    if fault[0] is None:
        return
    wait_for_all()
    raise SystemExit(fault[0] if given.rank == 0 else f"process 0: {fault[0]}")


def write_checkpoint(path, step, model, optimizer, kept):
    """Writes a file beside its place first: who reads it finds the old one or the new one."""
    state = {"step": step, "model": model.state_dict(), "optimizer": packed(optimizer), "kept": json.dumps(kept)}
    content = io.BytesIO()
    torch.save(state, content)  # whose own errors at a full disk would not say so
    with open(path + ".new", "wb") as file:
        file.write(content.getbuffer())
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def evaluated(model, arrays, loss, rows):
    """The loss over all rows, as the model predicts; what is left over by batches of a fixed size is left out."""
    model.eval()
    total, count = 0.0, len(arrays[-1])
    if any(shape[0] is not None for shape in exported.Model.shapes):
        count -= count % rows
    with torch.no_grad():
        for start in range(0, count, rows):
            *inputs, targets = [array[start : min(start + rows, count)] for array in arrays]
            total += loss_between(loss, model(*inputs), targets).item() * len(targets)
    model.train()
    return total / count


def what_stays(given, saved):
    """What there is still where a training ends."""
    return f"the checkpoint of step {saved} stays in {given.out}" if saved > 0 else "no checkpoint is written"


def check_finite(given, mean, is_sound, done, saved):
    """Ends where a step led nowhere, before anything of it is written."""
    if is_sound and numpy.isfinite(mean):
        return
    wait_for_all()
    what = "weights are no finite numbers any more" if numpy.isfinite(mean) else f"the loss is {mean}"
    raise SystemExit(f"step {done}: {what}, {what_stays(given, saved)}: a smaller --learning-rate with another --out may help")


def train(given, prepared):
    is_first = given.rank == 0
    loss, own = prepared.loss, prepared.own
    device = torch.device("cuda", given.local_rank) if given.backend == "nccl" else torch.device("cpu")
    arrays = [array.to(device) for array in prepared.arrays]
    found = [prepared.checkpoint]
    distributed.broadcast_object_list(found, src=0, device=device if given.backend == "nccl" else None)
    (checkpoint,) = found
    if checkpoint is not None:
        own.load_state_dict(checkpoint["model"])
    own.to(device)
    path = os.path.join(given.out, "checkpoint.pt")
    rows = given.batch // given.world_size
    model = DistributedDataParallel(own.train(), find_unused_parameters=prepared.is_partly)
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = optimizer_of(given, trained)
    first = 0
    if checkpoint is not None:
        attempt(lambda: optimizer.load_state_dict(checkpoint["optimizer"]), f"the checkpoint in {given.out} is of another optimizer")
        first = checkpoint["step"]
    saved = first
    begin = {"from": first, "processes": given.world_size, "rows": len(arrays[-1])}
    first_does(given, device, (lambda: say(begin), SILENT))
    for step in range(first, given.steps):
        # Dropouts draw the same numbers in a step that is made again.
        torch.manual_seed((given.seed * 1_000_003 + step) * given.world_size + given.rank)
        *inputs, targets = [array[rows_of(step, len(arrays[-1]), given)] for array in arrays]
        optimizer.zero_grad()
        value = attempt(lambda: loss_between(loss, model(*inputs), targets), f"step {step + 1}")
        value.backward()
        optimizer.step()
        done = step + 1
        if done % given.checkpoint_every != 0 and done != given.steps:
            continue
        faults = sum((~torch.isfinite(each.detach())).sum() for each in trained)
        sums = torch.stack([value.detach() / given.world_size, faults.to(value.dtype)])
        distributed.all_reduce(sums)
        mean = sums[0].item()
        check_finite(given, mean, sums[1].item() == 0, done, saved)
        words = f"{path} cannot be written ({what_stays(given, saved)})"
        first_does(
            given,
            device,
            (lambda: write_checkpoint(path, done, own, optimizer, prepared.kept), words),
            (lambda: say({"step": done, "loss": mean}), SILENT),
        )
        saved = done
    last = [evaluated(own, arrays, loss, rows) if is_first else None]
    distributed.broadcast_object_list(last, src=0, device=device if given.backend == "nccl" else None)
    check_finite(given, last[0], True, given.steps, saved)
    weights = os.path.join(given.out, "weights.safetensors")
    end = {"step": given.steps, "evaluated": last[0], "weights": weights}
    words = f"{weights} cannot be written ({what_stays(given, saved)})"
    first_does(given, device, (lambda: exported.write_weights(weights, own.state_dict()), words), (lambda: say(end), SILENT))
    distributed.barrier()


def say(line):
    try:
        print(json.dumps(line, allow_nan=False), flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python tries once more at its end
        raise


def main():
    given = arguments()
    prepared, fault = None, None
    try:
        prepared = Prepared(given)
    except SystemExit as end:
        if given.world_size == 1:
            raise
        # The others are told, who would wait for this one.
        fault = str(end)
        print(fault, file=sys.stderr, flush=True)
    try:
        if given.backend == "nccl" and 0 <= given.local_rank < torch.cuda.device_count():
            torch.cuda.set_device(given.local_rank)
        distributed.init_process_group(
            given.backend,
            init_method=f"tcp://{given.master_addr}:{given.master_port}",
            rank=given.rank,
            world_size=given.world_size,
            timeout=datetime.timedelta(seconds=given.timeout),
        )
        agree(given, prepared, fault)
        train(given, prepared)
    except (RuntimeError, ValueError, OSError) as error:
        if fault is not None:
            os._exit(1)
        if not is_of_others(error):
            raise
        print(f"another process is gone: {first_line(error)}", file=sys.stderr, flush=True)
        os._exit(TRY_AGAIN)  # what is left of the group would wait for the one that is gone
    distributed.destroy_process_group()


def is_of_others(error):
    """Whether an error is about the connection to other processes."""
    words = ["Connection", "gloo", "NCCL", "Timed out", "timed out", "Socket", "Broken pipe"]
    return any(word in str(error) for word in words)


if __name__ == "__main__":
    main()
`;
