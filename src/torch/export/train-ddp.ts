// train_ddp.py, word for word: the same for every model.

export const TRAIN_DDP = `"""Goes on training the model of model.py by several processes, on one machine or many, with DistributedDataParallel.

Each process is started by hand or by a scheduler, with its number in RANK (or --rank) and how many there are in WORLD_SIZE (--world-size); all
reach the first one at MASTER_ADDR and MASTER_PORT (--master-addr, --master-port):

    RANK=0 WORLD_SIZE=2 MASTER_ADDR=10.0.0.5 MASTER_PORT=29500 python3 train_ddp.py --data rows.npz --loss CrossEntropyLoss

The file of --data has the arrays "inputs" and "targets", or in the place of "inputs" one for each input of the model, by its name. Every process
reads the whole file and trains on its own share of each batch. Checkpoints are written by rank 0 every --checkpoint-every steps, whole or
not at all. Where one process dies, the others end with exit code 75: start all of them again with the same words, and the
training goes on from the last checkpoint, with the steps that it would have made.
"""
import argparse
import datetime
import inspect
import json
import os
import sys

import numpy
import torch
import torch.distributed as distributed
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import model as exported

TRY_AGAIN = 75


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
    if given.batch % given.world_size != 0:
        parser.error(f"--batch {given.batch} rows do not go evenly to {given.world_size} processes")
    return given


def part_of(module, name, base, what):
    """A class of torch by its name."""
    found = getattr(module, name, None)
    if not (inspect.isclass(found) and issubclass(found, base)) or found is base:
        raise SystemExit(f"{name} is no {what}")
    return found


def loss_of(name):
    if not name.endswith("Loss"):
        raise SystemExit(f"{name} is no loss of torch.nn")
    return part_of(nn, name, nn.Module, "loss of torch.nn")()


def optimizer_of(given, parameters):
    kind = part_of(torch.optim, given.optimizer, torch.optim.Optimizer, "optimizer of torch.optim")
    options = {"lr": given.learning_rate, "momentum": given.momentum, "weight_decay": given.weight_decay}
    told = {name: value for name, value in options.items() if value is not None}
    for name in told:
        if name not in inspect.signature(kind).parameters:
            raise SystemExit(f"{given.optimizer} has no {name}")
    return kind(parameters, **told)


def data_of(given, loss):
    """Arrays of all inputs, then the targets."""
    file = numpy.load(given.data)
    names = exported.Model.inputs
    keys = ["inputs"] if len(names) == 1 and "inputs" in file else names
    for key in [*keys, "targets"]:
        if key not in file:
            raise SystemExit(f"{given.data} has no array {key}: there are {', '.join(file.files)}")
    inputs = [torch.as_tensor(file[key]).to(type) for key, type in zip(keys, exported.Model.dtypes)]
    targets = torch.as_tensor(file["targets"])
    of_classes = isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss)) and not targets.is_floating_point()
    arrays = [*inputs, targets.long() if of_classes else targets.float()]
    for key, array in zip([*keys, "targets"], arrays):
        if len(array) != len(targets):
            raise SystemExit(f"{given.data}: {key} has {len(array)} rows, and targets {len(targets)}")
    if len(targets) < given.batch:
        raise SystemExit(f"{given.data} has {len(targets)} rows, fewer than --batch {given.batch}")
    return arrays


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
        if targets.numel() != result.numel():
            raise SystemExit(f"targets of {list(targets.shape)} are not what the model gives: {list(result.shape)}")
        targets = targets.reshape(result.shape)
    return loss(result, targets)


def write_whole(path, write):
    """Writes a file beside its place first: who reads it finds the old one or the new one."""
    with open(path + ".new", "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def evaluated(model, arrays, loss, rows):
    """The loss over all rows, as the model predicts."""
    model.eval()
    total, count = 0.0, len(arrays[-1])
    with torch.no_grad():
        for start in range(0, count, rows):
            *inputs, targets = [array[start : start + rows] for array in arrays]
            total += loss_between(loss, model(*inputs), targets).item() * len(targets)
    model.train()
    return total / count


def leaves_out(model, inputs):
    """Whether some weights have nothing to do with the result that is trained."""
    first_of(model.eval()(*inputs)).sum().backward()
    found = any(each.requires_grad and each.grad is None for each in model.parameters())
    model.zero_grad(set_to_none=True)
    return found


def train(given):
    loss = loss_of(given.loss)
    device = torch.device("cuda", given.local_rank) if given.backend == "nccl" else torch.device("cpu")
    arrays = [array.to(device) for array in data_of(given, loss)]
    own = exported.load().to(device)
    path = os.path.join(given.out, "checkpoint.pt")
    is_first = given.rank == 0
    # The first process alone reads the checkpoint and tells the others: only its disk has to last.
    found = [torch.load(path, map_location="cpu") if is_first and os.path.exists(path) else None]
    distributed.broadcast_object_list(found, src=0, device=device if given.backend == "nccl" else None)
    (checkpoint,) = found
    if checkpoint is not None:
        own.load_state_dict(checkpoint["model"])
    rows = given.batch // given.world_size
    is_partly = leaves_out(own, [array[:rows] for array in arrays[:-1]])
    model = DistributedDataParallel(own.train(), find_unused_parameters=is_partly)
    trained = [each for each in model.parameters() if each.requires_grad]
    optimizer = optimizer_of(given, trained)
    first = 0
    if checkpoint is not None:
        optimizer.load_state_dict(checkpoint["optimizer"])
        first = checkpoint["step"]
    if is_first:
        os.makedirs(given.out, exist_ok=True)
        print(json.dumps({"from": first, "processes": given.world_size, "rows": len(arrays[-1])}), flush=True)
    for step in range(first, given.steps):
        # Dropouts draw the same numbers in a step that is made again.
        torch.manual_seed((given.seed * 1_000_003 + step) * given.world_size + given.rank)
        *inputs, targets = [array[rows_of(step, len(arrays[-1]), given)] for array in arrays]
        optimizer.zero_grad()
        value = loss_between(loss, model(*inputs), targets)
        value.backward()
        optimizer.step()
        done = step + 1
        if done % given.checkpoint_every != 0 and done != given.steps:
            continue
        mean = value.detach() / given.world_size
        distributed.all_reduce(mean)
        if is_first:
            state = {"step": done, "model": own.state_dict(), "optimizer": optimizer.state_dict()}
            write_whole(path, lambda file: torch.save(state, file))
            print(json.dumps({"step": done, "loss": mean.item()}), flush=True)
    if is_first:
        weights = os.path.join(given.out, "weights.safetensors")
        exported.write_weights(weights, own.state_dict())
        final = evaluated(own, arrays, loss, rows)
        print(json.dumps({"step": given.steps, "evaluated": final, "weights": weights}), flush=True)
    distributed.barrier()


def main():
    given = arguments()
    try:
        distributed.init_process_group(
            given.backend,
            init_method=f"tcp://{given.master_addr}:{given.master_port}",
            rank=given.rank,
            world_size=given.world_size,
            timeout=datetime.timedelta(seconds=given.timeout),
        )
        train(given)
    except RuntimeError as error:
        if not is_of_others(error):
            raise
        print(f"another process is gone: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        os._exit(TRY_AGAIN)  # what is left of the group would wait for the one that is gone
    distributed.destroy_process_group()


def is_of_others(error):
    """Whether an error is about the connection to other processes."""
    words = ["Connection", "gloo", "NCCL", "Timed out", "timed out", "Socket", "Broken pipe"]
    return any(word in str(error) for word in words)


if __name__ == "__main__":
    main()
`;
