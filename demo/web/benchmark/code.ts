// The measurement as a program for Node: the same steps of the same networks, by simdgrad alone.
import type { NetworkName } from "./networks.ts";

const networks: Readonly<Record<NetworkName, { readonly name: string; readonly code: string }>> = {
  dense: {
    name: "784-128-10",
    code: `{
    model: () => new Sequential(new Linear(784, 128), relu, new Linear(128, 10)),
    input: [784],
    classes: 10,
    rows: 1024,
    batch: 64,
  }`,
  },
  cnn: {
    name: "Convolutions",
    code: `{
    model: () =>
      new Sequential(
        new Conv2d(1, 8, 5, { padding: 2 }),
        relu,
        new MaxPool2d(2),
        new Conv2d(8, 16, 5, { padding: 2 }),
        relu,
        new MaxPool2d(2),
        new Flatten(),
        new Linear(16 * 7 * 7, 10),
      ),
    input: [1, 28, 28],
    classes: 10,
    rows: 256,
    batch: 64,
  }`,
  },
  tiny: {
    name: "2-8-8-2",
    code: `{
    model: () => new Sequential(new Linear(2, 8), tanh, new Linear(8, 8), tanh, new Linear(8, 2)),
    input: [2],
    classes: 2,
    rows: 256,
    batch: 32,
  }`,
  },
};

const parts = ["Conv2d", "crossEntropy", "Flatten", "Linear", "MaxPool2d", "relu", "Sequential", "tanh"];

/** Prints the median milliseconds of a step, a line for each network and executor. */
export function codeOf(chosen: readonly NetworkName[], rounds: number): string {
  const table = chosen.map((name) => `  "${networks[name].name}": ${networks[name].code},`).join("\n");
  const used = parts.filter((part) => part === "crossEntropy" || new RegExp(`\\b${part}\\b`).test(table));
  const scatter =
    rounds === 1
      ? " (one round)"
      : `; rounds from \${times[0].toPrecision(3)} to \${times[times.length - 1].toPrecision(3)}`;
  return `// Training steps on this machine: each network on each executor, in turns, the median of ${rounds} rounds.
import { type Executor, JsExecutor, Trainer, WasmExecutor } from "simdgrad";
import { ${used.join(", ")} } from "simdgrad/nn";
import { adam } from "simdgrad/optim";

const executors: Record<string, () => Executor> = {
  "simdgrad, 1 thread": () => new WasmExecutor({ threads: 1 }),
  "simdgrad, all threads": () => new WasmExecutor(),
  "plain TypeScript": () => new JsExecutor(),
};

const networks = {
${table}
};

for (const [name, { model, input, classes, rows, batch }] of Object.entries(networks)) {
  const length = input.reduce((product, size) => product * size, rows);
  const x = { data: Float32Array.from({ length }, (_, i) => ((i * 0.618034) % 1) + 0.01), shape: [rows, ...input] };
  const y = { data: Int32Array.from({ length: rows }, (_, i) => (i * 7) % classes), shape: [rows] };
  const contenders = [];
  for (const [who, make] of Object.entries(executors)) {
    const executor = make();
    const trainer = new Trainer(model(), { loss: crossEntropy, optimizer: adam(1e-3), executor, metrics: {} });
    await trainer.load({ x, y });
    const program = await executor.load(trainer.stepProgram(batch));
    const timed = async (steps: number) => {
      const began = performance.now();
      await executor.run([[program, steps]]).done;
      return (performance.now() - began) / steps; // milliseconds a step
    };
    // Warm, and as many steps in a request as take about 80 ms.
    let steps = 1;
    for (let i = 0; i < 4; i++) steps = Math.max(1, Math.min(5000, Math.round(80 / (await timed(steps)))));
    contenders.push({ who, timed, steps, times: [] as number[], end: () => executor.dispose() });
  }
  for (let round = 0; round < ${rounds}; round++)
    for (const { timed, steps, times } of contenders) times.push(await timed(steps));
  for (const { who, times, end } of contenders) {
    times.sort((a, b) => a - b);
    const median = (times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2;
    console.log(\`\${name}, \${who}: \${median.toPrecision(3)} ms a step${scatter}\`);
    await end();
  }
}
`;
}
