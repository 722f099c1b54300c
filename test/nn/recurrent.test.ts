// Recurrent layers against PyTorch over their options: values, final states, gradients, gradients of gradients; programs that do not grow
// with the sequence; what is said of bad input.
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { evaluate, initialise } from "../../src/evaluate.ts";
import { type Context, evaluationContext, parameters, trainingContext, variables } from "../../src/nn/module.ts";
import {
  GRU,
  GRUCell,
  LSTM,
  LSTMCell,
  RNN,
  RNNCell,
  type SequenceInput,
  type SequenceOutput,
} from "../../src/nn/recurrent.ts";
import { scalar, type Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { thrown } from "../thrown.ts";
import { Draws, drawn, expectSums, sumCases } from "./sums.ts";

interface Options {
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly bidirectional: boolean;
  readonly T: number;
  readonly N: number;
  readonly lengths: readonly number[] | null;
  readonly state: boolean;
}

const goldens = sumCases<Options>("recurrent-layers");

const [FEATURES, HIDDEN, PROJECTED] = [3, 4, 2];

type AnyLayer = RNN | GRU | LSTM;

/** Any of them, for records. */
interface Recurrent {
  forward(x: SequenceInput<unknown>, context: Context): SequenceOutput<unknown>;
}

function layerOf(kind: string, options: Options): AnyLayer {
  const { numLayers, bias, batchFirst, bidirectional } = options;
  const own = { numLayers, bias, batchFirst, bidirectional };
  if (kind === "GRU") return new GRU(FEATURES, HIDDEN, own);
  if (kind === "LSTM") return new LSTM(FEATURES, HIDDEN, own);
  if (kind === "LSTM projected") return new LSTM(FEATURES, HIDDEN, { ...own, projSize: PROJECTED });
  return new RNN(FEATURES, HIDDEN, { ...own, nonlinearity: kind === "RNN" ? "tanh" : "relu" });
}

/** A case as a graph: what it gives, and what gradients are taken by. */
function graphOf(kind: string, options: Options) {
  const { numLayers, batchFirst, bidirectional, T, N, lengths, state } = options;
  const layer = layerOf(kind, options);
  const draws = new Draws();
  const x = draws.fed(...(batchFirst ? [N, T, FEATURES] : [T, N, FEATURES]));
  const count = numLayers * (bidirectional ? 2 : 1);
  const widths = layer instanceof LSTM ? [kind === "LSTM" ? HIDDEN : PROJECTED, HIDDEN] : [HIDDEN];
  const states = state ? widths.map((width) => draws.fed(count, N, width)) : [];
  const given = draws.start([...parameters(layer).values()]);
  const sequence = {
    input: x,
    state: state ? (layer instanceof LSTM ? states : states[0]) : undefined,
    lengths: lengths === null ? undefined : constant(Int32Array.from(lengths)),
  };
  const { output, state: ends } = (layer as unknown as Recurrent).forward(sequence, context);
  const values = [output, ...(Array.isArray(ends) ? (ends as Tensor[]) : [ends as Tensor])];
  return { draws, values, by: [x, ...states, ...given] };
}

const context = evaluationContext();
const executors = [["oracle", oracle()] as const, ["wasm-relaxed", float32["wasm-relaxed"]()] as const];
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Float64: sums of at most some hundred terms, each off by some roundings of 1.1e-16. Float32 rounds at 6e-8; a gradient of a gradient of a
// loop of five steps and three layers is some hundred operations deep. Both of the size of all terms of a sum.
const TOLERANCE = { oracle: 1e-12, "wasm-relaxed": 2e-5 };

describe("PyTorch's layers", () => {
  test.each(executors)("with all their options on %s", async (name, executor) => {
    // Float32 of a part: the oracle has checked all.
    const cases = name === "oracle" ? goldens : goldens.filter((_, i) => i % 5 === 0);
    for (const golden of cases) {
      const { draws, values, by } = graphOf(golden[0], golden[1]);
      await expectSums(executor, TOLERANCE[name], golden, draws, values, by);
    }
  });
});

test("parameters have PyTorch's names, shapes and order", () => {
  const layer = new LSTM(3, 4, { numLayers: 2, bidirectional: true, projSize: 2 });
  const names = [...variables(layer)].map(([name, { shape }]) => `${name} ${shape.join(" ")}`);
  expect(names.slice(0, 6)).toEqual([
    "weight_ih_l0 16 3",
    "weight_hh_l0 16 2",
    "bias_ih_l0 16",
    "bias_hh_l0 16",
    "weight_hr_l0 2 4",
    "weight_ih_l0_reverse 16 3",
  ]);
  expect(names[10]).toBe("weight_ih_l1 16 4");
});

describe("cells make the step of their layers", () => {
  test.each([
    ["RNN", new RNNCell(3, 4), new RNN(3, 4)],
    ["GRU", new GRUCell(3, 4), new GRU(3, 4)],
    ["LSTM", new LSTMCell(3, 4), new LSTM(3, 4)],
  ] as const)("of %s", async (name, cell, layer) => {
    const executor = oracle();
    const x = constant(drawn([2, 3], 1), { shape: [2, 3] });
    const [h, c] = [2, 3].map((seed) => constant(drawn([2, 4], seed), { shape: [2, 4] }));
    await initialise(executor, [...variables(cell).values(), ...variables(layer).values()], 0);
    for (const model of [cell, layer])
      for (const [i, variable] of [...variables(model).values()].entries())
        await executor.write({ variable: variable.key }, drawn(variable.shape, 10 + i));
    const input = x.unsqueeze(0);
    const [state, one] =
      name === "LSTM"
        ? [
            (layer as LSTM).forward({ input, state: [h.unsqueeze(0), c.unsqueeze(0)] }, context).state,
            (cell as LSTMCell).forward([x, [h, c]]),
          ]
        : [
            [(layer as GRU).forward({ input, state: h.unsqueeze(0) }, context).state],
            [(cell as GRUCell).forward([x, h])],
          ];
    for (const [i, each] of one.entries())
      expect([...(await evaluate(each, { executor }))]).toEqual([...(await evaluate(state[i], { executor }))]);
    await executor.dispose();
  });
});

describe("programs", () => {
  const instructions = (layer: AnyLayer, length: number) => {
    const x = input([length, 8, 16]);
    const loss = layer.forward(x, context).square().sum();
    const gradients = grad(loss, [...parameters(layer).values()]);
    return compile({ inputs: { x }, outputs: Object.fromEntries(gradients.map((each, i) => [`${i}`, each])) });
  };

  test.each([new RNN(16, 32), new GRU(16, 32), new LSTM(16, 32, { numLayers: 2 })])(
    "are as long at 512 steps as at 128",
    (layer) => {
      const [short, long] = [128, 512].map((length) => instructions(layer, length));
      expect(long.code.length).toBe(short.code.length);
      // What is kept grows with the steps, no faster.
      expect(long.arenaWords).toBeLessThan(4.1 * short.arenaWords);
    },
  );
});

test("dropout is between layers, in training alone", async () => {
  const layer = new GRU(3, 4, { numLayers: 2, dropout: 0.9 });
  const x = constant(drawn([5, 2, 3], 1), { shape: [5, 2, 3] });
  const trained = await evaluate(layer.forward(x, trainingContext(0, scalar(0, "i32"))));
  const evaluated = await evaluate(layer.forward(x, context));
  expect(trained).not.toEqual(evaluated);
  for (const Layer of [RNN, GRU, LSTM]) {
    const message = `ArgumentError: ${Layer.name}: dropout is between layers: it means nothing for one`;
    expect(thrown(() => new Layer(3, 4, { dropout: 0.9 }))).toBe(message);
    expect(thrown(() => new Layer(3, 4, { dropout: 0.9, bidirectional: true }))).toBe(message);
    expect(new Layer(3, 4, { dropout: 0 }).stack.layers.length).toBe(1);
  }
});

test.each([
  new RNN(3, 4, { nonlinearity: "relu" }),
  new GRU(3, 4, { bidirectional: true }),
  new LSTM(3, 4, { numLayers: 2 }),
])("what is behind an end may be anything", async (layer) => {
  const executor = oracle();
  await initialise(executor, [...parameters(layer).values()], 0);
  const lengths = constant(Int32Array.of(5, 2));
  const numbers = drawn([5, 2, 3], 1);
  const gradientsWith = async (filler: number) => {
    const x = constant(
      numbers.map((value, i) => (i % 6 >= 3 && i >= 12 ? filler : value)),
      { shape: [5, 2, 3] },
    );
    const { output } = (layer as unknown as Recurrent).forward({ input: x, lengths }, context);
    const gradients = grad(output.square().sum(), [x, ...parameters(layer).values()]);
    return Promise.all([output, ...gradients].map((each) => evaluate(each, { executor })));
  };
  const expected = await gradientsWith(0);
  expect(await gradientsWith(Number.NaN)).toEqual(expected);
  expect(await gradientsWith(Number.POSITIVE_INFINITY)).toEqual(expected);
  await executor.dispose();
});

describe("bad input", () => {
  const x = input([5, 2, 3]);
  const lstm = new LSTM(3, 4);
  test.each([
    [() => lstm.forward(input([5, 3]), context), "ShapeError: LSTM: takes sequences [T, N, 3], got [5, 3]"],
    [
      () => new GRU(3, 4, { batchFirst: true }).forward(input([5, 2, 4]), context),
      "ShapeError: GRU: takes sequences [N, T, 3], got [5, 2, 4]",
    ],
    [() => lstm.forward(input([0, 2, 3]), context), "ShapeError: LSTM: a sequence of no steps: [0, 2, 3]"],
    [
      () => lstm.forward({ input: x, state: [input([1, 2, 4])] as never }, context),
      "ArgumentError: LSTM: state must be a pair [h, c]",
    ],
    [
      () => lstm.forward({ input: x, state: [input([1, 2, 4]), input([1, 2, 5])] }, context),
      "ShapeError: LSTM: state c is [1, 2, 4] here, got [1, 2, 5]",
    ],
    [() => lstm.forward({ input: x, lengths: input([2]) }, context), "DTypeError: LSTM: lengths are i32, got f32"],
    [
      () => lstm.forward({ input: x, lengths: input([3], "i32") }, context),
      "ShapeError: LSTM: lengths of 2 sequences are [2], got [3]",
    ],
    ...[0, -1, 99].map((length): [() => unknown, string] => [
      () => lstm.forward({ input: x, lengths: constant(Int32Array.of(1, length)) }, context),
      `ArgumentError: LSTM: lengths: row 1 must be from 1 to ${x.shape[0]}, the steps there are, got ${length}`,
    ]),
    [() => lstm.forward({ input: x, hidden: x } as never, context), "ArgumentError: LSTM: unknown option hidden"],
    [
      () => lstm.forward([x] as never, context),
      "ArgumentError: LSTM: x must be a tensor, or an object { input, state, lengths } of tensors",
    ],
    [() => new LSTM(3, 4, { projSize: 4 }), "ArgumentError: LSTM: projSize must be below hiddenSize 4, got 4"],
    [
      () => new RNN(3, 4, { nonlinearity: "sigmoid" as never }),
      'ArgumentError: RNN: nonlinearity must be "tanh" or "relu", got "sigmoid"',
    ],
    [
      () => new GRUCell(3, 4).forward([input([2, 3]), input([2, 5])]),
      "ShapeError: GRUCell: the state is [2, 4] here, got [2, 5]",
    ],
    [
      () => new LSTMCell(3, 4).forward([input([2, 3]), [input([2, 4])] as never]),
      "ArgumentError: LSTMCell: state must be a pair [h, c]",
    ],
  ] as [() => unknown, string][])("case %#", (run, message) => {
    expect(`${thrown(run)}`.startsWith(message), `${thrown(run)}`).toBe(true);
  });
});
