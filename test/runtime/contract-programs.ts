// Programs by hand for the contract, and how they are waited for.
import { expect } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import type { Program } from "../../src/program/program.ts";
import type { Executor, RunHandle } from "../../src/runtime/executor.ts";
import { a, Encoder, full, o, one, r } from "./encode.ts";

/** y = 2 x + c, through the arena; c = 1, and the scalar x[0] is logged. */
export function affine(size: number, spare = 0): Program {
  const e = new Encoder();
  const x = e.input("x", [size]);
  const first = e.output("first", []);
  const y = e.output("y", [size]);
  if (spare > 0) e.arena(spare);
  const doubled = e.arena(size);
  const c = e.constant([1]);
  e.map({ n: size, operands: [full(x)], outputs: [doubled], steps: [[code.ADD, o(0), a(0), a(0)]] });
  e.map({ n: 1, operands: [one(x)], outputs: [first], steps: [[code.COPY_BITS, o(0), a(0)]] });
  e.barrier();
  e.map({ n: size, operands: [full(doubled), one(c)], outputs: [y], steps: [[code.ADD, o(0), a(0), a(1)]] });
  return e.program();
}

/** Adds `by` to the i32 variable `key`, and logs the sum as i32 and as f32. */
export function counter(key: string, by = 1): Program {
  const e = new Encoder();
  const count = e.variable(key, [], "i32");
  const integer = e.output("count", [], "i32");
  const real = e.output("half", []);
  const step = e.constant(Int32Array.of(by));
  const half = e.constant([0.5]);
  e.map({
    n: 1,
    operands: [full(count), one(step), one(half)],
    outputs: [count, integer, real],
    steps: [
      [code.ADD_I, r(0), a(0), a(1)],
      [code.FROM_I32, r(1), r(0)],
      [code.COPY_BITS, o(0), r(0)],
      [code.COPY_BITS, o(1), r(0)],
      [code.MUL, o(2), r(1), a(2)],
    ],
  });
  return e.program();
}

/** y[t] = y[t - 1] + x[t] for rows of two, by a loop; then z[t] = y[steps - 1 - t] by a loop that runs backwards. */
export function cumulative(steps: number): Program {
  const e = new Encoder();
  const x = e.input("x", [steps, 2]);
  const y = e.output("y", [steps + 1, 2]);
  const z = e.output("z", [steps, 2]);
  const zero = e.constant([0]);
  e.map({ n: 2, operands: [one(zero)], outputs: [y], steps: [[code.COPY_BITS, o(0), a(0)]] });
  e.barrier();
  const stride = 2;
  e.loop(steps, 0, () => {
    e.index([5, 0, stride], [9, 0, stride], [13, 0, stride]);
    e.map({ n: 2, operands: [full(y), full(x)], outputs: [y + stride], steps: [[code.ADD, o(0), a(0), a(1)]] });
    e.barrier();
  });
  e.loop(steps, 0, () => {
    e.index([5, 0, -stride], [9, 0, stride]);
    e.map({ n: 2, operands: [full(y + steps * stride)], outputs: [z], steps: [[code.COPY_BITS, o(0), a(0)]] });
    e.barrier();
  });
  return e.program();
}

/** Counts the innermost iterations of nested loops in an i32 variable; one loop runs no times. */
export function nested(counts: readonly number[]): Program {
  const e = new Encoder();
  const count = e.variable("nested", [], "i32");
  const one1 = e.constant(Int32Array.of(1));
  const inner = (depth: number) => {
    if (depth < counts.length) return e.loop(counts[depth], depth, () => inner(depth + 1));
    e.map({ n: 1, operands: [full(count), one(one1)], outputs: [count], steps: [[code.ADD_I, o(0), a(0), a(1)]] });
    e.barrier();
  };
  inner(0);
  return e.program();
}

/** Lets the event loop turn until the run has made more steps. */
export async function untilSteps(run: RunHandle, steps: number): Promise<void> {
  while (run.steps < steps) await new Promise((resolve) => setTimeout(resolve, 0));
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Runs an affine program and looks at what it gives. */
export async function runAffine(executor: Executor, id: number, x: readonly number[]): Promise<void> {
  await executor.write({ program: id, name: "x" }, x);
  await executor.run([[id, 1]]).done;
  expect([...(await executor.read({ program: id, name: "y" }))]).toEqual(x.map((value) => 2 * value + 1));
}
