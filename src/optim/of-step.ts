// What schedules are: functions of the step.
import { aTensor, type Tensor } from "../tensor.ts";

/** A schedule that says what it takes, where somebody calls it by hand. */
export function ofStep(value: (step: Tensor) => Tensor): (step: Tensor) => Tensor {
  return (step) => {
    aTensor(step, "a schedule's step");
    return value(step);
  };
}
