// What a prediction takes of networks that others published, read from ONNX's format: ours on one thread of this process beside ONNX Runtime
// for the web on one, turn by turn, one row. They are the packages of test/interop (npm ci --ignore-scripts --prefix test/interop). Options:
// --only TEXT, --rounds N, --json FILE, --write.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-web";
import { Predictor, WasmExecutor } from "../src/index.ts";
import { fromOnnx } from "../src/onnx/index.ts";
import { ByRows, bytesOf } from "../test/interop/models/onnx.ts";
import { type RealModel, realModels } from "../test/interop/models/table.ts";
import { written } from "../test/interop/models/writing.ts";
import { describe, digits, machine, median, table, writeReadme } from "./report.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "15" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** Milliseconds of a turn at least, and calls before the first that counts. */
const TURN = 10;
const WARM_UPS = 12;

/** Larger pictures than the tests have. */
const sizes: Readonly<Record<string, RealModel["inputs"]>> = {
  "text detector": { x: written(["31415926535", "89793238462", "64338327950", "28841971693"], 320, 320) },
};

type Call = () => Promise<unknown>;

/** Calls of both runtimes, and what ends them. */
async function runtimes({ file, constants = {} }: RealModel, inputs: RealModel["inputs"]) {
  const bytes = bytesOf(file);
  const session = await ort.InferenceSession.create(bytes);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape, type = "float32" }]) => {
      const numbers = type === "int64" ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
      return [name, new ort.Tensor(type, numbers as Float32Array, shape)];
    }),
  );
  const executor = new WasmExecutor({ threads: 1 });
  const network = new ByRows(fromOnnx(bytes, { constants, output: session.outputNames[0] }));
  const predictor = new Predictor(network, { executor });
  const rows = Object.fromEntries(
    network.model.inputs.map(({ name }) => {
      const { data, shape } = inputs[name];
      // A state has its rows, of which there is one, in its second axis.
      return [
        name,
        { data: Float32Array.from(data), shape: name === "state" ? [1, shape[0], ...shape.slice(2)] : shape },
      ];
    }),
  );
  const calls: Readonly<Record<string, Call>> = {
    ours: () => predictor.predict(rows),
    "ONNX Runtime": () => session.run(feeds),
  };
  const end = async () => {
    await session.release();
    await executor.dispose();
  };
  return { calls, end };
}

/** How often a call is made in a turn, once it is as fast as it gets. */
async function callsIn(call: Call): Promise<number> {
  for (let i = 0; i < WARM_UPS; i++) await call();
  for (let count = 1; ; count *= 2) {
    const start = performance.now();
    for (let i = 0; i < count; i++) await call();
    if (performance.now() - start > TURN) return count;
  }
}

/** Milliseconds a call, one number a round. */
async function timed(calls: Readonly<Record<string, Call>>): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  const counts: Record<string, number> = {};
  for (const [name, call] of Object.entries(calls)) {
    times[name] = [];
    counts[name] = await callsIn(call);
  }
  for (let round = -2; round < rounds; round++)
    for (const [name, call] of Object.entries(calls)) {
      const start = performance.now();
      for (let i = 0; i < counts[name]; i++) await call();
      if (round >= 0) times[name].push((performance.now() - start) / counts[name]);
    }
  return times;
}

const rows: Record<string, string | number | undefined>[] = [];
const ratios: number[] = [];
const told: Record<string, unknown> = {};
for (const [name, model] of Object.entries(realModels)) {
  if (!values.only.split(",").some((part) => name.includes(part))) continue;
  const inputs = sizes[name] ?? model.inputs;
  const { calls, end } = await runtimes(model, inputs);
  const times = await timed(calls);
  await end();
  const ratio = median(times.ours.map((time, round) => time / times["ONNX Runtime"][round]));
  ratios.push(ratio);
  told[name] = times;
  const [{ shape }] = Object.values(inputs);
  rows.push({
    network: name,
    input: shape.join(" x "),
    "ours, ms": digits(median(times.ours)),
    "ONNX Runtime, ms": digits(median(times["ONNX Runtime"])),
    "ours in its time": digits(ratio),
  });
  console.log(name, ratio.toFixed(3));
}
if (rows.length === 0) throw new RangeError(`--only: nothing is called ${values.only}`);
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
const text = [
  describe(machine()),
  `One thread each, one row, ${rounds} rounds. Aim: a geometric mean of 1. Here: ${mean.toFixed(2)}.`,
  table(rows),
].join("\n\n");
console.log(text);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(told));
if (values.write) writeReadme("onnx", text);
