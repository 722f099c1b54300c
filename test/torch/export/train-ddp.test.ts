// Two processes go on training an exported model; one is killed, both are started again, and the weights come back.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serializeNpz } from "../../../src/data/index.ts";
import { JsExecutor, Trainer } from "../../../src/index.ts";
import { parseSafetensors } from "../../../src/io/index.ts";
import { BatchNorm1d, crossEntropy, Dropout, Linear, relu, Sequential } from "../../../src/nn/index.ts";
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

function member(rank: number, port: number, out: string, more: readonly string[] = []): Member {
  const given = ["--data", "rows.npz", "--loss", "CrossEntropyLoss", "--optimizer", "SGD", "--momentum", "0.9"];
  const sizes = ["--learning-rate", "0.05", "--batch", "32", "--steps", `${STEPS}`, "--checkpoint-every", "20"];
  const child = spawn(PYTHON, ["train_ddp.py", ...given, ...sizes, "--out", out, ...more], {
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

  test("what cannot be is refused in words", () => {
    const usual = [
      "--data",
      "rows.npz",
      "--loss",
      "CrossEntropyLoss",
      "--steps",
      "2",
      "--rank",
      "0",
      "--world-size",
      "2",
    ];
    const cases: readonly (readonly [given: readonly string[], words: string])[] = [
      [["--loss", "Linear"], "Linear is no loss of torch.nn"],
      [["--optimizer", "Linear"], "Linear is no optimizer of torch.optim"],
      [["--optimizer", "Adam", "--momentum", "0.9"], "Adam has no momentum"],
      [["--batch", "33"], "--batch 33 rows do not go evenly to 2 processes"],
      [["--batch", "128"], "rows.npz has 96 rows, fewer than --batch 128"],
      [["--rank", "2"], "--rank 2 is not from 0 to 1"],
      [["--steps", "0"], "--steps must be at least 1"],
      [["--data", "others.npz"], "others.npz has no array targets: there are inputs"],
      [["--loss", "MSELoss"], "targets of [96] are not what the model gives: [96, 3]"],
    ];
    writeFileSync(`${FOLDER}/others.npz`, serializeNpz({ inputs: data.x }));
    const said = execFileSync(PYTHON, [new URL("refused.py", import.meta.url).pathname], {
      cwd: FOLDER,
      input: JSON.stringify(cases.map(([given]) => [...usual, ...given])),
      encoding: "utf8",
    });
    expect(JSON.parse(said)).toEqual(cases.map(([, words]) => expect.stringContaining(words)));
  }, 120_000);
});
