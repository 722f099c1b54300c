// Threads of a team that are ended at random moments, within a step or between two: an error or the right result, never a hang.
// `npm run soak` takes forty times as many.
import * as workers from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { ADD } from "../../assembly/isa/map-code.ts";
import { MAP_CHUNK } from "../../assembly/isa/sizes.ts";
import { ThreadError } from "../../src/errors.ts";
import type { Program } from "../../src/program/program.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { wasm } from "../../src/runtime/wasm/generated/portable.ts";
import { createWasmMachine, decoded } from "../../src/runtime/wasm/machine.ts";
import { numbers } from "../random.ts";
import { turns } from "./contract-programs.ts";
import { a, Encoder, full, o, one } from "./encode.ts";

const kills = process.env.SOAK ? 2000 : 50;
const bytes = decoded(wasm);
const ELEMENTS = 6 * MAP_CHUNK;

/** n = n + 1, element by element and by way of the arena, with a barrier in the middle. */
function counting(): Program {
  const e = new Encoder();
  const n = e.variable("n", [ELEMENTS]);
  const more = e.arena(ELEMENTS);
  const half = e.constant([0.5]);
  const add = (from: number, to: number) =>
    e.map({ n: ELEMENTS, operands: [full(from), one(half)], outputs: [to], steps: [[ADD, o(0), a(0), a(1)]] });
  add(n, more);
  e.barrier();
  add(more, n);
  return e.program();
}

const made: workers.Worker[] = [];

/** Has the teams that src/ starts be known here. */
function watchTeams(): void {
  class Recorded extends workers.Worker {
    constructor(...parameters: ConstructorParameters<typeof workers.Worker>) {
      super(...parameters);
      made.push(this);
    }
  }
  const original = process.getBuiltinModule;
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { ...workers, Worker: Recorded } : original(name)) as typeof original);
}

afterEach(() => {
  vi.restoreAllMocks();
});

test(`${kills} threads that are ended at random moments`, async () => {
  watchTeams();
  const random = numbers(15);
  const below = (limit: number) => Math.floor(random() * limit);
  const seen = { right: 0, "between two steps": 0, "within a step": 0 };
  for (let kill = 0; kill < kills; kill++) {
    made.length = 0;
    const threads = 2 + below(2);
    const machine = createWasmMachine(bytes, { threads, choose: (_, most) => most, patience: 100 });
    const executor = new LocalExecutor({ name: "wasm-portable", tile: "3x12", threads, fallback: "" }, machine, {});
    const id = await executor.load(counting());
    expect(made).toHaveLength(threads - 1);
    const steps = 1 + below(400);
    const ended = executor.run([[id, steps]]).done.catch((error: unknown) => error);
    await turns(below(4));
    void made[below(made.length)].terminate();
    // The moment of its death: now, or within one of the next steps.
    for (let spin = below(200_000); spin > 0; spin--) Math.sqrt(spin);
    const outcome = await ended;
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(ThreadError);
      seen[outcome.message.includes("within a step") ? "within a step" : "between two steps"]++;
      await expect(executor.run([[id, 1]]).done).rejects.toThrow(ThreadError);
    } else {
      seen.right++;
      expect(outcome).toEqual({ steps, stopped: false });
      expect(new Set(await executor.read({ variable: "n" }))).toEqual(new Set([steps]));
    }
    await executor.dispose();
  }
  console.log(`threads that were ended: ${JSON.stringify(seen)}`);
  expect(seen["within a step"]).toBeGreaterThan(0);
}, 3_600_000);
