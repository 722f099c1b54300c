// Code made for one program, in Node: its tests in every engine, every op with its gradients, and what is made when.
import { describe, expect, test } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { compile, input, Variable } from "../../src/index.ts";
import type { OpName } from "../../src/ops/index.ts";
import { TablePlaces } from "../../src/runtime/wasm/functions.ts";
import { generate } from "../../src/runtime/wasm/jit/index.ts";
import { stagesOf } from "../../src/runtime/wasm/jit/stages.ts";
import type { Tensor } from "../../src/tensor.ts";
import { halves } from "../compile/programs.ts";
import { goldenCases } from "../golden.ts";
import { derivativesAt, type Point } from "../ops/derivatives.ts";
import { draw, generator } from "../ops/inputs.ts";
import type { Sample } from "../ops/sample.ts";
import { samples } from "../ops/samples.ts";
import { restless } from "../team.ts";
import { comparison, executorOf, jitTests } from "./jit.ts";

const builds = ["relaxed", "portable"] as const;

jitTests(builds, [
  { prepareAfter: 0, threads: 2, choose: () => 2 },
  { threads: 2, choose: () => 2, compare: restless },
]);

/** Points of a sample: the golden ones and the larger ones, with cotangents where the op has gradients. */
function pointsOf(sample: Sample): Point[] {
  const next = generator(1);
  const larger = (sample.larger ?? []).map((list): Point => {
    const inputs = list.map((random) => draw(random, next));
    if (inputs.every(({ dtype }) => dtype !== "f32")) return { inputs };
    const { value } = derivativesAt(sample, { inputs });
    if (value.dtype !== "f32") return { inputs };
    return { inputs, weights: draw({ shape: value.shape, dtype: "f32", low: -1, high: 1 }, next).data };
  });
  return [...goldenCases(sample.golden), ...larger];
}

describe.each(builds)("functions made for the %s build", (build) => {
  const expectSame = comparison(build);

  test.each(Object.entries(samples) as [OpName, readonly Sample[]][])("have its bits for %s", async (_, list) => {
    for (const sample of list)
      for (const point of pointsOf(sample)) await expectSame(() => derivativesAt(sample, point), sample.golden);
  });
});

/** The program of y = f(x) for a vector x. */
function programOf(n: number, f: (x: Tensor) => Tensor) {
  const x = input([n]);
  return compile({ inputs: { x }, outputs: { y: f(x) } });
}

test("a toy's step is one function, a larger program's maps are functions each, and what takes longer stays with the kernels", () => {
  const toy = programOf(5, (x) => x.mul(2).exp().sum());
  expect(generate(toy.code, { fused: true, scratch: 64 })).toMatchObject({ step: 0, count: 1, maps: [] });
  expect(generate(toy.code, { fused: true })).toBeUndefined(); // for a team
  const larger = programOf(100, (x) => x.mul(2).add(1));
  expect(generate(larger.code, { fused: true, scratch: 64 })).toMatchObject({
    count: 1,
    maps: [[expect.any(Number), 0]],
  });
  expect(generate(programOf(100, (x) => x.exp()).code, { fused: true, scratch: 64 })).toBeUndefined();
  expect(generate(halves().code, { fused: true, scratch: 64 })).toBeUndefined(); // matrices that are parts of others
});

describe("a map with a long step", () => {
  const [x, result, other] = [slot.REGISTER_OPERAND, slot.REGISTER_OUTPUT, slot.REGISTER_OUTPUT + 1];
  const steps = (last: number) => [
    { code: code.MUL, target: 0, sources: [x, x] },
    { code: code.TANH, target: result, sources: [0] },
    { code: code.ADD, target: other, sources: [result, last] },
  ];
  /** The first result lies where the operand does. */
  const ends = {
    operands: 1,
    outputs: 2,
    lies: () => true,
    isFree: (o: number, unread: ReadonlySet<number>) => o !== 0 || !unread.has(0),
  };

  test("has a loop before it and one after it", () => {
    const stages = stagesOf(steps(result), ends);
    const codes = (lists: readonly (readonly { readonly code: number }[])[] | undefined) =>
      lists?.map((list) => list.map((item) => item.code));
    expect(codes(stages?.loops)).toEqual([[code.MUL], [code.ADD]]);
    expect(codes(stages?.long)).toEqual([[code.TANH], []]);
    expect(stages?.blocks).toBe(1);
  });

  test("has its result written at once, but not over what is still to be read", () => {
    expect(stagesOf(steps(result), ends)?.long[0][0].result).toBe(0);
    expect(stagesOf(steps(x), ends)?.long[0][0].result).toBe(-1);
  });

  test("is left to the kernels if it counts elements from multiples of 16 on", () => {
    expect(stagesOf([{ code: code.UNIFORM, target: result, sources: [x, x] }], ends)).toBeUndefined();
  });
});

test("maps that differ in their places alone share a function", () => {
  const [x, y] = [input([64]), input([3, 32])];
  const half = (z: Tensor) => z.mul(0.5).add(1);
  const program = compile({ inputs: { x, y }, outputs: { a: half(x), b: half(y) } });
  const generated = generate(program.code, { fused: false });
  expect(generated?.count).toBe(1);
  expect(generated?.maps.length).toBe(2);
});

test("places of functions are used again", () => {
  const places = new TablePlaces();
  const first = places.take(3);
  expect(first).toEqual([1, 2, 3]);
  places.give(first);
  expect(places.take(4).sort()).toEqual([1, 2, 3, 4]);
});

test("a program whose arena moves while it has functions goes on", async () => {
  const executor = await executorOf("portable", { prepareAfter: 0 });
  const w = new Variable([40], 1);
  const id = await executor.load(
    compile({ assignments: [[w, w.mul(2).sub(0.5)]], outputs: { sum: w.mul(3).add(w).sum() } }),
  );
  await executor.write({ variable: w.key }, new Float32Array(40).fill(1));
  await executor.run([[id, 1]]).done;
  await executor.load(programOf(50_000, (x) => x.mul(2).sum().mul(x).add(1)));
  await executor.run([[id, 1]]).done;
  expect(Array.from(await executor.read({ variable: w.key }))).toEqual(Array(40).fill(2.5));
  await executor.unload(id);
  await executor.dispose();
});
