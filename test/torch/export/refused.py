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
            train_ddp.Prepared(train_ddp.arguments())
        except SystemExit as end:
            words.write(str(end))
    said.append(words.getvalue())
print(json.dumps(said))
