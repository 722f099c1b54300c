// Functions for workers: what they give, and failures of every kind.

import { DataError } from "../../../src/errors.ts";
import { serveFunctions } from "../../../src/worker/index.ts";

/** Who runs here: another one in each worker. */
const own = Math.random();

serveFunctions({
  square: (x: number) => x * x,
  /** Later items sooner. */
  async hurried(i: number) {
    await new Promise((resolve) => setTimeout(resolve, 20 - 2 * (i % 10)));
    return { i, worker: own, data: Float32Array.of(i, 2 * i) };
  },
  refuse(i: number, bad: number) {
    if (i === bad) throw new DataError(`row ${i} is no row`);
    return i;
  },
  mistake() {
    throw new TypeError("a mistake");
  },
  unsendable: () => () => 1,
  async die() {
    if (typeof process === "object") process.exit(3);
    self.close();
    await new Promise(() => {});
  },
  stay: () => new Promise(() => {}),
});
