// The page of back-propagation, without its page: its numbers beside plain arithmetic, its words, and whether its tasks can be solved.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chainOf } from "../../demo/web/backpropagation/chain.ts";
import { BORDER, courseOf, nextTry } from "../../demo/web/backpropagation/chapters/border.ts";
import { codeOf } from "../../demo/web/backpropagation/code.ts";
import { lossChange } from "../../demo/web/backpropagation/exact.ts";
import {
  activations,
  beginnings,
  DeepTraining,
  rows as deepRows,
  LAYERS,
} from "../../demo/web/backpropagation/experiments/deep.ts";
import {
  UPDATES as CURVE_UPDATES,
  CurveTraining,
  points,
  SHARE,
  truth,
  validationPoints,
} from "../../demo/web/backpropagation/experiments/overfit.ts";
import { descend } from "../../demo/web/backpropagation/experiments/valley.ts";
import { samples, UPDATES as XOR_UPDATES, XorTraining } from "../../demo/web/backpropagation/experiments/xor.ts";
import { explain } from "../../demo/web/backpropagation/explain.ts";
import { beside, brief, certain, factor, four } from "../../demo/web/backpropagation/format.ts";
import { type Line, layoutOf, type Point, TAB } from "../../demo/web/backpropagation/layout.ts";
import { followedWeight, momentAt, momentsEach } from "../../demo/web/backpropagation/moments.ts";
import {
  type Activation,
  activationOf,
  allWeights,
  drawnWeights,
  exercise,
  hiddenLayer,
  type Setup,
  splitWeights,
  unitName,
  weightCount,
  weightName,
} from "../../demo/web/backpropagation/network.ts";
import { hasDecimalComma, numbersOf } from "../../demo/web/backpropagation/numbers.ts";
import { questions } from "../../demo/web/backpropagation/quiz.ts";
import { Session } from "../../demo/web/backpropagation/session.ts";
import { constant, type Executor, evaluate, WasmExecutor } from "../../src/index.ts";
import { variables } from "../../src/nn/index.ts";
import { fromOnnx } from "../../src/onnx/index.ts";

let executor: Executor;

beforeAll(() => {
  executor = new WasmExecutor({ build: "portable" });
});

afterAll(() => executor.dispose());

const functions: Readonly<Record<Activation, (z: number) => readonly [value: number, slope: number]>> = {
  linear: (z) => [z, 1],
  sigmoid: (z) => {
    const a = 1 / (1 + Math.exp(-z));
    return [a, a * (1 - a)];
  },
  tanh: (z) => [Math.tanh(z), 1 - Math.tanh(z) ** 2],
  relu: (z) => [Math.max(z, 0), z > 0 ? 1 : 0],
};

/** An update in plain loops over doubles, as a textbook has it. */
function plainly(setup: Setup) {
  const split = splitWeights(setup);
  const passed = [{ a: [...setup.inputs], slope: [] as number[] }];
  split.forEach(({ rows, biases }, at) => {
    const z = rows.map((row, unit) => row.reduce((sum, w, i) => sum + w * passed[at].a[i], biases[unit] ?? 0));
    const both = z.map(functions[activationOf(setup, at + 1)]);
    passed.push({ a: both.map(([a]) => a), slope: both.map(([, slope]) => slope) });
  });
  const errors = passed[passed.length - 1].a.map((a, unit) => a - setup.targets[unit]);
  const loss = errors.reduce((sum, error) => sum + error * error, 0) / 2;
  let da = errors;
  const layers = split
    .map(({ rows, biases }, at) => ({ rows, biases, at }))
    .reverse()
    .map(({ rows, biases, at }) => {
      const dz = da.map((each, unit) => each * passed[at + 1].slope[unit]);
      const dw = dz.flatMap((each) => passed[at].a.map((a) => each * a));
      const layer = {
        a: passed[at + 1].a,
        da,
        dz,
        dw,
        after: rows.flat().map((w, i) => w - setup.rate * dw[i]),
        biasesAfter: biases.map((b, unit) => b - setup.rate * dz[unit]),
      };
      da = passed[at].a.map((_, from) => dz.reduce((sum, each, to) => sum + each * rows[to][from], 0));
      return layer;
    })
    .reverse();
  return { loss, layers };
}

/** The mean sizes of the gradients of each of ten layers, in plain loops over doubles. */
function deepGradients(weights: readonly ArrayLike<number>[], activation: Activation): number[] {
  const inputs = Array.from({ length: deepRows.length / 8 }, (_, row) => [...deepRows.slice(8 * row, 8 * row + 8)]);
  const passed = [inputs.map((a) => ({ a, slope: [] as number[] }))];
  weights.forEach((w, at) => {
    const of = functions[at === LAYERS - 1 ? "linear" : activation];
    passed.push(
      passed[at].map(({ a }) => {
        const units = Array.from({ length: w.length / a.length }, (_, unit) =>
          of(a.reduce((sum, each, i) => sum + each * w[unit * a.length + i], 0)),
        );
        return { a: units.map(([value]) => value), slope: units.map(([, slope]) => slope) };
      }),
    );
  });
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  let da = passed[LAYERS].map(({ a: [y] }, row) => [(y - mean(inputs[row])) / inputs.length]);
  const sizes: number[] = [];
  for (let at = LAYERS - 1; at >= 0; at--) {
    const w = weights[at];
    const dz = da.map((each, row) => each.map((value, unit) => value * passed[at + 1][row].slope[unit]));
    const width = passed[at][0].a.length;
    const gradients = Array.from(w, (_, i) =>
      dz.reduce((sum, each, row) => sum + each[Math.floor(i / width)] * passed[at][row].a[i % width], 0),
    );
    sizes[at] = mean(gradients.map(Math.abs));
    da = dz.map((each) =>
      Array.from({ length: width }, (_, i) => each.reduce((sum, value, unit) => sum + value * w[unit * width + i], 0)),
    );
  }
  return sizes;
}

function close(given: ArrayLike<number>, wanted: readonly number[]): void {
  expect(given.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(given[i] - value)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(value)));
  });
}

const large = { sizes: [3, 4, 4, 2], bias: true };
const setups: readonly (readonly [string, Setup])[] = [
  ["the exercise", exercise],
  ["the exercise with a hidden layer", hiddenLayer],
  ...(["linear", "sigmoid", "tanh", "relu"] as const).map((activation, seed) => {
    const last = activation === "relu" ? "tanh" : activation;
    const rest = { inputs: [1, -0.5, 0.25], targets: [0.6, -0.3], rate: 0.05, weights: drawnWeights(large, seed) };
    return [`two hidden layers of ${activation}`, { ...large, activation, last, ...rest }] as const;
  }),
];

const crowdedShape = { sizes: [4, 4, 4, 4], bias: true };
const crowded: Setup = {
  ...crowdedShape,
  activation: "tanh",
  last: "linear",
  inputs: [1, 2, 3, -4],
  targets: [0.6, 0.5, 0.4, 0.3],
  rate: 0.1,
  weights: drawnWeights(crowdedShape, 1),
};

describe("an update", () => {
  test("of the worked exercise has the textbook's numbers", async () => {
    const session = await Session.create(exercise, executor);
    const [, layer] = session.update(0).layers;
    close(layer.a, [0.34]);
    close(layer.da, [-0.26]);
    close([session.update(0).loss], [0.0338]);
    close(session.update(1).layers[1].w, [0.526, -0.1792]);
    await session.dispose();
  });

  test.each(setups)("of %s is that of plain arithmetic, ten times in a row", async (_, setup) => {
    const session = await Session.create(setup, executor);
    await session.reach(10);
    for (let made = 0; made < 10; made++) {
      const { layers, loss } = session.update(made);
      // Each from the weights that it began with, so that roundings do not add up.
      const weights = layers.slice(1).flatMap(({ w, b }) => [...w, ...b]);
      const wanted = plainly({ ...setup, weights });
      close([loss], [wanted.loss]);
      wanted.layers.forEach((layer, at) => {
        const [given, next] = [layers[at + 1], session.update(made + 1).layers[at + 1]];
        for (const name of ["a", "da", "dz", "dw"] as const) close(given[name], layer[name]);
        close(next.w, layer.after);
        close(next.b, layer.biasesAfter);
      });
    }
    await session.dispose();
  });

  test.each(setups)("of %s: every weight's chain has factors that make its gradient", async (_, setup) => {
    const session = await Session.create(setup, executor);
    for (const weight of allWeights(setup)) {
      const chain = chainOf(setup, session.update(0), session.update(1), weight);
      close([chain.links.reduce((product, { value }) => product * value, 1)], [chain.gradient]);
      expect(chain.name).toBe(weightName(setup, weight));
      // A hidden unit's error is the sum over its paths.
      const [{ parts, value, name }] = chain.links;
      expect(parts.length).toBe(weight.layer === setup.sizes.length - 1 ? 0 : setup.sizes[weight.layer + 1]);
      expect(name).toMatch(/^∂L\/∂[hky]/);
      expect(Number.isFinite(value)).toBe(true);
    }
    await session.dispose();
  });
});

test("the exercise's chain is written out", async () => {
  const session = await Session.create(exercise, executor);
  const chain = chainOf(exercise, session.update(0), session.update(1), { layer: 1, from: 1, to: 0 });
  expect(chain.symbols).toBe("∂L/∂w₂ = ∂L/∂y × ∂y/∂z × ∂z/∂w₂");
  expect(chain.numbers).toBe("(−0.2600) × 1.000 × 0.8000");
  expect(chain.step).toBe("w₂ ← (−0.2000) − 0.1000 × (−0.2080) = −0.1792");
  expect(chain.meaning).toBe(
    "A weight larger by 0.001 makes the loss smaller by 2.077 × 10⁻⁴, computed anew; the gradient says smaller by 2.080 × 10⁻⁴. So the weight grows.",
  );
  await session.dispose();
});

test.each(setups)("of %s: the loss changes with a weight as it does in plain arithmetic", async (_, setup) => {
  const session = await Session.create(setup, executor);
  const update = session.update(0);
  const first = update.layers.slice(1).flatMap(({ w, b }) => [...w, ...b]);
  const rounded = { ...setup, inputs: setup.inputs.map(Math.fround), targets: setup.targets.map(Math.fround) };
  let at = 0;
  update.layers.slice(1).forEach(({ w, b }, before) => {
    const into = allWeights(setup).filter(({ layer }) => layer === before + 1);
    for (const weight of into) {
      const place = weight.from === undefined ? w.length + weight.to : weight.to * setup.sizes[before] + weight.from;
      const larger = first.map((each, i) => (i === at + place ? each + 0.001 : each));
      const change = plainly({ ...rounded, weights: larger }).loss - plainly({ ...rounded, weights: first }).loss;
      expect(Math.abs(lossChange(setup, update, weight, 0.001) - change), weightName(setup, weight)).toBeLessThan(
        1e-13,
      );
    }
    at += w.length + b.length;
  });
  await session.dispose();
});

describe("what is said of a weight that is larger by 0.001 is what the loss does then", () => {
  const meaning = async (setup: Setup, made: number) => {
    const session = await Session.create(setup, executor);
    await session.reach(made);
    const chain = chainOf(setup, session.update(made), session.update(made + 1), { layer: 1, from: 0, to: 0 });
    await session.dispose();
    return chain;
  };
  const bends = "The gradient is the slope at this very place, and within 0.001 the loss bends.";

  test("where the loss is nearly flat", async () => {
    const chain = await meaning(exercise, 44);
    expect(chain.meaning).toBe(
      `A weight larger by 0.001 makes the loss larger by 4.018 × 10⁻⁷, computed anew; the gradient says smaller by 9.817 × 10⁻⁸. So the weight grows. ${bends}`,
    );
    expect(chain.links[0].numbers).toBe("0.59990185 − 0.60000002");
  });

  test("at an exact hit", async () => {
    const { meaning: text } = await meaning(
      { ...exercise, inputs: [1, 0.5], weights: [0.5, -0.5], targets: [0.25] },
      0,
    );
    expect(text).toBe(
      `A weight larger by 0.001 makes the loss larger by 5.000 × 10⁻⁷, computed anew; the gradient comes out as 0, and so the weight stays. ${bends}`,
    );
  });

  test("at a kink, and with an input of 0", async () => {
    const kinked: Setup = {
      ...hiddenLayer,
      sizes: [2, 1, 1],
      inputs: [1, 1],
      activation: "relu",
      weights: [0.5, -0.5, 0.7],
    };
    const [kink, idle] = [await meaning(kinked, 0), await meaning({ ...kinked, inputs: [0, 1] }, 0)];
    expect(kink.meaning).toContain("smaller by 4.198 × 10⁻⁴, computed anew; the gradient comes out as 0");
    expect(kink.meaning).toContain("A ReLU whose sum is 0 stands at its kink");
    expect(idle.meaning).toContain("neither larger nor smaller, and the gradient is 0: the weight stays.");
  });

  test("where an activation is saturated, and its slope is shown with the digits that make it", async () => {
    const at = (activation: Activation, weight: number): Setup => ({
      ...hiddenLayer,
      ...{ sizes: [1, 1, 1], inputs: [1], activation, weights: [weight, 0.7] },
    });
    const slope = async (activation: Activation, weight: number) => (await meaning(at(activation, weight), 0)).links[1];
    const sigmoid = await slope("sigmoid", 12);
    expect(`${sigmoid.numbers} = ${four(sigmoid.value)}`).toBe("0.999993801 × (1 − 0.999993801) = 6.199 × 10⁻⁶");
    expect(sigmoid.words).toContain("6.144 × 10⁻⁶ without the rounding of h₁ to 32 bits");
    const tanh = await slope("tanh", -6);
    expect(`${tanh.numbers} = ${four(tanh.value)}`).toBe("1 − (−0.99998772)² = 2.456 × 10⁻⁵");
    expect((await slope("sigmoid", 1)).numbers).toBe("0.7311 × (1 − 0.7311)");
    expect((await slope("sigmoid", 1)).words).toBe("how steep sigmoid is at this sum");
    const gone = await meaning(at("sigmoid", 17), 0);
    expect(gone.meaning).toContain(
      "the gradient comes out as 0, and so the weight stays. So near to 0, 32-bit numbers",
    );
    expect(gone.meaning).toContain("without their rounding it is 2.898 × 10⁻⁹.");
  });
});

test("a unit's sum is said to have its bias where it has one", async () => {
  const [withBias, without] = await Promise.all(
    [{ ...exercise, bias: true, weights: [0.5, -0.2, 0.1] }, exercise].map(async (setup) => {
      const session = await Session.create(setup, executor);
      const { text } = explain(setup, momentAt(setup, 1), session.update(0), undefined);
      await session.dispose();
      return text;
    }),
  );
  expect(withBias).toContain("The unit adds up weight × input and its bias, and passes it on as it is. z = ");
  expect(without).toContain("The unit adds up weight × input and passes it on as it is. z = ");
});

test("a network goes out as it is at that moment, and comes back with the same output", async () => {
  for (const [, setup] of setups) {
    const session = await Session.create(setup, executor);
    await session.reach(3);
    const model = fromOnnx(await session.onnx(3, {}));
    const given = await evaluate(model.forward(constant([[...setup.inputs]])));
    close(given, [...(session.update(3).layers.at(-1)?.a ?? [])]);
    const names = [...variables(model).keys()].length;
    expect(Object.keys(session.weights(3)).length).toBe(names);
    await session.dispose();
  }
});

test("numbers have four significant digits", () => {
  expect([0.34, -0.26, 0, 1, 123.456, 12345.6, 1234567, 0.000123456, 1e-20].map(four)).toEqual([
    "0.3400",
    "−0.2600",
    "0",
    "1.000",
    "123.5",
    "1.235 × 10⁴",
    "1.235 × 10⁶",
    "1.235 × 10⁻⁴",
    "1.000 × 10⁻²⁰",
  ]);
  expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(four)).toEqual([
    "not a number",
    "∞",
    "−∞",
  ]);
  expect([0.34, -0.2080001, 1e-6, -123456].map((value) => brief(value))).toEqual([
    "0.34",
    "−0.208",
    "1×10⁻⁶",
    "−1.2×10⁵",
  ]);
  expect([0.34, -0.2080001, 1e-6, 0.07857].map((value) => brief(value, 3))).toEqual([
    "0.34",
    "−0.208",
    "1×10⁻⁶",
    "0.0786",
  ]);
  expect([0.5, -0.5, 1e-5].map((value) => factor(value))).toEqual(["0.5000", "(−0.5000)", "(1.000 × 10⁻⁵)"]);
});

test("a number has the digits that its rounding error leaves, and those that make a difference", () => {
  const errors = [1e-9, 1e-7, 1e-5, 2e-5, 4e-5, 0];
  expect(errors.map((error) => certain(3.456e-5, error))).toEqual([
    "3.456 × 10⁻⁵",
    "≈ 3.5 × 10⁻⁵",
    "≈ 3 × 10⁻⁵",
    "≈ 3 × 10⁻⁵",
    "≈ 0",
    "3.456 × 10⁻⁵",
  ]);
  expect(certain(0, 0)).toBe("0");
  expect(
    [
      [0.34, 0.6],
      [0.59990185, 0.6],
      [1, 1],
      [0, 1],
      [-0.9998, -1],
      [12345, 12344.9],
    ].map(([value, other]) => beside(value, other)),
  ).toEqual(["0.3400", "0.59990185", "1.000", "0", "−0.9998000", "12345.0000"]);
});

test("what is said of the backward pass is the number that its box shows", async () => {
  const [, setup] = setups[4];
  const session = await Session.create(setup, executor);
  const update = session.update(0);
  for (const layer of [1, 2, 3]) {
    const { text } = explain(setup, { ...momentAt(setup, 0), phase: "backward", layer }, update, undefined);
    const { da, dz } = update.layers[layer];
    const name = unitName(setup, layer, 0);
    expect(text).toContain(`∂L/∂${name} = `);
    expect(text).toContain(` = ${four(da[0])}`);
    expect(text).toContain(`∂L/∂z(${name}) = ${four(dz[0])}: the ∂ in its box.`);
  }
  await session.dispose();
});

test("an update goes forwards, to the loss, backwards, and then the weights have moved", () => {
  const phases = Array.from({ length: momentsEach(hiddenLayer) + 1 }, (_, at) => {
    const { made, phase, layer } = momentAt(hiddenLayer, at);
    return `${made} ${phase} ${layer}`;
  });
  expect(phases).toEqual([
    "0 start 0",
    "0 forward 1",
    "0 forward 2",
    "0 loss 0",
    "0 backward 2",
    "0 backward 1",
    "1 moved 0",
  ]);
});

describe.each([262, 302, 332, 606, 690])("in a place of %i pixels", (width) => {
  const all = [...setups, ["four layers of four", crowded] as const];
  test.each(all)("%s: no number lies on another of its time, on a unit or beyond the edge", (_, setup) => {
    const layout = layoutOf(setup, width, 320);
    const { lines, units, unit, number, headings } = layout;
    expect(layout.width).toBe(width);
    const boxes = units.flat();
    const heightOf = (...both: Line[]) =>
      both.reduce((sum, { weight }) => sum + (weight.from === undefined ? TAB : number.height) / 2, 0);
    const isClear = (a: Point, b: Point, w: number, h: number) => Math.abs(a.x - b.x) >= w || Math.abs(a.y - b.y) >= h;
    expect(headings.length).toBe(setup.sizes.length);
    // Where many lines lead from layer to layer, numbers are shown of those into one unit at a time.
    const isTogether = (a: Line, b: Line) =>
      a.weight.layer !== b.weight.layer || !a.isCrowded || a.weight.to === b.weight.to;
    for (const [i, line] of lines.entries()) {
      const { label, weight } = line;
      const isBias = weight.from === undefined;
      const name = weightName(setup, weight);
      expect(label.x - number.width / 2, name).toBeGreaterThanOrEqual(0);
      expect(label.x + number.width / 2, name).toBeLessThanOrEqual(width);
      for (const other of lines.slice(0, i).filter((each) => isTogether(line, each)))
        expect(
          isClear(label, other.label, number.width, heightOf(line, other)),
          `${name} and ${weightName(setup, other.weight)}`,
        ).toBe(true);
      for (const box of boxes)
        expect(
          isClear(label, box, unit.width / 2, (unit.height + (isBias ? TAB : number.height)) / 2),
          `${name} and a unit`,
        ).toBe(true);
    }
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(0, i)) expect(isClear(a, b, unit.width, unit.height)).toBe(true);
  });
});

test("while none is chosen, the weight that is unrolled goes with the pass", () => {
  const followed = Array.from({ length: momentsEach(hiddenLayer) + 1 }, (_, at) =>
    weightName(hiddenLayer, followedWeight(hiddenLayer, momentAt(hiddenLayer, at))),
  );
  const [output, hidden] = ["w(h₁→y)", "w(x₁→h₁)"];
  expect(followed).toEqual([output, output, output, output, output, hidden, hidden]);
});

test("a decimal comma is one number, and commas that cannot be one part several", () => {
  const read = ["0,6", "-0,6; ,5", "−0,6 1,5", "1, 0,8", "1, 0.8", "1,0.5,-1", "1,2,3", "0.6", ""].map(numbersOf);
  expect(read).toEqual([[0.6], [-0.6, 0.5], [-0.6, 1.5], [1, 0.8], [1, 0.8], [1, 0.5, -1], [1, 2, 3], [0.6], []]);
  expect(["1, zero", "0,6,x", "1e"].map(numbersOf)).toEqual([undefined, undefined, undefined]);
  expect(["0,6", "1, 0.8", "1,2,3", "1, 2"].map(hasDecimalComma)).toEqual([true, false, false, false]);
});

test("drawn weights are the seed's, and never 0", () => {
  expect(drawnWeights(large, 7)).toEqual(drawnWeights(large, 7));
  expect(drawnWeights(large, 7)).not.toEqual(drawnWeights(large, 8));
  const all = Array.from({ length: 200 }, (_, seed) => drawnWeights(large, seed)).flat();
  expect(all.every((weight) => weight !== 0 && Math.abs(weight) < 1)).toBe(true);
  expect(drawnWeights(large, 0).length).toBe(weightCount(large));
});

test("the code names what it trains", () => {
  const code = codeOf(exercise, 3);
  expect(code).toContain("A network of 2-1 units on one sample: 3 updates");
  expect(code).toContain("new Variable([1, 2], [[0.5, -0.2]]);");
});

test("of each of ten questions one answer is right, and each has its reason", () => {
  expect(questions.length).toBe(10);
  for (const { answers } of questions) {
    expect(answers.filter(({ right }) => right).length).toBe(1);
    expect(answers.every(({ reason }) => reason.length > 20)).toBe(true);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(3);
  }
  // They are kept by their texts.
  const texts = questions.flatMap(({ answers }) => answers.map(({ text }) => text));
  expect(new Set(texts).size).toBe(texts.length);
});

test("a rate that is far too high makes a loss beyond all numbers, and that is said", async () => {
  const course = async (rate: number) => {
    const session = await Session.create({ ...exercise, rate }, executor);
    await session.reach(59);
    const losses = Array.from({ length: 60 }, (_, i) => session.update(i).loss);
    await session.dispose();
    return { text: courseOf(losses), last: losses[59] };
  };
  for (const rate of [4, 5, 10]) {
    const { text, last } = await course(rate);
    expect(last).toBeNaN();
    expect(text).toMatch(
      /^the loss grew from 0.03380 beyond all numbers that the computer can write, after \d+ updates.$/,
    );
  }
  expect((await course(0.5)).text).toMatch(/^the loss went from 0.03380 to \S.*, it shrank.$/);
  expect((await course(1.3)).text).toMatch(/^the loss went from 0.03380 to \S.*, it grew.$/);
});

test("a guess of the border is judged by itself, and by what was tried before", () => {
  const infinity = Number.POSITIVE_INFINITY;
  expect(nextTry(0.002, 0.002, infinity)).toBe(
    "At 0.002 it still shrinks. The border lies higher: try twice that, 0.004.",
  );
  expect(nextTry(0.75, 0.75, infinity)).toBe("At 0.75 it still shrinks. The border lies higher: try twice that, 1.5.");
  expect(nextTry(2, 1, 2)).toBe("At 2 it already grows. So the border lies between 1 and 2: try the middle, 1.5.");
  expect(nextTry(1.23, 1, 1.23)).toBe("At 1.23 it already grows. You are next to it: try 0.01 less.");
  expect(nextTry(1.21, 1.21, infinity)).toBe("At 1.21 it still shrinks. You are next to it: try 0.01 more.");
  expect(nextTry(2, 1.21, 1.22)).toBe(
    "At 2 it already grows. But you know more by now: the border lies between 1.21 and 1.22.",
  );
  // A step from there is right.
  for (const guess of [1.205, 1.234])
    expect(Math.abs(guess + 0.01 * Math.sign(BORDER - guess) - BORDER)).toBeLessThanOrEqual(0.005);
});

describe("a chapter's task", () => {
  test("exclusive or is not learnt without a hidden layer, and is with four units", async () => {
    const answers = async (units: number) => {
      const training = new XorTraining(units, 0, executor);
      const losses = [...(await training.train(20)), ...(await training.train(XOR_UPDATES - 20))];
      expect(losses.length).toBe(XOR_UPDATES);
      const said = await training.answers();
      await training.dispose();
      return said;
    };
    for (const answer of await answers(0)) expect(answer).toBeCloseTo(0.5, 2);
    (await answers(4)).forEach((answer, i) => {
      expect(Math.abs(answer - samples.y[i][0])).toBeLessThan(0.1);
    });
  });

  test("the first of ten layers gets its gradient back from some choices, and from others not", async () => {
    const solved: string[] = [];
    for (const activation of Object.keys(activations))
      for (const beginning of Object.keys(beginnings)) {
        const training = await DeepTraining.create(activation, beginning, executor);
        const { gradients } = await training.update();
        if (gradients[0] >= 0.001 && gradients[0] >= gradients[LAYERS - 1] / 20)
          solved.push(`${activation} ${beginning}`);
        await training.dispose();
      }
    expect(solved).toEqual(["tanh xavier", "tanh he", "relu he"]);
  });

  test("gradients of ten layers are as exact as is said of them, when little is left of them, too", async () => {
    for (const [activation, beginning] of [
      ["sigmoid", "small"],
      ["sigmoid", "xavier"],
      ["tanh", "small"],
    ]) {
      const training = await DeepTraining.create(activation, beginning, executor);
      const few: string[] = [];
      for (let made = 1; made <= 120; made++) {
        const weights = await training.weights();
        const { gradients, roundings } = await training.update();
        if (made % 60 !== 0 && made > 1) continue;
        deepGradients(weights, activation as Activation).forEach((exact, layer) => {
          const error = Math.abs(gradients[layer] - exact);
          // Where so little is left that fewer than four digits are shown, these are right.
          expect(error, `${activation} ${beginning} ${made}, layer ${layer + 1}`).toBeLessThanOrEqual(
            Math.max(roundings[layer], 2e-4 * exact),
          );
          if (made === 120 && certain(gradients[layer], roundings[layer]).startsWith("≈"))
            few.push(`layer ${layer + 1}`);
        });
      }
      if (activation === "sigmoid") expect(few).toContain("layer 10");
      await training.dispose();
    }
  });

  test("some momentum needs less than a third of the updates, too much of it does not", async () => {
    const updates = async (momentum: number) => {
      let count = -1;
      for await (const _ of descend(momentum, executor)) count++;
      return count;
    };
    const plain = await updates(0);
    expect(await updates(0.7)).toBeLessThan(plain / 3);
    expect(await updates(0.95)).toBeGreaterThan(plain / 3);
  });

  test("validation points are as noisy as those it learns from", () => {
    const noise = (samples: typeof points) =>
      samples.reduce((sum, { x, y }) => sum + (y - truth(x)) ** 2, 0) / samples.length;
    expect(validationPoints.length).toBe(30);
    expect(noise(validationPoints)).toBeCloseTo(noise(points), 6);
  });

  test("after some updates, training and validation loss are those of the curve that is drawn then", async () => {
    const training = new CurveTraining(0, executor);
    const begun = await training.train(1);
    const [, , latest] = await training.train(3);
    for (const [name, samples] of [
      ["training", points],
      ["validation", validationPoints],
    ] as const) {
      const drawn = await training.curve(samples.map(({ x }) => x));
      const errors = samples.map(({ y }, i) => (drawn[i] - y) ** 2);
      expect(latest[name]).toBeCloseTo(errors.reduce((sum, each) => sum + each, 0) / errors.length, 5);
    }
    await training.dispose();
    // The loss of each but the last update is told by the next one.
    const other = new CurveTraining(0, executor);
    const [first] = await other.train(4);
    await other.dispose();
    expect(begun[0].training).toBeCloseTo(first.training, 5);
    expect(begun[0].validation).toBeCloseTo(first.validation, 5);
  });

  test("the training loss falls while the validation loss rises; early stopping, and weight decay, keep it low", async () => {
    const curves = async (decay: number) => {
      const training = new CurveTraining(decay, executor);
      const losses = await training.train(CURVE_UPDATES);
      await training.dispose();
      return losses;
    };
    const without = await curves(0);
    const at = (update: number) => without[update - 1];
    for (const [earlier, later] of [
      [200, 1000],
      [1000, 2000],
      [2000, CURVE_UPDATES],
    ]) {
      expect(at(later).training).toBeLessThan(at(earlier).training);
      expect(at(later).validation).toBeGreaterThan(at(earlier).validation);
    }
    const wanted = SHARE * at(CURVE_UPDATES).validation;
    expect(at(100).validation).toBeLessThan(wanted);
    expect(at(CURVE_UPDATES).training).toBeLessThan(at(CURVE_UPDATES).validation / 10);
    const last = async (decay: number) => (await curves(decay))[CURVE_UPDATES - 1].validation;
    expect(await last(3)).toBeLessThan(wanted);
    expect(await last(10)).toBeGreaterThan(wanted); // so small that the curve cannot follow what is behind the points
  });
});
