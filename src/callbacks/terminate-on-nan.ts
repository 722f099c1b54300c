// A quiet end of a training that fails.
import type { Callback, Copy, FitContext } from "../train/callback.ts";

/**
 * Ends a fit whose loss becomes NaN or infinite without an error (keras.callbacks.TerminateOnNaN), and sets the training back to the last end of
 * an epoch after which a loss was finite, or to where the fit began: weights, the optimizer's state and counters are as they were there. It
 * keeps two copies of them.
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { terminateOnNaN } from "simdgrad/callbacks";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(1e30) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const history = await trainer.fit({ batch: "all", epochs: 9, callbacks: [terminateOnNaN()] });
 * history.length; // => 1
 */
export function terminateOnNaN(): Callback {
  // The newer one may hold what the last step broke: no loss has been measured there yet.
  let copies: Copy[] = [];
  let taken = 0;
  const take = async ({ step }: FitContext) => {
    copies.reverse();
    await copies[0].take();
    taken = step;
  };
  return {
    async onFitBegin(context) {
      const newCopy = () => context.newCopy({ counters: true });
      copies = [await newCopy(), await newCopy()];
      await take(context);
      await copies[1].take();
    },
    onEpochEnd: (_, context) => take(context),
    async onNonFinite(_, { step }) {
      await copies[step === taken ? 1 : 0].putBack();
      return true;
    },
  };
}
