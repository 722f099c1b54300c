// A quiet end of a training that fails.
import type { NumericArray } from "../data/array.ts";
import type { Callback, Copy, FitContext } from "../train/callback.ts";
import { numbersOf } from "./known.ts";
import { OfFits } from "./of-fits.ts";

/** What is known of a fit. */
interface State {
  /** The newer one may hold what the last step broke: no loss has been measured there yet. */
  readonly copies: Copy[];
  /** The step that the newer one is of. */
  taken: number;
}

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
  const fits = new OfFits<State>();
  const take = async (context: FitContext) => {
    const state = fits.of(context);
    const [copy] = state.copies.reverse();
    await copy.take();
    state.taken = context.step;
  };
  return {
    async onFitBegin(context) {
      const newCopy = () => context.newCopy({ counters: true });
      const copies = [await newCopy(), await newCopy()];
      fits.begin(context, { copies, taken: 0 });
      await take(context);
      await copies[1].take();
    },
    onEpochEnd: (_, context) => take(context),
    async state(context) {
      const { copies, taken } = fits.of(context);
      const arrays: [string, NumericArray][] = [];
      for (const [i, copy] of copies.entries())
        for (const [name, array] of Object.entries(await copy.read())) arrays.push([`${i}.${name}`, array]);
      return { values: { taken }, arrays: Object.fromEntries(arrays) };
    },
    async restore(given, context) {
      const state = fits.of(context);
      Object.assign(state, numbersOf("terminateOnNaN", given, "taken"));
      const arrays = Object.entries(given.arrays ?? {});
      for (const [i, copy] of state.copies.entries()) {
        const own = arrays.filter(([name]) => name.startsWith(`${i}.`));
        await copy.write(Object.fromEntries(own.map(([name, array]) => [name.slice(2), array])));
      }
    },
    async onNonFinite(_, context) {
      const { copies, taken } = fits.of(context);
      await copies[context.step === taken ? 1 : 0].putBack();
      return true;
    },
  };
}
