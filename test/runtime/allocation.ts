// A process of its own for allocation.test.ts, which must measure neither vitest's import wrappers nor kernels that have seen both
// precisions: prints the bytes that a step of one executor leaves on the heap. Run with --expose-gc and the executor's name.
import * as code from "../../assembly/isa/map-code.ts";
import type { Program } from "../../src/program/program.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { float32, oracle } from "../executors.ts";
import { a, Encoder, full, o, one, r } from "./encode.ts";

const STEPS = 30_000;

/** x = 0.5 x + 1 over a loop and an i32 count; the scalars x and count are logged. */
function program(): Program {
  const e = new Encoder();
  const x = e.variable("x", []);
  const count = e.variable("count", [], "i32");
  const logged = [e.output("x", []), e.output("count", [], "i32")];
  const half = e.constant([0.5]);
  const unit = e.constant([1]);
  const step = e.constant(Int32Array.of(1));
  e.loop(3, 0, () => {
    e.index([5, 0, 0]);
    e.map({
      n: 1,
      operands: [full(x), one(half), one(unit)],
      outputs: [x, logged[0]],
      steps: [
        [code.MULTIPLY_ADD, r(0), a(0), a(1), a(2)],
        [code.COPY_BITS, o(0), r(0)],
        [code.COPY_BITS, o(1), r(0)],
      ],
    });
    e.barrier();
  });
  e.map({
    n: 1,
    operands: [full(count), one(step)],
    outputs: [count, logged[1]],
    steps: [
      [code.ADD_I, r(0), a(0), a(1)],
      [code.COPY_BITS, o(0), r(0)],
      [code.COPY_BITS, o(1), r(0)],
    ],
  });
  return e.program();
}

/** Bytes that a run of so many steps leaves on the heap; the log is taken afterwards. */
async function garbage(executor: Executor, id: number, steps: number): Promise<number> {
  const run = executor.run([[id, steps]]);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  await run.done;
  const bytes = process.memoryUsage().heapUsed - before;
  if (run.takeLog()[0].values.length !== 2 * steps) throw new Error("rows are missing from the log");
  return bytes;
}

/** The engine allocates while it compiles what is hot, so the best of many runs counts. */
async function bytesPerStep(executor: Executor): Promise<number> {
  const id = await executor.load(program());
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 40 && least > 0.8 * STEPS; round++)
    least = Math.min(least, Math.abs(await garbage(executor, id, STEPS)));
  await executor.dispose();
  return least / STEPS;
}

const create = { ...float32, oracle }[process.argv[2]];
if (create === undefined) throw new Error(`there is no executor ${process.argv[2]}`);
console.log(await bytesPerStep(create()));
