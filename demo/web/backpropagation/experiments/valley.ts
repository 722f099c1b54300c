// A narrow valley: two weights, of which one steers the loss five times as strongly. At a rate low enough for that one, plain descent crawls along the other; momentum adds up its steps.
import { compile, compileInit, constant, type Executor, grad, Variable } from "simdgrad";
import { variables } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";

/** Where it begins, and the lowest point. */
export const START = [-1, 0.4] as const;
export const GOAL = [1, 1] as const;
/** How strongly the weights act. */
export const STRENGTHS = [1, 5] as const;
export const RATE = 0.03;
/** Small enough to be there. */
export const LOW = 1e-4;
export const MOST = 400;

export interface Spot {
  readonly w: readonly [number, number];
  /** There, before the next update. */
  readonly loss: number;
}

/** Descends until the loss is low, one spot after the other; the last one is the lowest, or the one where it gave up. */
export async function* descend(momentum: number, executor: Executor): AsyncGenerator<Spot, void> {
  const w = new Variable([2], [...START]);
  const optimizer = sgd(RATE, { momentum });
  const state = optimizer.init([w]);
  // Two samples: (1, 0) with target 1, and (0, 5) with target 5.
  const loss = w
    .sub(constant([...GOAL]))
    .mul(constant([...STRENGTHS]))
    .square()
    .sum()
    .mul(0.5);
  const assignments = optimizer.update(grad(loss, [w]), state, [w]);
  const first = await executor.load(compileInit(variables({ w, state }), 0));
  const update = await executor.load(compile({ outputs: { loss, w }, assignments }));
  try {
    await executor.step(first);
    for (let made = 0; made <= MOST; made++) {
      const given = await executor.step(update);
      const spot: Spot = { w: [given.w[0], given.w[1]], loss: given.loss[0] };
      yield spot;
      if (!(spot.loss > LOW)) return;
    }
  } finally {
    await executor.unload(first);
    await executor.unload(update);
    await Promise.all([...variables({ w, state }).values()].map(({ key }) => executor.forget(key)));
  }
}
