// Barriers stand where threads could meet, and nowhere else: by the verifier's measure, and by what programs compute when all that
// threads may do in any order is done in another one.
import { compile, concat, input, type Program, scan, stack, type Tensor } from "simdgrad";
import { verifyProgram } from "simdgrad/debug";
import { afterAll, describe, expect, test } from "vitest";
import { BARRIER, END, INDEX, LOOP } from "../../assembly/isa/opcode.ts";
import { CLAIM_SLOTS } from "../../assembly/isa/sizes.ts";
import { LOOP_BODY } from "../../assembly/isa/slots.ts";
import { initialise } from "../../src/evaluate.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { programs as trainingSteps } from "../budget-programs.ts";
import { float32 } from "../executors.ts";
import { Draft } from "../program/draft.ts";
import { thrown } from "../thrown.ts";
import { trainingStep } from "./compile-time.ts";
import { batched, dense, moving, recurrent } from "./programs.ts";
import { type RandomGraph, randomGraph } from "./random-graphs.ts";

function compiled({ inputs, outputs, assignments }: RandomGraph, optimize: boolean): Program {
  return compile(
    {
      inputs: Object.fromEntries(inputs.map(([tensor], i) => [`x${i}`, tensor])),
      outputs: Object.fromEntries(outputs.map((tensor, i) => [`y${i}`, tensor])),
      assignments,
    },
    { optimize },
  );
}

const graphs = [5, 12, 30, 80].flatMap((size, i) =>
  Array.from({ length: 40 / (i + 1) }, (_, j) => ({ seed: 5000 + 1000 * i + j, size })),
);

const programs: Readonly<Record<string, () => Program>> = {
  dense,
  batched,
  recurrent,
  moving,
  ...trainingSteps,
  "a deep network": () => {
    const { nodes: _, ...step } = trainingStep(20);
    return compile(step);
  },
};

/** Numbers, among the barriers, of those that neither end a loop nor keep the claim counters from running out. */
function removable({ code }: Program): number[] {
  const list: { at: number; before: number; after: number }[] = [];
  const ends = new Set<number>();
  let before = 0;
  for (let at = 0; at < code.length; at += lengthAt(code, at)) {
    const opcode = opcodeAt(code, at);
    if (opcode === BARRIER) {
      list.push({ at, before, after: 0 });
      before = 0;
    } else if (opcode === LOOP) ends.add(at + lengthAt(code, at) + code[at + LOOP_BODY]);
    else if (opcode !== INDEX && opcode !== END) {
      before++;
      const last = list.at(-1);
      if (last !== undefined) last.after++;
    }
  }
  return list.flatMap((each, number) =>
    ends.has(each.at + 1) || each.before + each.after > CLAIM_SLOTS / 2 ? [] : [number],
  );
}

/** The barriers without which the verifier finds nothing to complain of, of those that may be removed. */
function needless(program: Program): number[] {
  expect(thrown(() => verifyProgram(program))).toBe("nothing");
  return removable(program).filter((number) => {
    const draft = new Draft(program);
    draft.remove(BARRIER, number);
    const complaint = thrown(() => verifyProgram(draft.program));
    if (complaint !== "nothing") expect(complaint).toMatch(/no barrier since|reads panels|reads strips/);
    return complaint === "nothing";
  });
}

describe("the verifier misses every barrier", () => {
  test.each(Object.entries(programs))("of %s", (_name, make) => {
    const program = make();
    expect(removable(program)).not.toEqual([]);
    expect(needless(program)).toEqual([]);
  });

  test.each([true, false])("of random graphs, with optimize: %s", (optimize) => {
    let barriers = 0;
    for (const { seed, size } of graphs) {
      const program = compiled(randomGraph(seed, size), optimize);
      barriers += removable(program).length;
      expect(needless(program), `seed ${seed}`).toEqual([]);
    }
    expect(barriers).toBeGreaterThan(500);
  });
});

/** The same program, with the instructions between any two barriers, or ends of loops, the other way round. */
function reversed(program: Program): Program {
  const { code } = program;
  const words: number[] = [];
  let run: number[][] = [];
  const flush = () => {
    words.push(...run.reverse().flat());
    run = [];
  };
  const ends = new Set<number>();
  for (let at = 0, prefix: number[] = []; at < code.length; at += lengthAt(code, at)) {
    if (ends.has(at)) flush();
    const opcode = opcodeAt(code, at);
    const own = [...prefix, ...code.subarray(at, at + lengthAt(code, at))];
    prefix = [];
    if (opcode === INDEX) prefix = own;
    else if (opcode === BARRIER || opcode === LOOP || opcode === END) {
      flush();
      words.push(...own);
      if (opcode === LOOP) ends.add(at + own.length + code[at + LOOP_BODY]);
    } else run.push(own);
  }
  return { ...program, code: Int32Array.from(words) };
}

async function results(executor: Executor, program: Program, graph: RandomGraph): Promise<string> {
  const id = await executor.load(program);
  await initialise(executor, graph.variables, 0);
  for (const [i, [, data]] of graph.inputs.entries()) await executor.write({ program: id, name: `x${i}` }, data);
  await executor.run([[id, 2]]).done;
  const slots = [
    ...program.outputs.map(({ name }) => ({ program: id, name })),
    ...graph.variables.map(({ key }) => ({ variable: key })),
  ];
  const values = await Promise.all(slots.map((slot) => executor.read(slot)));
  await executor.unload(id);
  return values.map((list) => list.join()).join(";");
}

const executors = Object.entries(float32).map(([name, create]) => ({ name, executor: create({ poison: true }) }));
afterAll(() => Promise.all(executors.map(({ executor }) => executor.dispose())));

test.each(executors)("between barriers any order gives the same bits on $name", async ({ executor }) => {
  let changed = 0;
  for (const { seed, size } of graphs) {
    const graph = randomGraph(seed, size);
    const program = compiled(graph, seed % 2 === 0);
    const other = reversed(program);
    if (!other.code.every((word, i) => word === program.code[i])) changed++;
    expect(await results(executor, other, graph), `seed ${seed}`).toBe(await results(executor, program, graph));
  }
  expect(changed).toBeGreaterThan(graphs.length / 2);
});

/** Numbers of instructions between two barriers, prefixes and loops not counted. */
function phases({ code }: Program): number[] {
  const counts = [0];
  for (let at = 0; at < code.length; at += lengthAt(code, at)) {
    const opcode = opcodeAt(code, at);
    if (opcode === BARRIER) counts.push(0);
    else if (opcode !== INDEX && opcode !== END && opcode !== LOOP) counts[counts.length - 1]++;
  }
  return counts;
}

describe("no barrier stands between", () => {
  const [a, b] = [input([6, 3]), input([6, 5])];

  test("the copies that put tensors side by side, one below the other or in turns", () => {
    const outputs = { beside: concat([a, b], 1), below: concat([b, b], 0), turns: stack([a, a], 1) };
    expect(phases(compile({ inputs: { a, b }, outputs }))).toEqual([6]);
  });

  test("copies into an element of a sequence, and what reads its other parts", () => {
    const start = input([3, 5]);
    const { outputs } = scan(
      ([state], [row]) => ({ carries: [state.mul(2)], outputs: [concat([row.reshape([3, 1]), state], 1)] }),
      [start],
      [a],
    );
    // The first state; two copies; the next state; nothing after the loop.
    expect(phases(compile({ inputs: { a, start }, outputs: { y: outputs[0] } }))).toEqual([1, 2, 1, 0]);
  });

  test("a loop and what comes before it, where its first iteration needs nothing of that", () => {
    const start = input([]);
    const { carries } = scan(([sum], [row]) => ({ carries: [sum.add(row.sum())] }), [start], [a]);
    // The first sum and that of a row; the next sum; the copy of the last.
    expect(phases(compile({ inputs: { a, start }, outputs: { y: carries[0] } }))).toEqual([2, 1, 1]);
  });

  test("the end of a loop and that of the loop around it", () => {
    const start = input([]);
    const inner = (state: Tensor, row: Tensor) => scan(([u], [v]) => ({ carries: [u.mul(v)] }), [state], [row]);
    const outer = scan(([state], [row]) => ({ carries: [inner(state, row).carries[0]] }), [start], [a]);
    for (const optimize of [true, false])
      expect(phases(compile({ inputs: { a, start }, outputs: { y: outer.carries[0] } }, { optimize }))).not.toContain(
        0,
      );
  });
});

test("copies that overlap, or read what others write, wait for one another", () => {
  const a = input([4, 6]);
  const joined = concat([a.mul(2), a], 1);
  const y = concat([joined, joined.narrow(1, 3, 4)], 1);
  // Both parts of the first, which is a part itself; the part that is read of it.
  expect(phases(compile({ inputs: { a }, outputs: { y } }))).toEqual([2, 1]);
});
