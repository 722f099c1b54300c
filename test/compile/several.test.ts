// Kernels of several outputs: a buffer for each, items that select them, gradients through all; on every executor, optimised or not.
import { afterAll, describe, expect, test } from "vitest";
import { KIND_MAX, KIND_SUM } from "../../assembly/isa/slots.ts";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { simplify } from "../../src/compile/simplify.ts";
import { verifyGraph } from "../../src/compile/verify-graph.ts";
import { constant, input } from "../../src/create.ts";
import { initialise } from "../../src/evaluate.ts";
import { topological } from "../../src/graph.ts";
import type { Op } from "../../src/op.ts";
import { checkpoint } from "../../src/ops/checkpoint.ts";
import { itemsOf } from "../../src/ops/item.ts";
import { scan } from "../../src/ops/loop.ts";
import { reduce } from "../../src/program/instructions.ts";
import { verifyProgram } from "../../src/program/verify-program.ts";
import type { Aval } from "../../src/shape.ts";
import { apply, type Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { runOn } from "../run.ts";

const outputsOf = ([{ shape }]: readonly Aval[]): Aval[] => [
  { shape: [shape[0]], dtype: "f32" },
  { shape: [shape[0], 1], dtype: "f32" },
];

/** Sums and largest elements of the rows of a matrix. */
const both: Op<undefined> = {
  name: "both",
  infer: (inputs) => outputsOf(inputs)[0],
  outputs: outputsOf,
  vjp: ({ inputs: [x], output, cotangents: [sums, largest] }) => {
    const spread = (rows: Tensor) => rows.reshape([x.shape[0], 1]).broadcastTo(x.shape);
    const winners = x.equal(itemsOf(output)[1].broadcastTo(x.shape));
    const shares = [sums && spread(sums), largest && winners.mul(spread(largest))].filter(
      (share) => share !== undefined,
    );
    return [shares.reduce((total, share) => total.add(share))];
  },
  lowering: {
    kind: "kernel",
    emit({ inputs: [from], avals: [{ shape }], outputs: [sums, largest], emit }) {
      const sizes = { from, outer: shape[0], n: shape[1], inner: 1 };
      emit.instruction(reduce, { ...sizes, to: sums, kind: KIND_SUM });
      emit.instruction(reduce, { ...sizes, to: largest, kind: KIND_MAX });
    },
  },
};

function sumAndMax(x: Tensor): readonly [sum: Tensor, max: Tensor] {
  const [sum, max] = itemsOf(apply(both, [x]));
  return [sum, max];
}

const data = [1, 5, 2, 7, 3, 4];
const x = () => constant(data, { shape: [2, 3] });

test("equal nodes and their items become one", () => {
  const roots = [...sumAndMax(x()), ...sumAndMax(x())];
  const shared = x();
  const same = [...sumAndMax(shared), ...sumAndMax(shared)];
  verifyGraph([...roots, ...same]);
  const count = (list: readonly Tensor[]) => topological(simplify(list)).filter(({ op }) => op === both).length;
  expect([count(roots), count(same)]).toEqual([2, 1]);
});

test("a node of several outputs that is read without an item is rejected", () => {
  expect(() => verifyGraph([apply(both, [x()]).exp()])).toThrow("exp: reads no item of both, but all of it");
});

describe.each(Object.entries({ oracle, ...float32 }))("%s", (_, create) => {
  const executor = create({ poison: true });
  afterAll(() => executor.dispose());

  async function run<Name extends string>(outputs: Readonly<Record<Name, Tensor>>, optimize: boolean) {
    verifyProgram(compile({ outputs }, { optimize }));
    const results = await runOn(executor, { outputs }, { optimize });
    return Object.fromEntries(
      Object.entries(results).map(([name, values]) => [name, Array.from(values as Float32Array)]),
    );
  }

  describe.each([true, false])("optimised: %s", (optimize) => {
    test("outputs, some of them twice, some read by others, one by nobody", async () => {
      const [sum, max] = sumAndMax(x());
      const [again, unread] = sumAndMax(x());
      expect(await run({ sum, max, same: sum, more: max.add(1), again }, optimize)).toEqual({
        sum: [8, 14],
        max: [5, 7],
        same: [8, 14],
        more: [6, 8],
        again: [8, 14],
      });
      expect(unread.shape).toEqual([2, 1]);
      expect(await run({ max }, optimize)).toEqual({ max: [5, 7] });
    });

    test("gradients of both, of one, and through a checkpoint", async () => {
      const a = x();
      const [sum, max] = sumAndMax(a);
      const wholly = checkpoint((b) => sumAndMax(b.square()).map((each) => each.sum()))(a);
      expect(
        await run(
          {
            both: grad(sum.mul(max.reshape([2])).sum(), [a])[0],
            sums: grad(sum.square().sum(), [a])[0],
            largest: grad(max.square().sum(), [a])[0],
            again: grad(wholly[0].mul(wholly[1]), [a])[0],
          },
          optimize,
        ),
      ).toEqual({
        both: [5, 13, 5, 21, 7, 7],
        sums: [16, 16, 16, 28, 28, 28],
        largest: [0, 10, 0, 14, 0, 0],
        again: [148, 1780, 296, 2492, 444, 592],
      });
    });

    test("in a loop", async () => {
      const steps = constant(
        Array.from({ length: 12 }, (_, i) => i),
        { shape: [2, 2, 3] },
      );
      const { carries, outputs } = scan(
        ([carry], [element]) => {
          const [sum, max] = sumAndMax(element.add(carry));
          return { carries: [max], outputs: [sum] };
        },
        [constant([[0], [0]])],
        [steps],
      );
      expect(await run({ last: carries[0], sums: outputs[0] }, optimize)).toEqual({
        last: [10, 16],
        sums: [3, 12, 27, 45],
      });
    });
  });

  test("an output goes over a variable that the kernel reads", async () => {
    const w = new Variable([2, 1], [3, 1]);
    const value = input([2, 3]);
    const [, max] = sumAndMax(value.add(w));
    const program = compile({ inputs: { value }, assignments: [[w, max]] });
    await initialise(executor, [w], 0);
    const id = await executor.load(program);
    await executor.write({ program: id, name: "value" }, data);
    await executor.run([[id, 2]]).done;
    expect(Array.from(await executor.read({ variable: w.key }))).toEqual([13, 15]);
    await executor.unload(id);
  });
});
