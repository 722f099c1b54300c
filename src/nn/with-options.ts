// Losses with options, as a Trainer takes them: functions of prediction and target.
import { aFunction, isRecord, must } from "../check.ts";
import type { Tensor } from "../tensor.ts";
import type { Loss } from "./losses.ts";

/** A loss that takes options. */
export type LossWithOptions<O> = Pick<Loss, "targets" | "ignoreIndex" | "labels"> &
  ((prediction: Tensor, target: Tensor, options?: O) => Tensor);

/**
 * The loss with these options, for a Trainer: one of class indices stays one, with the check of its targets and its accuracy. What is wrong
 * with the options is said where data is loaded. Any function of prediction, target and options will do, metrics too.
 * @throws ArgumentError unless it is given a function and an object
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { crossEntropy, Linear, withOptions } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const loss = withOptions(crossEntropy, { labelSmoothing: 0.1, ignoreIndex: -1 });
 * loss.targets; // => "classes"
 * const trainer = new Trainer(new Linear(1, 2), { loss, optimizer: sgd(0.5) });
 * await trainer.load({ x: [[0], [1], [2], [3]], y: [0, 0, 1, -1] });
 * for await (const _ of trainer.fit({ batch: "all", epochs: 100 }));
 * (await trainer.evaluate({ x: [[0], [3]], y: [0, -1] })).accuracy; // => 1
 */
export function withOptions<O extends object>(loss: LossWithOptions<O>, options: NoInfer<O>): LossWithOptions<O> {
  aFunction(loss, "withOptions: loss");
  must(isRecord(options), options, "withOptions: the options", "an object");
  const { ignoreIndex = loss.ignoreIndex } = options as Pick<Loss, "ignoreIndex">;
  const own = (prediction: Tensor, target: Tensor, more?: O) => loss(prediction, target, { ...options, ...more });
  return Object.assign(own, { targets: loss.targets, ignoreIndex, labels: loss.labels });
}
