// Numbers of a training that change while it runs.
import { Variable } from "../variable.ts";
import { checkFinite } from "./options.ts";

/**
 * A number that can be changed while training runs: given to an optimizer in the place of its rate, or used in a loss or a layer like any
 * tensor. The Trainer is told its name (`hyperparameters`) and sets it (`setHyperparameters`).
 * @throws ArgumentError for a number that is not finite
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { hyperparameter, sgd } from "simdgrad/optim";
 * const rate = hyperparameter(0.1);
 * const options = { loss: mseLoss, optimizer: sgd(rate), hyperparameters: { rate } };
 * const trainer = new Trainer(new Linear(1, 1), options);
 * await trainer.setHyperparameters({ rate: 0.01 });
 * await trainer.hyperparameters(); // => { rate: 0.0100000 }
 */
export function hyperparameter(value: number): Variable {
  checkFinite(value, "hyperparameter");
  return new Variable([], value, { trainable: false, label: "hyperparameter" });
}
