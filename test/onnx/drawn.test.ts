// Recurrent nodes and samplings of grids with drawn sizes and options, compared with ONNX Runtime: some in `npm test`, more by
// `npm run test:onnx`.
import { expect, test } from "vitest";
import { numbers } from "../random.ts";
import { type Case, disagreements, drawn, whole } from "./cases.ts";
import type { Attribute } from "./written.ts";

const COUNT = process.env.ONNX_ALL === "1" ? 400 : 25;

const gates = { RNN: 1, LSTM: 4, GRU: 3 };
const functions = { RNN: 1, LSTM: 3, GRU: 2 };
const activations = [
  ...["Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "HardSigmoid"],
  ...["ScaledTanh", "Softplus", "Softsign", "ThresholdedRelu", "Affine"],
];

/** Draws of one seed. */
function chance(seed: number) {
  const random = numbers(seed);
  return {
    oneOf: <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)],
    to: (most: number) => 1 + Math.floor(random() * most),
    list: <T>(length: number, make: () => T): T[] => Array.from({ length }, make),
    share: () => 0.1 + random(),
    maybe: <T>(value: T): T | undefined => (random() < 0.5 ? value : undefined),
  };
}

function recurrent(seed: number): Case {
  const { oneOf, to, list, share, maybe } = chance(seed);
  const op = oneOf(["RNN", "LSTM", "GRU"] as const);
  const direction = oneOf(["forward", "reverse", "bidirectional"]);
  const directions = direction === "bidirectional" ? 2 : 1;
  const [steps, rows, width, hidden] = [to(4), to(3), to(3), to(3)];
  const count = functions[op] * directions;
  const options: Readonly<Record<string, Attribute | undefined>> = {
    hidden_size: hidden,
    direction,
    clip: maybe(share()),
    linear_before_reset: op === "GRU" ? maybe(1) : undefined,
    input_forget: op === "LSTM" ? maybe(1) : undefined,
    ...maybe({
      activations: list(count, () => oneOf(activations)),
      activation_alpha: { floats: list(count, share) },
      activation_beta: { floats: list(count, share) },
    }),
  };
  const attributes = Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
  const state = (at: number) => maybe(drawn(seed + at, [directions, rows, hidden]));
  const inputs = [
    drawn(seed + 1, [steps, rows, width]),
    drawn(seed + 2, [directions, gates[op] * hidden, width]),
    drawn(seed + 3, [directions, gates[op] * hidden, hidden]),
    maybe(drawn(seed + 4, [directions, 2 * gates[op] * hidden])),
    maybe(
      whole(
        [rows],
        list(rows, () => to(steps)),
        "int32",
      ),
    ),
    state(5),
    ...(op === "LSTM" ? [state(6), maybe(drawn(seed + 7, [directions, 3 * hidden]))] : []),
  ];
  return { op, inputs, attributes, outputs: op === "LSTM" ? 3 : 2, version: 14 };
}

function sampling(seed: number): Case {
  const { oneOf, to } = chance(seed);
  const attributes = {
    mode: oneOf(["bilinear", "nearest", "bicubic"]),
    padding_mode: oneOf(["zeros", "border", "reflection"]),
    align_corners: oneOf([0, 1]),
  };
  const inputs = [drawn(seed + 1, [2, 2, to(5), to(5)]), drawn(seed + 2, [2, 3, 4, 2], oneOf([0.9, 1.5, 4]))];
  return { op: "GridSample", inputs, attributes, version: 16 };
}

test.each([
  ["recurrent nodes", recurrent],
  ["samplings of grids", sampling],
] as const)(`${COUNT} %s`, { timeout: 240_000 }, async (_, draw) => {
  for (let i = 0; i < COUNT; i++) {
    const each = draw(100 * i);
    expect({ each, found: await disagreements(each) }).toEqual({ each, found: [] });
  }
});
