// A team: instances of the module in Node's worker threads over one memory. Programs must give the bits that one thread gives.
import { describe, expect, test } from "vitest";
import { TANH } from "../../assembly/isa/map-code.ts";
import {
  BARRIER,
  COPY,
  CUMULATIVE_SUM,
  LOOP,
  MATMUL,
  PACK,
  REDUCE,
  SCATTER_ADD,
  SOFTMAX,
  SORT,
} from "../../assembly/isa/opcode.ts";
import {
  ABORT_AFTER_STEP,
  ABORT_NOW,
  CLAIM_SLOTS,
  CONTROL_ABORT,
  CONTROL_BARRIER_COUNT,
  CONTROL_CLAIMS,
  CONTROL_PATIENCE,
} from "../../assembly/isa/sizes.ts";
import { KIND_SUM } from "../../assembly/isa/slots.ts";
import { matmulSlots, packSlots } from "../product.ts";
import { builds, instruction, type Log, Machine, randoms } from "./machine.ts";
import { full, mapInstruction, operand, output } from "./map-program.ts";
import { Team, THREADS } from "./team.ts";

/** A little of everything, with its results summed up at the end of a step into one scalar. */
function mixture(machine: Machine): {
  program: number[][];
  results: readonly { data: Float32Array | Int32Array }[];
  log: Log;
} {
  const [m, n, k] = [90, 130, 70];
  const a = machine.f32(randoms(m * k, 1));
  const b = machine.f32(randoms(k * n, 2));
  const panels = machine.f32(k * Math.ceil(n / 24) * 24);
  const c = machine.f32(m * n);
  const turned = machine.f32(m * n);
  const half = n / 2;
  const halves = machine.f32(2 * k * Math.ceil(half / 24) * 24);
  const inHalves = machine.f32(m * n);
  const probabilities = machine.f32(m * n);
  const index = machine.i32(Array.from({ length: m }, (_, i) => (i * 7) % 20));
  const scattered = machine.f32(20 * n);
  const running = machine.f32(m * n);
  const [sorted, order] = [machine.f32(m * n), machine.i32(m * n)];
  const columns = machine.f32(n);
  const sum = machine.f32(1);
  const ring = machine.f32(8);
  const barrier = instruction(BARRIER);
  const body = [
    instruction(PACK, ...packSlots({ to: panels.at, from: b.at, k, n })),
    // The same by the halves of the columns of B and of the result.
    instruction(PACK, ...packSlots({ to: halves.at, from: b.at, heads: 2, k, n: half, row: n, head: half })),
    barrier,
    instruction(
      MATMUL,
      ...matmulSlots({
        ...{ c: inHalves.at, a: a.at, b: b.at, panels: halves.at, heads: 2, m, n: half, k },
        ...{ rows: [k, n, n], byHead: [0, half, half] },
      }),
    ),
    instruction(MATMUL, ...matmulSlots({ c: c.at, a: a.at, b: b.at, panels: panels.at, m, n, k })),
    barrier,
    mapInstruction({ n: m * n, operands: [full(c)], outputs: [c], steps: [[TANH, output(0), operand(0)]] }),
    barrier,
    instruction(COPY, turned.at, c.at, 2, n, m, 1, m, 1, n),
    instruction(SOFTMAX, probabilities.at, c.at, m, n),
    barrier,
    instruction(SCATTER_ADD, scattered.at, probabilities.at, index.at, m, n, 20),
    instruction(CUMULATIVE_SUM, running.at, turned.at, 1, n, m, 0, 0, 0),
    instruction(SORT, sorted.at, order.at, order.at, turned.at, n, m, 0, 1),
    instruction(REDUCE, columns.at, turned.at, KIND_SUM, n, m, 1),
    barrier,
    // The next step starts from what this one found: an order violated anywhere changes every later bit.
    instruction(COPY, b.at, scattered.at, 1, 20 * n, 1, 1),
    instruction(REDUCE, sum.at, columns.at, KIND_SUM, 1, n, 1),
    barrier,
  ];
  const program = [instruction(LOOP, 3, body.flat().length, 0), ...body];
  return {
    program,
    results: [c, inHalves, turned, probabilities, scattered, running, sorted, order, columns, b],
    log: { from: sum.at, count: 1, to: ring.at, capacity: 8 },
  };
}

describe.each(builds)("a team of threads, %s build", (build) => {
  test("gives the same bits as one thread, step after step", async () => {
    const alone = new Machine(build);
    const single = mixture(alone);
    expect(alone.run(single.program, { steps: 60, log: single.log })).toBe(60);
    const team = new Team(new Machine(build, { threads: THREADS }));
    try {
      const shared = mixture(team.machine);
      expect(await team.run(shared.program, 60, shared.log)).toEqual(new Array(THREADS).fill(60));
      expect(shared.results.map(({ data }) => data)).toEqual(single.results.map(({ data }) => data));
      const [ring, expected] = [team.machine, alone].map(
        ({ memory }, i) => new Float32Array(memory.buffer, [shared, single][i].log.to, 8),
      );
      expect(Array.from(ring)).toEqual(Array.from(expected));
    } finally {
      await team.end();
    }
  });

  test("puts in a barrier of its own when all claim counters are used, and resets them", async () => {
    const team = new Team(new Machine(build, { threads: THREADS }));
    try {
      const from = team.machine.i32([1]);
      const to = team.machine.i32(5 * CLAIM_SLOTS);
      const copies = Array.from(to.data, (_, i) => instruction(COPY, to.at + 4 * i, from.at, 0));
      expect(await team.run(copies, 10)).toEqual(new Array(THREADS).fill(10));
      expect(to.data.every((value) => value === 1)).toBe(true);
      const claims = new Int32Array(team.machine.memory.buffer, CONTROL_CLAIMS, CLAIM_SLOTS * 16);
      expect(claims.every((value) => value === 0)).toBe(true);
    } finally {
      await team.end();
    }
  });

  test("stops after the same step on every thread", async () => {
    const team = new Team(new Machine(build, { threads: THREADS }));
    try {
      const from = team.machine.i32([ABORT_AFTER_STEP]);
      expect(await team.run([instruction(COPY, CONTROL_ABORT, from.at, 0)], 1000)).toEqual(new Array(THREADS).fill(1));
    } finally {
      await team.end();
    }
  });

  test("leaves a barrier that will never be complete, once told to", async () => {
    const team = new Team(new Machine(build, { threads: THREADS }));
    try {
      const control = new Int32Array(team.machine.memory.buffer);
      control[CONTROL_ABORT / 4] = ABORT_NOW;
      // One thread never comes.
      expect(await team.run([instruction(BARRIER)], 5, undefined, 1)).toEqual(new Array(THREADS - 1).fill(0));
      expect(control[CONTROL_BARRIER_COUNT / 4]).toBe(THREADS - 1);
    } finally {
      await team.end();
    }
  });

  test("gives up a thread that does not come to a barrier, in the middle of a step or at its end", async () => {
    for (const program of [[instruction(BARRIER)], []]) {
      const team = new Team(new Machine(build, { threads: THREADS }));
      try {
        const control = new Int32Array(team.machine.memory.buffer);
        control[CONTROL_PATIENCE / 4] = 3;
        expect(await team.run(program, 5, undefined, 1)).toEqual(new Array(THREADS - 1).fill(0));
        expect(control[CONTROL_ABORT / 4]).toBe(ABORT_NOW);
      } finally {
        await team.end();
      }
    }
  });
});
