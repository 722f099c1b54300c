# What train_ddp.py says of arguments, one list of them after the other, before it meets other processes.
import contextlib
import io
import json
import os
import sys

sys.path.insert(0, os.getcwd())
import train_ddp

said = []
for given in json.load(sys.stdin):
    sys.argv = ["train_ddp.py", *given]
    words = io.StringIO()
    with contextlib.redirect_stderr(words):
        try:
            told = train_ddp.arguments()
            loss = train_ddp.loss_of(told.loss)
            arrays = train_ddp.data_of(told, loss)
            model = train_ddp.exported.load()
            train_ddp.optimizer_of(told, model.parameters())
            train_ddp.loss_between(loss, model(*arrays[:-1]), arrays[-1])
        except SystemExit as end:
            words.write(str(end))
    said.append(words.getvalue())
print(json.dumps(said))
