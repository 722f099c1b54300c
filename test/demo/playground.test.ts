// What a link and a file bring to the playground, which of it is taken, and what is said of how it learns.
import { readFileSync } from "node:fs";
import { constant, evaluate, JsExecutor } from "simdgrad";
import { fromOnnx } from "simdgrad/onnx";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../demo/web/playground/code.ts";
import { pointsOfCsv } from "../../demo/web/playground/csv.ts";
import { verdictOf } from "../../demo/web/playground/flow.ts";
import { liveLook, measureLook, pastLook, squareAt, variablesOf } from "../../demo/web/playground/looks.ts";
import { weightsMetadata } from "../../demo/web/playground/metadata.ts";
import { layersOf } from "../../demo/web/playground/network.ts";
import { onnxOf } from "../../demo/web/playground/onnx.ts";
import { Overfitting } from "../../demo/web/playground/overfitting.ts";
import { noWay, pathPlane } from "../../demo/web/playground/plane.ts";
import { pointsField } from "../../demo/web/playground/points.ts";
import { presets } from "../../demo/web/playground/presets.ts";
import { replayed } from "../../demo/web/playground/replay.ts";
import { countsInWords, lackOf, samplesOf } from "../../demo/web/playground/samples.ts";
import { type Scale, scaleInWords } from "../../demo/web/playground/scale.ts";
import { Session } from "../../demo/web/playground/session.ts";
import { fields, type Settings, sound } from "../../demo/web/playground/settings.ts";
import { Timeline } from "../../demo/web/playground/timeline.ts";
import { compile, compileInit, Variable, WasmExecutor } from "../../src/index.ts";

const sets = readFileSync(new URL("../../demo/web/playground/sets.ts", import.meta.url), "utf8");

function defaults(): Settings {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { fallback }]) => [name, fallback]),
  ) as unknown as Settings;
}

function followed(text: string) {
  return sound({ ...defaults(), changes: fields.changes.parse(text) ?? [] }).changes;
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
  expect(lackOf(choice(0))).toContain("There are no points. Put at least two on the surface");
  expect(lackOf(choice(1))).toContain("There is one point. Put at least one more on the surface");
  for (const count of [2, 3, 4]) for (const share of [10, 70]) expect(lackOf(choice(count, share))).toBe("");
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
  const csv = (...lines: readonly string[]) => pointsOfCsv(new TextEncoder().encode(lines.join("\n")));

  test("is taken evenly where it has more rows than there may be points, in whatever order they are", async () => {
    for (const labelOf of [(i: number) => Math.floor(i / 500), (i: number) => i % 2]) {
      const rows = Array.from({ length: 1000 }, (_, i) => `${i},${(i * 7) % 11},${labelOf(i)}`);
      const { points, words } = await csv("x,y,label", ...rows);
      expect(points.rows.filter(([, , label]) => label === 0)).toHaveLength(200);
      expect(words).toBe(
        "400 of 1,000 points, of the columns x, y and label. There is room for 400: they are taken evenly of all labels",
      );
    }
  });

  test("says by its names which columns are meant", async () => {
    const rows = Array.from({ length: 8 }, (_, i) => `${i},${i % 3},${i % 4},${i % 2}`);
    const { words } = await csv("id,x,y,label", ...rows);
    expect(words).toBe("8 points, of the columns x, y and label");
  });

  test.each([
    ["-1.00,0.00,0", "0,1,1", "1,1,0", "2,2,1"],
    ["0,0,0", "0,1,1", "1,1,0", "2,2,1"],
    ["-1,0,in", "0,1,out", "1,1,in", "2,2,out"],
  ])("without a line of names loses no row: %s", async (...rows) => {
    const { points, words } = await csv(...rows);
    expect(points.rows).toHaveLength(4);
    expect(words).toBe("4 points, of the columns column1, column2 and column3: there is no line of names");
  });

  test.each([
    ["with a line of names", ["x;y;kind"], ""],
    ["without", [], ": there is no line of names"],
  ])("of decimal commas is read, %s", async (_, head, rest) => {
    const rows = ["0,5;1,25;in", "1,5;-2;out", "2,5;0,75;in", "3;4;out"];
    const { points, words } = await csv(...head, ...rows);
    const names = head.length > 0 ? "x, y and kind" : "column1, column2 and column3";
    expect(words).toBe(`4 points, of the columns ${names}${rest}`);
    expect(points.scale?.columns).toEqual([
      [0.5, 3],
      [-2, 4],
    ]);
  });

  test("whose names begin with numbers keeps them as names", async () => {
    const { points } = await csv("2019,2020,kind", "0,1,a", "1,1,b", "2,2,a", "3,1,b");
    expect(points.scale?.names).toEqual(["2019", "2020", "kind"]);
  });

  test("says which rows are left out, and why", async () => {
    const whole = ["0,1,a", "1,1,b", "2,2,a", "3,1,b"];
    const { words } = await csv("x,y,label", ...whole, "4,,a", "five,1,b", "5,5,");
    expect(words).toBe(
      "4 of 7 points, of the columns x, y and label. Left out: row 5, whose y is empty; row 6, whose x, “five”, is no number; row 7, whose label is empty",
    );
    await expect(csv("x,y,label", "1,,a", "2,,b")).rejects.toThrow(
      "This file has fewer than four rows of two numbers and a label: row 1, whose y is empty; row 2, whose y is empty.",
    );
    await expect(csv("x,y,label", ...whole, "1,2")).rejects.toThrow("line 6: 2 cells, where there are 3 columns");
  });

  test.each(["1e308,0,a", "0,-1e308,a", "0,0,1e200"])("with %s is refused in words", async (row) => {
    const rows = [row, "1.5,2.5,3.5", "2.5,1.5,4.5", "3.5,4.5,5.5", "4.5,3.5,6.5", "5.5,3.5,7.5"];
    await expect(csv("x,y,label", ...rows)).rejects.toThrow("Row 1, column ");
  });

  test("tells how it was scaled, in words and in its link, whatever its columns and labels are called", async () => {
    const labels = ["in_*.-", "out ü😀"];
    const rows = Array.from({ length: 8 }, (_, i) => `${10 * i},${-i / 4},${labels[i % 2]}`);
    const { points } = await csv("width,a.b,kind", ...rows);
    expect(points.scale).toEqual({
      names: ["width", "a.b", "kind"],
      columns: [
        [0, 70],
        [-1.75, 0],
      ],
      labels,
    });
    expect(scaleInWords(points.scale as Scale)).toBe(
      "Scaled into the square: width from 0 to 70, and a.b from -1.75 to 0, become −2.7 to 2.7.",
    );
    const text = pointsField.write(points);
    expect(text).toMatch(/^[A-Za-z0-9.-]+$/);
    expect(pointsField.parse(text)).toEqual(points);
    for (const nonsense of [".", ".a.b.c.1.1.1.2", ".a.b.c.0.1.0.1.a.b.c"])
      expect(pointsField.parse(`${text.split(".")[0]}${nonsense}`)).toBeUndefined();
  });

  test("of numbers in place of labels says their scale, too", async () => {
    const { points } = await csv("x,y,z", ...Array.from({ length: 9 }, (_, i) => `${i},5,${i * i}`));
    expect(points.scale).toEqual({
      names: ["x", "y", "z"],
      columns: [
        [0, 8],
        [5, 10],
      ],
      labels: [],
      numbers: [0, 64],
    });
    expect(pointsField.parse(pointsField.write(points))).toEqual(points);
  });

  test.each([
    ["x,y,kind", (i: number) => (i < 4 ? "in" : "out")],
    ["x,y,z", (i: number) => String(100 * i)],
  ])("makes a network that takes its rows as they are: %s", async (names, targetOf) => {
    const rows = Array.from({ length: 8 }, (_, i) => [50 + 10 * i, i * i] as const);
    const { points } = await csv(names, ...rows.map(([x, y], i) => `${x},${y},${targetOf(i)}`));
    const settings = { ...defaults(), data: "own" as const, points, hidden: [3], features: ["x", "y", "xy"] as const };
    const executor = new JsExecutor();
    const session = new Session(executor, settings, [], () => undefined);
    const weights = await session.weights();
    const exported = fromOnnx(await onnxOf(session));
    expect(exported.metadata).toEqual({
      input: "rows [x, y], as in the file: trained on x from 50 to 120, y from 0 to 49",
      output:
        points.classes === 1
          ? "z, as in the file: trained on z from 0 to 700"
          : 'scores of kind, in this order: ["in","out"]',
      inputs: "x,y,xy",
      activation: "tanh",
    });
    expect(JSON.parse(weightsMetadata(settings).scale).inputs[0]).toEqual({
      name: "x",
      from: 50,
      to: 120,
      becomes: [-2.7, 2.7],
    });
    expect(exported.inputs.map(({ name }) => name)).toEqual(["rows"]);
    const given = await evaluate(exported.forward(constant(rows)));
    // By hand, of the points in the square.
    const [a, b] = ["0", "2"].map((place) => [weights[`${place}.weight`], weights[`${place}.bias`]] as const);
    const wanted = points.rows.flatMap(([x, y]) => {
      const seen = [x, y, x * y];
      const layer = ([weight, bias]: typeof a, from: readonly number[]) =>
        Array.from(bias.data, (start, k) =>
          from.reduce((sum, value, j) => sum + value * weight.data[k * from.length + j], start),
        );
      return layer(b, layer(a, seen).map(Math.tanh));
    });
    // Points are rounded to hundredths.
    const unit = points.classes === 1 ? 350 : 1;
    const numbers = points.classes === 1 ? wanted.map((value) => (value + 1) * 350) : wanted;
    expect(given).toHaveLength(numbers.length);
    for (const [i, value] of Array.from(given as Float32Array).entries())
      expect(Math.abs(value - numbers[i]) / unit).toBeLessThan(0.05);
    await session.dispose();
    await executor.dispose();
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
  const made = new Variable([], 0, { dtype: "i32" });
  const looked = { layers, made, activation: "tanh", features: ["x", "y"], outputs: 2 } as const;
  const all = [...variablesOf(layers), made];
  await executor.step(await executor.load(compileInit(new Map(all.map((each, i) => [`${i}`, each])), 0)));
  const { weights } = await executor.step(await executor.load(compile(liveLook(looked))));
  const measured = await executor.step(await executor.load(compile(measureLook(looked, train, test))));
  const past = await executor.load(compile(pastLook(looked, train, test)));
  const then = await executor.step(past, { theta: weights as Float32Array });
  expect([then.train[0], then.test[0]]).toEqual([measured.train[0], measured.test[0]]);
  const moved = await executor.step(past, { theta: (weights as Float32Array).map((each) => each + 0.1) });
  expect(moved.train[0]).not.toBe(measured.train[0]);
  await executor.dispose();
});

describe("a training", () => {
  const settings = { ...defaults(), data: "circles", hidden: [4], seed: 4, rate: 0.01, share: 50 } as const;

  async function trained(to: number): Promise<Session> {
    const executor = new WasmExecutor({ build: "portable" });
    const session = new Session(executor, settings, [], () => undefined);
    if (to > 0) for await (const { step } of session.train(to)) if (step >= to) break;
    return session;
  }

  async function close(session: Session): Promise<void> {
    await session.dispose();
    await session.executor.dispose();
  }

  test("keeps moments whose weights are those of their steps, the first ones before its first step", async () => {
    const session = await trained(0);
    const looks: { readonly before: number; readonly step: number; readonly weights: Float32Array }[] = [];
    let isOver = false;
    // Asked for whenever there was an answer, not when steps are told of.
    const looking = (async () => {
      while (!isOver) {
        const before = session.step;
        const { step, answer } = await session.live();
        looks.push({ before, step, weights: answer.weights });
      }
    })();
    for await (const { step } of session.train(4000)) if (step >= 4000) break;
    isOver = true;
    await looking;
    const { moments } = session;
    expect(moments[0].step).toBe(0);
    expect(moments.filter(({ step }) => step <= 50).length).toBeGreaterThanOrEqual(8);
    // Steps were made between the question and the answer.
    const late = looks.filter(({ before, step }) => step > before);
    expect(late).not.toEqual([]);
    const [first, ...others] = moments;
    for (const { step, weights } of [first, others[8], others[others.length - 1], late[late.length - 1]]) {
      const again = await trained(step);
      expect([step, (await again.live()).answer.weights]).toEqual([step, weights]);
      await close(again);
    }
    await close(session);
  });

  test("counts its steps on where something is changed on the way", async () => {
    const session = await trained(30);
    await session.change({ set: { optimizer: "sgd", batch: 20 } });
    await session.change({ set: {}, weight: { path: "0.weight", index: 0, value: 7 } });
    const { step, answer } = await session.live();
    expect([step, answer.weights[0]]).toEqual([30, 7]);
    expect(session.moments.at(-1)).toEqual({ step: 30, weights: answer.weights, activation: "tanh" });
    for await (const report of session.train(40)) if (report.step >= 40) break;
    expect((await session.measures()).step).toBe(40);
    await close(session);
  });

  test("looks back at moments with the activation of then", async () => {
    const session = await trained(200);
    const { train } = (await session.measures()).answer;
    await session.live();
    const moment = session.moments[session.moments.length - 1];
    await session.change({ set: { activation: "relu" } });
    expect((await session.past(moment)).train[0]).toBeCloseTo(train[0], 5);
    for await (const { step } of session.train(400)) if (step >= 400) break;
    await session.live();
    const later = session.moments[session.moments.length - 1];
    const losses = [(await session.past(moment)).train[0], (await session.past(later)).train[0]];
    expect(losses[0]).toBeCloseTo(train[0], 5);
    expect(losses[1]).toBeCloseTo((await session.measures()).answer.train[0], 5);
    await close(session);
  });

  test("has a way to be drawn after a few steps, and is told to be too short before", async () => {
    const session = await trained(1);
    const plane = async () => pathPlane((await session.live()).answer.weights, session.moments);
    expect(await plane()).toBeUndefined();
    expect(noWay(session.moments.length)).toContain("Two moments of the way are kept yet, and a plane needs three");
    for await (const { step } of session.train(50)) if (step >= 50) break;
    expect((await plane())?.path.length).toBeGreaterThanOrEqual(8);
    for await (const { step } of session.train(5000)) if (step >= 5000) break;
    expect(session.moments.length).toBeGreaterThanOrEqual(20);
    await close(session);
  });
});

test("a timeline keeps the latest weights of a step, its first moment, and not too many", () => {
  const timeline = new Timeline(10);
  const activation = "tanh";
  for (let step = 0; step < 1000; step++) timeline.add({ step, weights: Float32Array.of(step), activation });
  expect(timeline.moments[0].step).toBe(0);
  expect(timeline.moments.length).toBeLessThanOrEqual(10);
  const { step } = timeline.moments[timeline.moments.length - 1];
  const again = { step, weights: Float32Array.of(-1), activation } as const;
  timeline.add(again);
  expect(timeline.moments.filter((moment) => moment.step === step)).toEqual([again]);
});

test("the place that is told of the surface is the one whose value is told", async () => {
  const executor = new WasmExecutor({ build: "portable" });
  const settings = { ...defaults(), data: "waves" as const, hidden: [6], seed: 9 };
  const session = new Session(executor, settings, [], () => undefined);
  const { surface } = (await session.live()).answer;
  const weights = await session.weights();
  for (const place of [
    [0, 0],
    [-3, 3],
    [2.99, -3],
    [1.23, -0.77],
  ] as const) {
    const { at, middle } = squareAt(place);
    for (const i of [0, 1]) expect(Math.abs(middle[i] - place[i])).toBeLessThanOrEqual(3 / 64 + 1e-9);
    const data = (name: string) => weights[name].data as Float32Array;
    const units = Array.from(data("0.bias"), (bias, k) =>
      Math.tanh(bias + data("0.weight")[2 * k] * middle[0] + data("0.weight")[2 * k + 1] * middle[1]),
    );
    const wanted = units.reduce((sum, unit, k) => sum + unit * data("2.weight")[k], data("2.bias")[0]);
    expect(surface[at]).toBeCloseTo(wanted, 4);
  }
  await session.dispose();
  await executor.dispose();
});

test.each([
  [2, 10, "2 points to train on, none to test."],
  [3, 40, "2 points to train on, 1 (hollow) to test."],
  [1, 70, "1 point to train on, none to test."],
])("of %i points, at a share of %i, there are %s", (count, share, words) => {
  const rows = Array.from({ length: count }, (_, i) => [i, 0, i % 2] as const);
  expect(countsInWords(samplesOf({ ...defaults(), data: "own", share, points: { rows, classes: 2 } }))).toBe(words);
});

test("the links to noise show what they say: it is learned by heart, and with a penalty it is not", async () => {
  const losses = async (name: string) => {
    const said = new URLSearchParams(presets.find(([text]) => text.includes(name))?.[1]);
    const entries = Object.entries(fields).map(([key, field]) => {
      const text = said.get(key);
      return [key, text === null ? field.fallback : field.parse(text)];
    });
    const executor = new WasmExecutor({ build: "portable" });
    const session = new Session(executor, Object.fromEntries(entries), [], () => undefined);
    const overfitting = new Overfitting();
    const all: { train: number; test: number; words: string }[] = [];
    for (let end = 200; end <= 10_000; end += 200) {
      for await (const { step } of session.train(end)) if (step >= end) break;
      const { step, answer } = await session.measures();
      const [train, test] = [answer.train[0], answer.test[0]];
      all.push({ train, test, words: overfitting.add({ step, train, test }) });
    }
    await session.dispose();
    await executor.dispose();
    return { least: Math.min(...all.map(({ test }) => test)), last: all[all.length - 1] };
  };
  const heart = await losses("learned by heart");
  const penalty = await losses("with a penalty");
  expect(heart.last.train).toBeLessThan(0.01);
  expect(heart.last.test).toBeGreaterThan(4 * heart.least);
  expect(heart.last.words).toContain("The test loss has risen since about step");
  expect(penalty.last.test).toBeLessThan(heart.last.test / 4);
  expect(penalty.last.test).toBeLessThan(1.2 * penalty.least);
  expect(penalty.last.words).toBe("");
});

describe("the code", () => {
  test("has each point once, however many clicks there were, and a trainer once", () => {
    const rows = Array.from({ length: 60 }, (_, i) => [i / 100, -i / 50, i % 2] as const);
    const first = { ...defaults(), data: "own" as const, points: { rows, classes: 2 } };
    const clicks = Array.from({ length: 4 }, (_, i) => [2, 2 + i / 100, 1] as const);
    const changes = clicks.map((_, i) => ({
      step: 10 * (i + 1),
      set: { points: { rows: [...rows, ...clicks.slice(0, i + 1)], classes: 2 } },
    }));
    const without = {
      step: 90,
      set: { points: { rows: [...rows.slice(0, 7), ...rows.slice(8), ...clicks], classes: 2 } },
    };
    const code = codeOf({ first, changes: [...changes, without], steps: 100 }, sets);
    for (const row of [...rows, ...clicks]) expect(code.split(`[${row.join(", ")}]`)).toHaveLength(2);
    expect(code.split("new Trainer")).toHaveLength(2);
    expect(code).toContain("own.push([2, 2.03, 1]);");
    expect(code).toContain("own.splice(7, 1);");
    const plain = codeOf({ first, changes: [], steps: 100 }, sets);
    expect(code.length).toBeLessThan(plain.length + 1500);
  });

  test("scales a row of the file, and says the label in the file's words", () => {
    const points = {
      rows: [[0, 0, 0] as const, [1, 1, 1] as const, [2, 2, 0] as const],
      classes: 3,
      scale: {
        names: ["width", 'he"ight', "kind"] as const,
        columns: [[0, 29] as const, [5, 10] as const] as const,
        labels: ["in", "out"],
      },
    };
    const code = codeOf({ first: { ...defaults(), data: "own", points }, changes: [], steps: 9 }, sets);
    expect(code).toContain("const columns = [[0, 29], [5, 10]];");
    expect(code).toContain('const labels = ["in", "out", "3"];');
    expect(code).toContain('console.log("width", row[0], "he\\"ight", row[1], "is", "kind", await answer(row));');
    expect(codeOf({ first: { ...defaults(), points }, changes: [], steps: 9 }, sets)).not.toContain("labels");
  });
});

test.each([
  [0, [], ""],
  [1, [], "makes 1 step, and stops"],
  [1200, [5, 1200, 1300], "makes 1,200 steps, with 2 changes on the way, and stops"],
  [0, [5], "trains, and makes 1 change on the way"],
])("what a link of %i steps and changes after %j brings", (steps, after, words) => {
  const changes = after.map((step) => ({ step, set: { rate: 1 } }));
  expect(replayed(steps, changes)).toBe(words);
});
