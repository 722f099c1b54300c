// Where tensors lie: strides of views of views against lists of indices, the domains of maps, and compiled programs, in which windows
// and parts cost no copies where their readers and makers can walk.
import { compile, concat, input, type Program, scan, stack, type Tensor, Variable } from "simdgrad";
import { verifyProgram } from "simdgrad/debug";
import { afterAll, describe, expect, test } from "vitest";
import { COPY, MAP, MATMUL, REDUCE, SOFTMAX } from "../../assembly/isa/opcode.ts";
import { MODE_COLUMN, MODE_FULL, MODE_ROW, MODE_ROWS, MODE_SCALAR } from "../../assembly/isa/slots.ts";
import { reshaped } from "../../src/compile/locations.ts";
import { type Domain, domainOf } from "../../src/compile/modes.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import { type Shape, sizeOf, stridesOf } from "../../src/shape.ts";
import { arange } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { partsOf } from "../moves.ts";
import { numbers } from "../random.ts";
import { runOn } from "../run.ts";

/** Where the elements of a shape lie, one after the other. */
function places(shape: Shape, strides: readonly number[], start = 0): number[] {
  let list = [start];
  shape.forEach((size, axis) => {
    list = list.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * strides[axis]));
  });
  return list;
}

/** The only strides that could lead through a list in a shape, or undefined if they do not. */
function stridesThrough(list: readonly number[], shape: Shape): number[] | undefined {
  const steps = stridesOf(shape);
  const strides = shape.map((size, axis) => (size > 1 ? list[steps[axis]] - list[0] : 0));
  return places(shape, strides, list[0]).every((at, i) => at === list[i]) ? strides : undefined;
}

describe("strides of another shape", () => {
  test.each<[string, Shape, readonly number[], Shape, readonly number[] | undefined]>([
    ["axes split", [12], [1], [3, 4], [4, 1]],
    ["axes joined", [3, 4], [4, 1], [12], [1]],
    ["axes joined that have a gap between them", [3, 4], [6, 1], [12], undefined],
    ["one of both", [3, 4, 2], [10, 2, 1], [3, 8], [10, 1]],
    ["repeated elements", [3, 4], [0, 0], [12], [0]],
    ["rows backwards", [4, 3], [-3, -1], [2, 6], [-6, -1]],
    ["a scalar", [], [], [1, 1], [1, 1]],
    ["a scalar again", [1, 1], [7, 9], [], []],
    ["nothing at all", [0, 3], [3, 1], [3, 0], stridesOf([3, 0])],
  ])("%s", (_, from, strides, to, expected) => {
    expect(reshaped(from, strides, to)).toEqual(expected);
  });

  test("are those that lead through the same elements, and missing only where none do: views of views", () => {
    const random = numbers(17);
    const below = (count: number) => Math.floor(random() * count);
    /** A random shape of so many elements. */
    const shapeOf = (size: number): number[] => {
      const shape: number[] = [];
      for (let left = size; left > 1; ) {
        const divisors = Array.from({ length: left }, (_, i) => i + 1).filter((d) => d > 1 && left % d === 0);
        shape.push(divisors[below(divisors.length)]);
        left /= shape[shape.length - 1];
      }
      for (let ones = below(3); ones > 0; ones--) shape.splice(below(shape.length + 1), 0, 1);
      return shape;
    };
    const counts = [0, 0];
    for (let i = 0; i < 3000; i++) {
      let shape: Shape = shapeOf([1, 6, 12, 24, 36, 60][below(6)]);
      let strides: readonly number[] = stridesOf(shape);
      for (let depth = 0; depth < 6; depth++) {
        const axis = below(Math.max(1, shape.length));
        const way = below(5);
        if (way === 0 && shape.length > 0) {
          const step = 1 + below(2);
          shape = shape.with(axis, Math.ceil(shape[axis] / step));
          strides = strides.with(axis, strides[axis] * (below(2) === 0 ? step : -step));
        } else if (way === 1 && shape.length > 1) {
          const other = below(shape.length);
          [shape, strides] = [shape, strides].map((list) => list.with(axis, list[other]).with(other, list[axis]));
        } else if (way === 2 && sizeOf(shape) < 100) {
          shape = shape.toSpliced(axis, 0, 2);
          strides = strides.toSpliced(axis, 0, 0);
        } else {
          const to = shapeOf(sizeOf(shape));
          const list = places(shape, strides);
          const found = reshaped(shape, strides, to);
          counts[Number(found !== undefined)]++;
          const expected = stridesThrough(list, to);
          expect(found === undefined).toBe(expected === undefined);
          if (found === undefined) continue;
          expect(places(to, found)).toEqual(list);
          [shape, strides] = [to, found];
        }
      }
    }
    expect(Math.min(...counts)).toBeGreaterThan(500);
  });
});

describe("domains of maps", () => {
  const [full, scalar, row] = [MODE_FULL, MODE_SCALAR, MODE_ROW].map((mode) => ({ mode, div: 1, mod: 1 }));

  test.each<[string, Shape, readonly number[], number, Domain["modes"][0]]>([
    ["all of it in order", [4, 6], [6, 1], 24, full],
    ["one element", [4, 6], [0, 0], 24, scalar],
    ["a row for all rows", [4, 6], [0, 1], 6, row],
    ["a column", [4, 6], [1, 0], 6, { mode: MODE_COLUMN, div: 1, mod: 4 }],
    ["an axis in the middle", [2, 3, 5], [0, 1, 0], 5, { mode: MODE_COLUMN, div: 1, mod: 3 }],
    ["the first of three axes", [2, 3, 5], [1, 0, 0], 15, { mode: MODE_COLUMN, div: 1, mod: 2 }],
    ["two axes of three", [2, 3, 5], [3, 1, 0], 5, { mode: MODE_COLUMN, div: 1, mod: 6 }],
    ["parts of longer rows", [4, 6], [9, 1], 6, { mode: MODE_ROWS, div: 9, mod: 1 }],
    ["parts of longer rows, in two axes each", [2, 2, 3, 2], [24, 12, 2, 1], 6, { mode: MODE_ROWS, div: 12, mod: 1 }],
    ["every second element", [6], [2], 1, undefined],
    ["another order of axes", [4, 6], [1, 4], 1, undefined],
    ["rows backwards", [4, 6], [-6, 1], 1, undefined],
    ["rows that overlap", [4, 6], [3, 1], 1, undefined],
    ["nothing", [0, 6], [9, 2], 1, full],
    ["axes of one element, whatever their strides", [1, 6], [77, 1], 6, full],
  ])("%s", (_, shape, strides, columns, mode) => {
    const domain = domainOf(shape, [strides], []) as Domain;
    expect(domain.modes).toEqual([mode]);
    if (mode !== undefined && mode !== full && mode !== scalar) expect(domain.columns).toBe(columns);
  });

  test("every mode finds the elements that the strides name", () => {
    const random = numbers(23);
    const below = (count: number) => Math.floor(random() * count);
    const seen = new Set<number | undefined>();
    for (let i = 0; i < 5000; i++) {
      const shape = Array.from({ length: 1 + below(4) }, () => 1 + below(4));
      const operands = Array.from({ length: 1 + below(3) }, () => {
        const own = stridesOf(shape.map((size) => size + (below(4) === 0 ? below(3) : 0)));
        const still = stridesOf(shape.map((size) => (below(2) === 0 ? 1 : size)));
        return below(2) === 0 ? own : shape.map((_, axis) => (below(2) === 0 ? 0 : still[axis]));
      });
      const { columns, modes } = domainOf(shape, operands, []) as Domain;
      modes.forEach((each, k) => {
        seen.add(each?.mode);
        if (each === undefined) return;
        const { mode, div, mod } = each;
        const at = (j: number) => {
          const [line, column] = [Math.floor(j / columns), j % columns];
          if (mode === MODE_FULL) return j;
          if (mode === MODE_SCALAR) return 0;
          if (mode === MODE_ROW) return column;
          return mode === MODE_ROWS ? line * div + column : Math.floor(line / div) % mod;
        };
        expect(Array.from({ length: sizeOf(shape) }, (_, j) => at(j))).toEqual(places(shape, operands[k]));
      });
    }
    expect(seen.size).toBe(6);
  });

  test("results are written by rows, which decide on the columns; where they cannot be, there is none", () => {
    expect(domainOf([4, 6], [[0, 1]], [[9, 1]])).toEqual({ columns: 6, modes: [row], rows: [9] });
    expect(domainOf([2, 3, 5], [[0, 1, 0]], [[40, 5, 1]])).toEqual({ columns: 15, modes: [undefined], rows: [40] });
    expect(domainOf([4, 6], [], [[6, 1]])).toEqual({ columns: 24, modes: [], rows: [0] });
    expect(domainOf([4, 6], [[6, 1]], [[1, 4]])).toBeUndefined();
    expect(domainOf([4, 6], [[6, 1]], [[-6, 1]])).toBeUndefined();
    expect(
      domainOf(
        [2, 3, 5],
        [],
        [
          [40, 5, 1],
          [60, 20, 1],
        ],
      ),
    ).toBeUndefined();
  });
});

/** How many instructions of an opcode a program has. */
function count({ code }: Program, opcode: number): number {
  let found = 0;
  for (let at = 0; at < code.length; at += lengthAt(code, at)) found += Number(opcodeAt(code, at) === opcode);
  return found;
}

interface Sample {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Instructions by opcode. */
  readonly counts: Readonly<Record<number, number>>;
  /** Instructions in its loop, and those of them that only move data. */
  readonly loop?: readonly [instructions: number, moves: number];
}

const of = (shape: Shape) => input(shape);

/** Programs, and how many copies and other instructions they have. */
const samples: Readonly<Record<string, () => Sample>> = {
  "a slice that a map reads": () => {
    const x = of([6, 8]);
    return { inputs: [x], outputs: [x.slice([1, 5], [2, 6]).exp()], counts: { [COPY]: 0, [MAP]: 1 } };
  },
  "a row and a column out of the middle of a matrix, for all rows and columns": () => {
    const x = of([5, 7]);
    const [row, column] = [x.slice([3, 4]), x.slice([1, 2]).slice([0, 1], [1, 6])];
    return {
      inputs: [x],
      outputs: [x.mul(row), x.slice([0, 5], [0, 5]).add(column)],
      counts: { [COPY]: 0, [MAP]: 2 },
    };
  },
  "slices of slices, with axes moved that have one element": () => {
    const x = of([4, 6, 5]);
    const part = x.narrow(1, 2, 3).narrow(0, 1, 2).slice([0, 2], [1, 2]).permute([1, 0, 2]);
    return { inputs: [x], outputs: [part.sin()], counts: { [COPY]: 0, [MAP]: 1 } };
  },
  "a repetition of a slice": () => {
    const x = of([3, 8]);
    return {
      inputs: [x],
      outputs: [x.slice([1, 2], [2, 7]).broadcastTo([4, 5]).exp()],
      counts: { [COPY]: 0, [MAP]: 1 },
    };
  },
  "axes in another order, which a map has no mode for": () => {
    const x = of([4, 6]);
    return { inputs: [x], outputs: [x.transpose().exp()], counts: { [COPY]: 1, [MAP]: 1 } };
  },
  "another shape of another order of axes": () => {
    const x = of([4, 6]);
    return { inputs: [x], outputs: [x.transpose().reshape([8, 3]).exp()], counts: { [COPY]: 1, [MAP]: 1 } };
  },
  "a map into another order of axes, as a part": () => {
    const x = of([4, 6]);
    const y = x.exp().reshape([4, 2, 3]).permute([1, 0, 2]);
    return { inputs: [x], outputs: [y], counts: { [COPY]: 1, [MAP]: 1 } };
  },
  "parts that maps make": () => {
    const x = of([4, 6]);
    return { inputs: [x], outputs: [concat([x.exp(), x.sin()], 1)], counts: { [COPY]: 0 } };
  },
  "parts that products make, and other parts": () => {
    const [x, y] = [of([4, 6]), of([6, 5])];
    const inner = concat([x.matmul(y), x.exp()], 1);
    return {
      inputs: [x, y],
      outputs: [concat([inner, x.narrow(1, 0, 2).sin()], 1)],
      counts: { [COPY]: 0, [MATMUL]: 1, [MAP]: 2 },
    };
  },
  "a part that a map and a sum read, too": () => {
    const [x, y] = [of([4, 6]), of([4, 6])];
    const part = x.exp().add(y);
    return {
      inputs: [x, y],
      outputs: [concat([part, y.sin()], 1), part.cos()],
      counts: { [COPY]: 0 },
    };
  },
  "a part that a kernel reads, which cannot walk": () => {
    const [x, y] = [of([4, 6]), of([4, 6])];
    const part = x.exp().add(y);
    return {
      inputs: [x, y],
      outputs: [concat([part, y.sin()], 1), part.softmax()],
      counts: { [COPY]: 1, [SOFTMAX]: 1 },
    };
  },
  "a part that is an output, too": () => {
    const [x, y] = [of([4, 6]), of([4, 6])];
    const part = x.exp();
    return { inputs: [x, y], outputs: [concat([part, y.sin()], 1), part], counts: { [COPY]: 1 } };
  },
  "one tensor twice": () => {
    const x = of([4, 6]);
    const part = x.exp();
    return { inputs: [x], outputs: [concat([part, part], 1)], counts: { [COPY]: 1, [MAP]: 1 } };
  },
  "parts of parts of one input, each twice": () => {
    const x = of([3, 4, 2]);
    const inner = concat([x, x], 0);
    return { inputs: [x], outputs: [concat([inner, inner], 1)], counts: { [COPY]: 3 } };
  },
  "parts of one tensor the other way round": () => {
    const x = of([4, 6]);
    return {
      inputs: [x],
      outputs: [concat([x.narrow(1, 2, 4).sin(), x.narrow(1, 0, 2).cos()], 1)],
      counts: { [COPY]: 0, [MAP]: 2 },
    };
  },
  "a part whose maker has another result": () => {
    const [x, y] = [of([4, 6]), of([4, 2])];
    const first = x.exp();
    return { inputs: [x, y], outputs: [concat([first.sin(), y], 1), first], counts: { [COPY]: 1, [MAP]: 1 } };
  },
  "parts shorter than their padding, of operands that nobody reads after them": () => {
    const [x, z] = [of([5, 4]), of([3, 4])];
    const sum = z.sum(1);
    return {
      inputs: [x, z],
      outputs: [concat([sum, x.sum(1).exp()]).softmax(), sum],
      counts: { [COPY]: 1, [REDUCE]: 2, [SOFTMAX]: 1 },
    };
  },
  "heads of a product, put together": () => {
    const [x, w] = [of([6, 8]), of([8, 8])];
    const split = (t: Tensor) => t.reshape([6, 2, 4]).permute([1, 0, 2]);
    const weights = split(x.matmul(w)).matmul(split(x), { transposeB: true });
    return {
      inputs: [x, w],
      outputs: [weights.matmul(split(x)).permute([1, 0, 2]).reshape([6, 8])],
      counts: { [COPY]: 0, [MATMUL]: 3 },
    };
  },
  "a product of a batch the other way round": () => {
    const x = of([3, 4, 2]);
    const turned = x.slice([undefined, undefined, -1]);
    return { inputs: [x], outputs: [turned.matmul(x, { transposeB: true })], counts: { [COPY]: 1, [MATMUL]: 1 } };
  },
  "parts of another shape of something repeated": () => {
    const x = of([3, 4]);
    const flat = x.narrow(0, 1, 1).broadcastTo([3, 4]).reshape([12]);
    return { inputs: [x], outputs: [concat([flat, x.reshape([12])])], counts: { [COPY]: 3 } };
  },
  "stacked results": () => {
    const x = of([4, 6]);
    return { inputs: [x], outputs: [stack([x.exp(), x.sin(), x.cos()], 1)], counts: { [COPY]: 0 } };
  },
  "parts that every step of a loop gives": () => {
    const x = of([5, 3, 4]);
    const { carries, outputs } = scan(
      ([state], [row]) => ({ carries: [state.add(row)], outputs: [concat([row.exp(), state.sin()], 1)] }),
      [x.slice([0, 1]).squeeze(0)],
      [x],
    );
    return { inputs: [x], outputs: [outputs[0], carries[0]], counts: {}, loop: [3, 0] };
  },
  "results in another order, which every step of a loop gives": () => {
    const x = of([5, 3, 4]);
    const step = ([state]: readonly Tensor[], [row]: readonly Tensor[]) => {
      const next = state.mul(row);
      return { carries: [next], outputs: [next.transpose()] };
    };
    const { outputs } = scan(step, [x.slice([0, 1]).squeeze(0)], [x]);
    return { inputs: [x], outputs, counts: {}, loop: [2, 1] };
  },
  "nothing, and one element": () => {
    const [x, y] = [of([4, 6]), of([1])];
    const empty = x.narrow(1, 3, 0);
    const one = x.slice([2, 3], [3, 4]);
    return {
      inputs: [x, y],
      outputs: [
        concat([empty, x.exp(), empty.transpose().reshape([4, 0])], 1),
        one.reshape([1]).add(y),
        concat([y.exp(), one.reshape([1]).sin()]),
        empty.exp().permute([1, 0]),
      ],
      counts: { [COPY]: 0 },
    };
  },
  "windows on whole numbers": () => {
    const x = of([4, 6]);
    const whole = arange(24).reshape([4, 6]);
    const turned = concat([whole.narrow(1, 1, 3), whole.narrow(1, 4, 2).mul(2)], 1);
    return {
      inputs: [x],
      outputs: [
        turned,
        turned.slice([1, 3], [1, 4]).add(1),
        whole.slice([undefined, undefined, -1], [undefined, undefined, 2]),
      ],
      counts: {},
    };
  },
};

const executors = Object.fromEntries(
  Object.entries({ ...float32, oracle }).map(([name, create]) => [name, create({ poison: true })]),
);
afterAll(() => Promise.all(Object.values(executors).map((each) => each.dispose())));

describe("programs", () => {
  test.each(Object.entries(samples))("%s", async (_, make) => {
    const { inputs, outputs, counts, loop } = make();
    const named = (prefix: string, list: readonly Tensor[]) =>
      Object.fromEntries(list.map((tensor, i) => [`${prefix}${i}`, tensor]));
    const program = compile({ inputs: named("x", inputs), outputs: named("y", outputs) });
    verifyProgram(program);
    const found = Object.fromEntries(Object.keys(counts).map((opcode) => [opcode, count(program, Number(opcode))]));
    expect(found).toEqual(counts);
    const loops = partsOf(program).loops.map(({ instructions, moves }) => [instructions, moves]);
    expect(loops).toEqual(loop === undefined ? [] : [loop]);
    const random = numbers(5);
    const given = inputs.map(
      (x) => [x, Array.from({ length: sizeOf(x.shape) }, () => Math.fround(random() - 0.5))] as const,
    );
    for (const [name, executor] of Object.entries(executors)) {
      const graph = { outputs: named("y", outputs), inputs: given };
      const [optimised, plain] = [await runOn(executor, graph), await runOn(executor, graph, { optimize: false })];
      for (const key of Object.keys(plain)) {
        const close = Array.from(plain[key], (value) => (name === "oracle" ? value : expect.closeTo(value, 5)));
        expect(Array.from(optimised[key]), `${name} ${key}`).toEqual(close);
      }
    }
  });

  test("a variable is not overwritten while a window on it is read", async () => {
    const v = new Variable(
      [4, 4],
      Float64Array.from({ length: 16 }, (_, i) => i),
    );
    const program = compile({ outputs: { y: v.transpose().mul(2) }, assignments: [[v, v.add(v.slice([0, 1]))]] });
    verifyProgram(program);
    for (const executor of Object.values(executors)) {
      const id = await executor.load(program);
      await executor.write(
        { variable: v.key },
        Array.from({ length: 16 }, (_, i) => i),
      );
      await executor.run([[id, 1]]).done;
      const [y, next] = [await executor.read({ program: id, name: "y" }), await executor.read({ variable: v.key })];
      expect([...y]).toEqual(Array.from({ length: 16 }, (_, i) => 2 * ((i % 4) * 4 + Math.floor(i / 4))));
      expect([...next]).toEqual(Array.from({ length: 16 }, (_, i) => i + (i % 4)));
      await executor.unload(id);
    }
  });
});
