// Two processes go on training an exported model; one is killed, both are started again, and the weights come back.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serializeNpz } from "../../../src/data/index.ts";
import { JsExecutor, type Tensor, Trainer } from "../../../src/index.ts";
import { parseSafetensors } from "../../../src/io/index.ts";
import {
  BatchNorm1d,
  crossEntropy,
  Dropout,
  Embedding,
  Linear,
  relu,
  Sequential,
  setTrainable,
} from "../../../src/nn/index.ts";
import { sgd } from "../../../src/optim/index.ts";
import { readTorch, toPytorch, torchStateDict } from "../../../src/torch/index.ts";
import { freePort } from "../../nats/server.ts";
import { numbers } from "../../random.ts";
import { missing, PYTHON } from "./python.ts";

const FOLDER = "build/pytorch-ddp";
const STEPS = 600;
const model = new Sequential(new Linear(4, 16), new BatchNorm1d(16), relu, new Dropout(0.2), new Linear(16, 3));

/** Three heaps of points, one a class. */
function rows(count: number) {
  const next = numbers(5);
  const y = Int32Array.from({ length: count }, (_, i) => i % 3);
  const x = Float32Array.from({ length: 4 * count }, (_, i) => next() + (y[Math.floor(i / 4)] === i % 4 ? 0.8 : 0));
  return { x: { data: x, shape: [count, 4] }, y: { data: y, shape: [count] } };
}

const data = rows(96);

interface Line {
  readonly from?: number;
  readonly step?: number;
  readonly evaluated?: number;
}

interface Member {
  readonly child: ChildProcess;
  readonly lines: Line[];
  readonly words: () => string;
  readonly ended: Promise<number | string>;
  /** Resolves with the first line that fits. */
  saying(fits: (line: Line) => boolean): Promise<Line>;
}

const children: ChildProcess[] = [];

function member(rank: number, port: number, out: string, more: readonly string[] = [], limit = "unlimited"): Member {
  const given = ["--data", "rows.npz", "--loss", "CrossEntropyLoss", "--optimizer", "SGD", "--momentum", "0.9"];
  const sizes = ["--learning-rate", "0.05", "--batch", "32", "--steps", `${STEPS}`, "--checkpoint-every", "20"];
  const line = [PYTHON, "train_ddp.py", ...given, ...sizes, "--out", out, ...more];
  const child = spawn("sh", ["-c", `ulimit -f ${limit}; exec "$@"`, "sh", ...line], {
    cwd: FOLDER,
    env: {
      ...process.env,
      RANK: `${rank}`,
      WORLD_SIZE: "2",
      MASTER_ADDR: "127.0.0.1",
      MASTER_PORT: `${port}`,
      OMP_NUM_THREADS: "1",
    },
  });
  children.push(child);
  const lines: Line[] = [];
  const waiting: { fits: (line: Line) => boolean; resolve: (line: Line) => void; reject: (error: Error) => void }[] =
    [];
  let [rest, words] = ["", ""];
  child.stderr?.on("data", (piece) => {
    words += piece;
  });
  child.stdout?.on("data", (piece) => {
    const parts = `${rest}${piece}`.split("\n");
    rest = parts.pop() as string;
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      lines.push(line);
      for (const one of waiting) if (one.fits(line)) one.resolve(line);
    }
  });
  const ended = new Promise<number | string>((resolve) =>
    child.on("close", (code, signal) => {
      for (const { reject } of waiting) reject(new Error(`the process ended before it said so: ${words}`));
      resolve(code ?? (signal as string));
    }),
  );
  const saying = (fits: (line: Line) => boolean) =>
    new Promise<Line>((resolve, reject) => {
      const said = lines.find(fits);
      if (said !== undefined) resolve(said);
      else waiting.push({ fits, resolve, reject });
    });
  return { child, lines, words: () => words, ended, saying };
}

describe.skipIf(missing)(`a training goes on in PyTorch${missing ? `: ${missing}` : ""}`, () => {
  beforeAll(async () => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    const trainer = new Trainer(model, {
      loss: crossEntropy,
      optimizer: sgd(0.05),
      executor: new JsExecutor(),
      seed: 1,
    });
    await trainer.load(data);
    await trainer.fit({ batch: 32, epochs: 2 });
    const files = await toPytorch(model, { input: ["batch", 4] }, { state: await trainer.stateDict() });
    await trainer.dispose();
    for (const [name, content] of Object.entries(files)) writeFileSync(`${FOLDER}/${name}`, content);
    writeFileSync(`${FOLDER}/rows.npz`, serializeNpz({ inputs: data.x, targets: data.y }));
  }, 60_000);

  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  test("by two processes, one of which is killed, and the weights come back with the loss that torch told", async () => {
    const port = await freePort();
    const [first, second] = [0, 1].map((rank) => member(rank, port, "killed"));
    await first.saying(({ step = 0 }) => step >= 20);
    second.child.kill("SIGKILL");
    expect(await second.ended).toBe("SIGKILL");
    expect([await first.ended, first.words()]).toEqual([75, expect.stringMatching(/^another process is gone: /m)]);
    expect(first.lines[0].from).toBe(0);

    const [other, another] = [await freePort(), await freePort()];
    const again = [0, 1].map((rank) => member(rank, other, "killed"));
    const undisturbed = [0, 1].map((rank) => member(rank, another, "whole"));
    const last = await again[0].saying(({ evaluated }) => evaluated !== undefined);
    expect(await Promise.all([...again, ...undisturbed].map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    const { from = 0 } = again[0].lines[0];
    expect(from).toBeGreaterThanOrEqual(20);
    expect(from).toBeLessThan(STEPS);
    expect(from % 20).toBe(0);

    // No step was lost or made otherwise: the same bits.
    const [one, whole] = ["killed", "whole"].map((out) => readFileSync(`${FOLDER}/${out}/weights.safetensors`));
    expect(one.equals(whole)).toBe(true);

    const trainer = new Trainer(model, { loss: crossEntropy, optimizer: sgd(0.05), executor: new JsExecutor() });
    await trainer.load(data);
    const { tensors } = parseSafetensors(one);
    await trainer.loadStateDict(tensors);
    const { loss } = await trainer.evaluate(data);
    expect(Math.abs(loss - (last.evaluated as number))).toBeLessThan(1e-5 * Math.max(1, loss));
    // So are those in the checkpoint itself.
    const { model: state } = Object.fromEntries(
      readTorch(readFileSync(`${FOLDER}/killed/checkpoint.pt`)) as never,
    ) as never;
    await trainer.loadStateDict(torchStateDict(state));
    expect((await trainer.evaluate(data)).loss).toBe(loss);
    await trainer.dispose();
  }, 120_000);

  const usual = [
    ...["--data", "rows.npz", "--loss", "CrossEntropyLoss", "--optimizer", "SGD", "--momentum", "0.9"],
    ...["--learning-rate", "0.05", "--batch", "32", "--steps", `${STEPS}`, "--rank", "0", "--world-size", "2"],
  ];

  /** What is said before other processes are met, in the folder of a model. */
  function refusals(cases: readonly (readonly string[])[], folder = FOLDER, words = usual): string[] {
    const said = execFileSync(PYTHON, [new URL("refused.py", import.meta.url).pathname], {
      cwd: folder,
      input: JSON.stringify(cases.map((given) => [...words, ...given])),
      encoding: "utf8",
    });
    return JSON.parse(said) as string[];
  }

  test("options that cannot be are refused in words", () => {
    const places = ["checkpoint.pt", "checkpoint.pt.new", "weights.safetensors", "weights.safetensors.new"];
    for (const place of places) mkdirSync(`${FOLDER}/taken/${place}/${place}`, { recursive: true });
    const cases: readonly (readonly [given: readonly string[], words: string])[] = [
      [["--loss", "Linear"], "Linear is no loss of torch.nn"],
      [["--loss", "KLDivLoss"], "rows.npz: targets is [96], and the model gives [rows, 3]"],
      [["--loss", "AdaptiveLogSoftmaxWithLoss"], "AdaptiveLogSoftmaxWithLoss is no loss of a result and targets alone"],
      [["--optimizer", "Linear"], "Linear is no optimizer of torch.optim"],
      [["--optimizer", "LBFGS"], "LBFGS does not go by steps of dense gradients"],
      [["--optimizer", "Adam"], "Adam has no momentum"],
      [["--learning-rate", "-1"], "SGD: Invalid learning rate: -1.0"],
      [["--learning-rate", "inf"], "--learning-rate, --momentum and --weight-decay must be finite numbers"],
      [["--batch", "33"], "--batch 33 rows do not go evenly to 2 processes"],
      [["--batch", "128"], "rows.npz has 96 rows, fewer than --batch 128"],
      [["--rank", "2"], "--rank 2 is not from 0 to 1"],
      [["--steps", "0"], "--steps must be at least 1"],
      [["--timeout", "nan"], "--timeout must be seconds above 0"],
      [["--seed", "99999999999999999999"], "--seed must be within 31 bits"],
      [["--loss", "MSELoss"], "rows.npz: targets is [96], and the model gives [rows, 3]"],
      [["--out", "rows.npz"], "--out rows.npz: it is a file, and a folder is wanted"],
      [["--out", "rows.npz/x"], "--out rows.npz/x: there can be no such folder"],
      [["--out", "."], "--out .: the weights that the training begins with are there"],
      ...places.map((place): [string[], string] => [
        ["--out", `taken/${place}`],
        `taken/${place}/${place} is no file, and one is to be written there: take another --out`,
      ]),
    ];
    expect(refusals(cases.map(([given]) => given))).toEqual(cases.map(([, words]) => expect.stringContaining(words)));
  }, 120_000);

  test("data that cannot be are refused in words", () => {
    const count = 96;
    const { x, y } = data;
    const changed = (at: number, value: number) => ({ ...x, data: x.data.map((own, i) => (i === at ? value : own)) });
    const floats = (shape: readonly number[]) => ({
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
      shape: [...shape],
    });
    const files: Readonly<Record<string, readonly [arrays: Record<string, unknown>, words: string]>> = {
      others: [{ inputs: x }, "others.npz has no array targets: there are inputs"],
      nan: [{ inputs: changed(17, Number.NaN), targets: y }, "nan.npz: inputs has nan in row 4 (the first is 0)"],
      infinite: [{ inputs: changed(20, Number.NEGATIVE_INFINITY), targets: y }, "inputs has -inf in row 5"],
      wide: [{ inputs: floats([count, 5]), targets: y }, "wide.npz: inputs is [96, 5], and the model takes [rows, 4]"],
      deep: [{ inputs: floats([count, 4, 1]), targets: y }, "inputs is [96, 4, 1], and the model takes [rows, 4]"],
      classes: [
        { inputs: x, targets: { ...y, data: y.data.map((own) => own + 5) } },
        "classes.npz: targets has classes from 5 to 7, and the model has 3: from 0 to 2",
      ],
      below: [{ inputs: x, targets: { ...y, data: y.data.map((own) => own - 1) } }, "targets has classes from -1 to 1"],
      column: [
        { inputs: x, targets: { ...y, shape: [count, 1] } },
        "column.npz: targets is [96, 1], and CrossEntropyLoss takes [96], as the model gives [rows, 3]",
      ],
      scalar: [
        { inputs: x, targets: { data: Int32Array.of(1), shape: [] } },
        "targets is one number, and not an array of rows",
      ],
      short: [
        { inputs: x, targets: { data: y.data.slice(1), shape: [count - 1] } },
        "inputs has 96 rows, and targets 95",
      ],
      above: [
        { inputs: x, targets: { ...floats([count, 3]), data: new Float32Array(3 * count).fill(2) } },
        "above.npz: targets goes from 2.0 to 2.0, and BCELoss takes 0 to 1",
      ],
      chances: [{ inputs: x, targets: floats([count, 2]) }, "targets is [96, 2], and the model gives [rows, 3]"],
      nanTargets: [{ inputs: x, targets: { ...floats([1]), data: Float32Array.of(Number.NaN) } }, "targets has nan"],
    };
    for (const [name, [arrays]] of Object.entries(files))
      writeFileSync(`${FOLDER}/${name}.npz`, serializeNpz(arrays as never));
    writeFileSync(`${FOLDER}/cut.npz`, readFileSync(`${FOLDER}/rows.npz`).subarray(0, 300));
    writeFileSync(`${FOLDER}/text.npz`, "size,price");
    const cases = [
      ...Object.entries(files).map(([name, [, words]]) => [`${name}.npz`, words] as const),
      ["nowhere.npz", "nowhere.npz cannot be read: [Errno 2] No such file or directory"] as const,
      ["cut.npz", "cut.npz cannot be read: "] as const,
      ["text.npz", "text.npz cannot be read: "] as const,
    ];
    expect(
      refusals(cases.map(([path]) => ["--data", path, ...(path === "above.npz" ? ["--loss", "BCELoss"] : [])])),
    ).toEqual(cases.map(([, words]) => expect.stringContaining(words)));
  }, 120_000);

  test("models that cannot be trained are refused in words", async () => {
    const frozen = new Sequential(new Linear(4, 3));
    setTrainable(frozen, false);
    const linear = new Linear(4, 3);
    const apart = { linear, forward: (x: Tensor) => x.slice([0, 0], [x.shape[0], 3]) };
    const models: readonly (readonly [model: unknown, rows: number | string, words: string])[] = [
      [frozen, "batch", "the model has nothing that is trained"],
      [apart, "batch", "what the model gives does not depend on what is trained"],
      [new Linear(4, 3), 8, "the model takes 8 rows at once, and --batch 32 gives 16 to each process"],
      [new Linear(3, 3), "batch", "inputs is [96, 4], and the model takes [rows, 3]"],
    ];
    for (const [own, rows, words] of models) {
      const folder = `${FOLDER}/model`;
      mkdirSync(folder, { recursive: true });
      const input = [rows, own instanceof Linear ? own.weight.shape[1] : 4];
      for (const [name, content] of Object.entries(await toPytorch(own as never, { input })))
        writeFileSync(`${folder}/${name}`, content);
      expect(refusals([["--data", "../rows.npz"]], folder)).toEqual([expect.stringContaining(words)]);
    }

    // An index that the table has not, in a row that the first step does not see.
    const folder = `${FOLDER}/words`;
    mkdirSync(folder, { recursive: true });
    const words = new Sequential(new Embedding(7, 3));
    const files = await toPytorch(words as never, { input: { shape: ["batch"], dtype: "i32" } });
    for (const [name, content] of Object.entries(files)) writeFileSync(`${folder}/${name}`, content);
    const index = (last: number) => ({
      data: Int32Array.from({ length: 96 }, (_, i) => (i === 95 ? last : i % 7)),
      shape: [96],
    });
    for (const last of [6, 7])
      writeFileSync(`${folder}/${last}.npz`, serializeNpz({ inputs: index(last), targets: data.y }));
    const cases = ["6", "7"].map((last) => ["--data", `${last}.npz`, "--rank", "1"]);
    expect(refusals(cases, folder)).toEqual([
      "",
      "7.npz: the model does not take rows 80 to 95 (the first is 0): index out of range in self",
    ]);
  }, 120_000);

  test("a checkpoint goes on with the words, the data and the model that it was made with", () => {
    writeFileSync(`${FOLDER}/again.npz`, serializeNpz({ inputs: data.x, targets: data.y }));
    const x = { ...data.x, data: data.x.data.map((value, i) => (i === 0 ? value + 1 : value)) };
    writeFileSync(`${FOLDER}/changed.npz`, serializeNpz({ inputs: x, targets: data.y }));
    const cases: readonly (readonly [given: readonly string[], words: string])[] = [
      [[], ""],
      [["--data", "again.npz", "--steps", "700"], ""],
      [["--learning-rate", "5000"], "was made with --learning-rate 0.05, and not 5000.0: take another --out"],
      [["--momentum", "0.5"], "the checkpoint in whole was made with --momentum 0.9, and not 0.5: take another --out"],
      [["--weight-decay", "0.1"], "was made with no --weight-decay, and not 0.1"],
      [["--optimizer", "RMSprop"], "was made with --optimizer SGD, and not RMSprop"],
      [["--loss", "NLLLoss"], "was made with --loss CrossEntropyLoss, and not NLLLoss"],
      [["--batch", "16"], "was made with --batch 32, and not 16"],
      [["--seed", "1"], "was made with --seed 0, and not 1"],
      [["--data", "changed.npz"], "was made with other data than changed.npz"],
      [["--steps", "20"], "the checkpoint in whole is of step 600 already, and --steps is 20"],
      [["--out", "damaged"], "damaged/checkpoint.pt cannot be read: "],
      [["--out", "foreign"], "foreign/checkpoint.pt was not made by this train_ddp.py: take another --out"],
    ];
    for (const name of ["damaged", "foreign"]) mkdirSync(`${FOLDER}/${name}`, { recursive: true });
    writeFileSync(`${FOLDER}/damaged/checkpoint.pt`, readFileSync(`${FOLDER}/whole/checkpoint.pt`).subarray(0, 2000));
    execFileSync(PYTHON, ["-c", `import torch; torch.save({"step": 3}, "${FOLDER}/foreign/checkpoint.pt")`]);
    const said = refusals(cases.map(([given]) => ["--out", "whole", ...given]));
    expect(said).toEqual(cases.map(([, words]) => (words === "" ? "" : expect.stringContaining(words))));

    const other = `${FOLDER}/other`;
    mkdirSync(other, { recursive: true });
    for (const name of ["train_ddp.py", "weights.safetensors"]) copyFileSync(`${FOLDER}/${name}`, `${other}/${name}`);
    writeFileSync(`${other}/model.py`, `${readFileSync(`${FOLDER}/model.py`)}# changed`);
    expect(refusals([["--out", "../whole", "--data", "../rows.npz"]], other)).toEqual([
      expect.stringContaining("was made with another model or other first weights"),
    ]);
  }, 120_000);

  test("nothing is run that is in a checkpoint, whoever made it and however", () => {
    const script = `
import os, pickle, torch
class Runs:
    def __reduce__(self):
        return (open, ("${FOLDER}/was-run", "w"))
state = {"step": 3, "model": Runs(), "optimizer": {}, "kept": "{}"}
for way in ["new", "old", "pickle", "script"]:
    os.makedirs(f"${FOLDER}/runs/{way}", exist_ok=True)
torch.save(state, "${FOLDER}/runs/new/checkpoint.pt")
torch.save(state, "${FOLDER}/runs/old/checkpoint.pt", _use_new_zipfile_serialization=False)
pickle.dump(state, open("${FOLDER}/runs/pickle/checkpoint.pt", "wb"))
torch.jit.script(torch.nn.Linear(2, 2)).save("${FOLDER}/runs/script/checkpoint.pt")
`;
    execFileSync(PYTHON, ["-c", script]);
    rmSync(`${FOLDER}/was-run`, { force: true });
    const said = refusals(["new", "old", "pickle", "script"].map((way) => ["--out", `runs/${way}`]));
    expect(said).toEqual([
      "runs/new/checkpoint.pt was not made by this train_ddp.py: take another --out",
      "runs/old/checkpoint.pt cannot be read: File is not a zip file",
      "runs/pickle/checkpoint.pt cannot be read: File is not a zip file",
      "runs/script/checkpoint.pt was not made by this train_ddp.py: take another --out",
    ]);
    expect(existsSync(`${FOLDER}/was-run`)).toBe(false);
  }, 60_000);

  test("every optimizer goes on to the same bits from what a checkpoint keeps of it", () => {
    const said = execFileSync(PYTHON, [new URL("packed.py", import.meta.url).pathname], {
      cwd: FOLDER,
      encoding: "utf8",
    });
    const same = JSON.parse(said) as Record<string, boolean>;
    expect(Object.keys(same).length).toBeGreaterThanOrEqual(11);
    expect(Object.entries(same).filter(([, isSame]) => !isSame)).toEqual([]);
  }, 60_000);

  test("where the first process cannot write, all end with a sentence, and not to be started again", async () => {
    const port = await freePort();
    const both = [member(0, port, "full", [], "1"), member(1, port, "full")];
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([1, 1]);
    const words = "full/checkpoint.pt cannot be written (no checkpoint is written): [Errno 27] File too large\n";
    expect(both.map((each) => each.words())).toEqual([words, `process 0: ${words}`]);
    expect(existsSync(`${FOLDER}/full/checkpoint.pt`)).toBe(false);

    const another = await freePort();
    const unheard = [0, 1].map((rank) => member(rank, another, "unheard"));
    await unheard[0].saying(({ step = 0 }) => step >= 20);
    unheard[0].child.stdout?.destroy();
    expect(await Promise.all(unheard.map(({ ended }) => ended))).toEqual([1, 1]);
    expect(unheard[1].words()).toBe("process 0: nothing can be written to stdout: [Errno 32] Broken pipe\n");
    expect(existsSync(`${FOLDER}/unheard/checkpoint.pt`)).toBe(true);
  }, 120_000);

  test("processes that differ all say in what, and end", async () => {
    const cases: readonly (readonly [given: readonly string[], words: string])[] = [
      [["--steps", "40"], `process 1 has --steps 40, and process 0 has --steps ${STEPS}`],
      [["--learning-rate", "0.1"], "process 1 has --learning-rate 0.1, and process 0 has --learning-rate 0.05"],
      [["--checkpoint-every", "7"], "process 1 has --checkpoint-every 7, and process 0 has --checkpoint-every 20"],
      [["--data", "fewer.npz"], "process 1 has 64 rows in its data, and process 0 has 96 rows in its data"],
      [["--data", "changed.npz"], "process 1 has data of checksum"],
      [["--data", "nowhere.npz"], "process 1: nowhere.npz cannot be read"],
    ];
    const fewer = (of: { data: Float32Array | Int32Array; shape: number[] }, width: number) => ({
      data: of.data.slice(0, 64 * width),
      shape: [64, ...of.shape.slice(1)],
    });
    writeFileSync(`${FOLDER}/fewer.npz`, serializeNpz({ inputs: fewer(data.x, 4), targets: fewer(data.y, 1) }));
    for (const [given, words] of cases) {
      const port = await freePort();
      const both = [member(0, port, "apart"), member(1, port, "apart", given)];
      expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([1, 1]);
      expect(both[0].words()).toContain(words);
      expect(both[1].words()).toContain(words.replace("process 1: ", ""));
      expect(both[0].words()).not.toContain("Traceback");
      expect(both[0].lines).toEqual([]);
    }
    expect(existsSync(`${FOLDER}/apart/checkpoint.pt`)).toBe(false);
  }, 240_000);

  test("models of a fixed number of rows, and of an input called targets, are trained", async () => {
    const draw = numbers(3);
    const array = (...shape: number[]) => ({
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw),
      shape,
    });
    const linear = new Linear(4, 3);
    const sum = { linear, forward: ([a, b]: Tensor[]) => linear.forward(a.add(b)) };
    const [x, y] = [array(21, 4), array(21, 3)];
    const models = [
      ["fixed", linear, { input: [8, 4] }, { inputs: x }],
      [
        "two",
        sum,
        {
          input: [
            ["batch", 4],
            ["batch", 4],
          ],
          inputNames: ["targets", "inputs"],
        },
        { targets_: x, inputs: x },
      ],
    ] as const;
    for (const [name, own, signature, inputs] of models) {
      const folder = `${FOLDER}/${name}`;
      mkdirSync(folder, { recursive: true });
      for (const [path, content] of Object.entries(await toPytorch(own as never, signature)))
        writeFileSync(`${folder}/${path}`, content);
      writeFileSync(`${folder}/rows.npz`, serializeNpz({ ...inputs, targets: y } as never));
      const words = `--data rows.npz --loss MSELoss --batch 8 --steps 60 --checkpoint-every 1 --learning-rate 0.02 --rank 0 --world-size 1 --master-port ${await freePort()}`;
      const said = execFileSync(PYTHON, ["train_ddp.py", ...words.split(" ")], { cwd: folder, encoding: "utf8" });
      const lines = said.trim().split("\n");
      const losses = lines.slice(1, -1).map((line) => (JSON.parse(line) as { loss: number }).loss);
      expect(losses).toHaveLength(60);
      expect((JSON.parse(lines.at(-1) as string) as Line).evaluated).toBeLessThan(0.8 * losses[0]);
    }
  }, 60_000);

  test("a training that leads to no numbers ends with a sentence, and leaves the checkpoint before", async () => {
    const ends = async (out: string, every: string) => {
      const port = await freePort();
      const given = ["--learning-rate", "1e36", "--checkpoint-every", every];
      const both = [0, 1].map((rank) => member(rank, port, out, given));
      expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([1, 1]);
      for (const { words } of both) expect(words()).not.toContain("Traceback");
      return both;
    };
    for (const { words, lines } of await ends("nowhere", "20")) {
      expect(words()).toMatch(
        /step 20: (the loss is nan|weights are no finite numbers any more), no checkpoint is written/,
      );
      expect(lines.every(({ step }) => step === undefined)).toBe(true);
    }
    expect(existsSync(`${FOLDER}/nowhere/checkpoint.pt`)).toBe(false);

    const [{ words, lines }] = await ends("before", "1");
    const { step: last = 0 } = lines.at(-1) as Line;
    expect(last).toBeGreaterThanOrEqual(1);
    expect(words()).toMatch(new RegExp(`step ${last + 1}: .*, the checkpoint of step ${last} stays in before`));
    const { step, model: kept } = Object.fromEntries(
      readTorch(readFileSync(`${FOLDER}/before/checkpoint.pt`)) as never,
    ) as { step: number; model: never };
    expect(step).toBe(last);
    const { "0.weight": weight } = torchStateDict(kept) as Record<string, { data: ArrayLike<number> }>;
    expect(Array.from(weight.data).every(Number.isFinite)).toBe(true);
  }, 120_000);
});
