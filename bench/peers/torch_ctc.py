# PyTorch's ctc_loss, in a process of its own: `python3 torch_ctc.py FOLDER THREADS TIMES BATCH CLASSES LABELS`, FOLDER with logits and
# labels. It speaks the protocol of ../child.ts: log_softmax, the loss and its gradient by the logits in each step.
import json
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

folder = sys.argv[1]
threads, times, batch, classes, labels = map(int, sys.argv[2:])
torch.set_num_threads(threads)
x = torch.from_numpy(numpy.fromfile(f"{folder}/logits.bin", numpy.float32).reshape(times, batch, classes))
y = torch.from_numpy(numpy.fromfile(f"{folder}/labels.bin", numpy.int32).reshape(batch, labels)).long()
lengths = torch.full((batch,), times), torch.full((batch,), labels)
x.requires_grad = True


def step():
    x.grad = None
    loss = torch.nn.functional.ctc_loss(x.log_softmax(2), y, *lengths)
    loss.backward()
    return loss


say({"engine": f"PyTorch {torch.__version__}"})
for line in sys.stdin:
    steps = int(line)
    begin = time.perf_counter()
    for _ in range(steps):
        loss = step()
    value = loss.item()
    ms = (time.perf_counter() - begin) * 1000 / steps
    say({"ms": ms, "loss": value + (x.grad.double() ** 2).sum().item()})
