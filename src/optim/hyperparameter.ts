// Hyper-parameters that change while training goes on: they are variables, so no program is compiled anew.
import { must } from "../check.ts";
import { Variable } from "../variable.ts";

/**
 * A number that a Trainer can change between two steps: a scalar f32 variable that no optimizer trains. It stands wherever a schedule may,
 * and in losses and metrics, too. The Trainer must be told of it (`hyperparameters` among its options).
 * @throws ArgumentError unless the value is a finite f32 number
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { adam, hyperparameter } from "simdgrad/optim";
 * const rate = hyperparameter(0.25);
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: adam(rate), hyperparameters: { rate } });
 * await trainer.setHyperparameters({ rate: 0.125 });
 * await trainer.hyperparameters(); // => { rate: 0.125 }
 */
export function hyperparameter(value: number): Variable {
  checkHyperparameter(value, "hyperparameter");
  return new Variable([], value, { label: "hyperparameter", trainable: false });
}

/** @throws ArgumentError unless it is finite as an f32 number */
export function checkHyperparameter(value: number, name: string): void {
  must(typeof value === "number" && Number.isFinite(Math.fround(value)), value, name, "a finite f32 number");
}
