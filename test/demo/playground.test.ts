// What a link and a file bring to the playground, which of it is taken, and what is said of how it learns.
import { describe, expect, test } from "vitest";
import { verdictOf } from "../../demo/web/playground/flow.ts";
import { liveLook, measureLook, pastLook, variablesOf } from "../../demo/web/playground/looks.ts";
import { layersOf } from "../../demo/web/playground/network.ts";
import { Overfitting } from "../../demo/web/playground/overfitting.ts";
import { pointsOfCsv } from "../../demo/web/playground/points.ts";
import { lackOf, samplesOf } from "../../demo/web/playground/samples.ts";
import { fields, sound } from "../../demo/web/playground/settings.ts";
import { compile, compileInit, WasmExecutor } from "../../src/index.ts";

function followed(text: string) {
  const entries = Object.entries(fields).map(([name, { fallback }]) => [name, fallback]);
  return sound({ ...Object.fromEntries(entries), changes: fields.changes.parse(text) ?? [] }).changes;
}

describe("changes of a link", () => {
  test("are followed as they are written", () => {
    const text = "5*rate_0.01*data_circles**9*2.weight_7_0.25";
    expect(fields.changes.write(followed(text))).toBe(text);
  });

  test.each(["10*toString_1", "10*constructor_1", "10*rate"])("%s is none", (text) => {
    expect(fields.changes.parse(text)).toBeUndefined();
  });

  test("leave out own points that are missing, other classes and weights that are not there, and nothing else", () => {
    expect(followed("5*data_own")).toEqual([]);
    expect(followed("5*data_spiral3*rate_1")).toEqual([{ step: 5, set: { rate: 1 } }]);
    expect(followed("5*99.weight_0_1**6*0.weight_16_1**7*4.bias_1_2")).toEqual([
      { step: 7, set: {}, weight: { path: "4.bias", index: 1, value: 2 } },
    ]);
  });
});

test("what keeps points from being trained on is said", () => {
  const choice = (count: number, share = 70) => ({
    data: "own" as const,
    seed: 0,
    noise: 0,
    share,
    points: { rows: Array.from({ length: count }, (_, i) => [i / 10, 0, i % 2] as const), classes: 2 },
  });
  expect(lackOf(choice(0))).toContain("There are no points.");
  expect(lackOf(choice(1))).toContain("There is one point.");
  expect(lackOf(choice(4, 10))).toContain("Only one of 4 points is to train on");
  expect(lackOf(choice(3))).toBe("");
  expect(lackOf({ ...choice(0), data: "spiral" })).toBe("");
});

test.each([
  [[1e-12, 1e-6, 0.1], "It vanishes on its way back: layer 1 is pulled 100,000,000,000 times less than the output."],
  [[0, 0.1], "It vanishes on its way back: nothing of it comes to layer 1."],
  [[50, 0.01], "It grows on its way back: layer 1 is pulled 5,000 times more than the output."],
  [[1e-6, 2e-6], "All layers are hardly pulled: there is little left to learn, or nothing comes through."],
  [[0, 0], "All layers are hardly pulled: there is little left to learn, or nothing comes through."],
  [[0.01, 0.02], ""],
])("gradients of %j are put into words", (flow, words) => {
  expect(verdictOf(flow)).toBe(words);
});

describe("a file", () => {
  const csv = (names: string, rows: readonly string[]) =>
    pointsOfCsv(new TextEncoder().encode([names, ...rows].join("\n")));

  test("is taken evenly where it has more rows than there may be points, in whatever order they are", async () => {
    for (const labelOf of [(i: number) => Math.floor(i / 500), (i: number) => i % 2]) {
      const rows = Array.from({ length: 1000 }, (_, i) => `${i},${(i * 7) % 11},${labelOf(i)}`);
      const { points, words } = await csv("x,y,label", rows);
      expect(points.rows.filter(([, , label]) => label === 0)).toHaveLength(200);
      expect(words).toBe("400 of 1,000 points, of the columns x, y and label");
    }
  });

  test("says by its names which columns are meant", async () => {
    const rows = Array.from({ length: 8 }, (_, i) => `${i},${i % 3},${i % 4},${i % 2}`);
    const { words } = await csv("id,x,y,label", rows);
    expect(words).toBe("8 points, of the columns x, y and label");
  });

  test.each(["1e308,0,a", "0,-1e308,a", "0,0,1e200"])("with %s is refused in words", async (row) => {
    const rows = [row, "1.5,2.5,3.5", "2.5,1.5,4.5", "3.5,4.5,5.5", "4.5,3.5,6.5", "5.5,3.5,7.5"];
    await expect(csv("x,y,label", rows)).rejects.toThrow("Row 1, column ");
  });
});

describe("what is said of noise that is learned", () => {
  const said = (...losses: readonly (readonly [train: number, test: number])[]) => {
    const overfitting = new Overfitting();
    return losses.map(([train, test], i) => overfitting.add({ step: 1000 * (i + 1), train, test }));
  };

  test("is nothing while the test loss falls, and from which step on it rose where it rises far", () => {
    const [first, second, third, fourth] = said([0.4, 0.3], [0.2, 0.15], [0.1, 0.16], [0.001, 0.54]);
    expect([first, second, third]).toEqual(["", "", ""]);
    expect(fourth).toContain(
      "since about step 2,000, where it was 0.150, while the loss of the points it trains on fell",
    );
  });

  test("is nothing where both rise, or the rise is far below what is to be seen", () => {
    expect(said([0.2, 0.15], [0.3, 0.4])).toEqual(["", ""]);
    expect(said([1e-7, 1e-6], [1e-8, 1e-5])).toEqual(["", ""]);
  });
});

test("the losses of weights of the past are those that were measured", async () => {
  const executor = new WasmExecutor({ build: "portable" });
  const { train, test } = samplesOf({ data: "moons", seed: 1, noise: 10, share: 50, points: { rows: [], classes: 2 } });
  const layers = layersOf({ features: ["x", "y"], hidden: [4] }, 2);
  const looked = { layers, activation: "tanh", features: ["x", "y"], outputs: 2 } as const;
  await executor.step(
    await executor.load(compileInit(new Map(variablesOf(layers).map((each, i) => [`${i}`, each])), 0)),
  );
  const { weights } = await executor.step(await executor.load(compile(liveLook(looked))));
  const measured = await executor.step(await executor.load(compile(measureLook(looked, train, test))));
  const past = await executor.load(compile(pastLook(looked, train, test)));
  const then = await executor.step(past, { theta: weights as Float32Array });
  expect([then.train[0], then.test[0]]).toEqual([measured.train[0], measured.test[0]]);
  const moved = await executor.step(past, { theta: (weights as Float32Array).map((each) => each + 0.1) });
  expect(moved.train[0]).not.toBe(measured.train[0]);
  await executor.dispose();
});
