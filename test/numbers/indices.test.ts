// Indices without a row: what a gather gives for them is documented, and where data is loaded they are refused by name.
import { afterAll, describe, expect, test } from "vitest";
import { concat } from "../../src/create.ts";
import { DataError } from "../../src/errors.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { Linear } from "../../src/nn/layers.ts";
import { mseLoss } from "../../src/nn/losses.ts";
import type { Context, Module } from "../../src/nn/module.ts";
import { sgd } from "../../src/optim/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { everywhere } from "./everywhere.ts";

const OUTSIDE = Int32Array.of(0, 2, -1, 3, 2 ** 31 - 1, -(2 ** 31));

everywhere(({ run }) => {
  test("a row that is not there is NaN, of integers the number with the bits of NaN", async () => {
    const { floats, integers } = await run(
      (f, i, index) => ({ floats: f.gather(index), integers: i.gather(index) }),
      [10, 20, 30],
      Int32Array.of(1, 2, 3),
      OUTSIDE,
    );
    const none = Number.NaN;
    expect(floats).toEqual([10, 30, none, none, none, none]);
    expect(integers).toEqual([1, 3, 2143289344, 2143289344, 2143289344, 2143289344]);
  });
});

/** Two tables, each read by a column of x, the second from the back; then a layer. */
class TwoTables implements Module {
  readonly words = new Embedding(5, 2);
  readonly tags = new Embedding(3, 2, { paddingIdx: 0 });
  readonly head = new Linear(4, 1);

  forward(x: Tensor, _context: Context): Tensor {
    const reversed = x.slice(null, [undefined, undefined, -1]);
    const word = this.words.forward(x.narrow(1, 0, 1).squeeze(1));
    const tag = this.tags.forward(reversed.narrow(1, 0, 1).reshape([-1]));
    return this.head.forward(concat([word, tag], 1));
  }
}

describe("where data is loaded", () => {
  const trainer = new Trainer(new TwoTables(), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
  afterAll(() => trainer.executor.dispose());
  const rows = (...data: readonly (readonly number[])[]) => ({
    x: { data: Int32Array.from(data.flat()), shape: [data.length, 2] },
    y: data.map(() => [0]),
  });

  test("an index outside its table is refused, with the row, the table and its rows", async () => {
    await trainer.load(rows([0, 0], [4, 2]));
    await expect(trainer.load(rows([0, 0], [5, 2]))).rejects.toThrow(DataError);
    await expect(trainer.load(rows([0, 0], [5, 2]))).rejects.toThrow(
      "x: row 1 holds index 5, outside the rows 0..4 of words.weight [5, 2]",
    );
    await expect(trainer.load(rows([4, 3], [0, 0]))).rejects.toThrow(
      "x: row 0 holds index 3, outside the rows 0..2 of tags.weight [3, 2]",
    );
    await expect(trainer.load(rows([0, -1]))).rejects.toThrow("holds index -1");
  });

  test("so it is in validation and where a set is evaluated", async () => {
    await trainer.load(rows([0, 0], [4, 2]));
    await expect(trainer.evaluate(rows([9, 0]))).rejects.toThrow("row 0 holds index 9");
    await expect((async () => trainer.fit({ validation: rows([9, 0]) }))()).rejects.toThrow("row 0 holds index 9");
    expect((await trainer.evaluate(rows([4, 2]))).loss).toBeGreaterThanOrEqual(0);
  });
});
