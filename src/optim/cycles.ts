// Schedules that rise and fall.
import {
  aBoolean,
  aFiniteNumber,
  aFraction,
  aPositiveNumber,
  aWholeNumber,
  type Checks,
  checkOptions,
  oneOf,
} from "../check.ts";
import { constant } from "../create.ts";
import { ArgumentError } from "../errors.ts";
import { ofStep } from "./of-step.ts";
import { wholePower } from "./powers.ts";
import { countReached, type Schedule } from "./schedules.ts";
import { alongCosine, rateOn, wayBetween, wayOver } from "./ways.ts";

/**
 * From `value` to `final` along half a cosine over `steps`, again and again, each time `factor` times as long
 * (Loshchilov and Hutter 2017; torch.optim.lr_scheduler.CosineAnnealingWarmRestarts).
 * @throws ArgumentError unless steps and factor are whole numbers >= 1
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { cosineRestarts, scheduled } from "simdgrad/optim";
 * const schedule = cosineRestarts(1, { steps: 4, factor: 2 });
 * await evaluate(scheduled(schedule, scalar(2, "i32"))); // => [0.5]
 * await evaluate(scheduled(schedule, scalar(8, "i32"))); // => [0.5]
 */
export function cosineRestarts(
  value: number,
  options: { readonly steps: number; readonly factor?: number; readonly final?: number },
): Schedule {
  aFiniteNumber(value, "cosineRestarts: value");
  const checks = { steps: aWholeNumber(1), factor: aWholeNumber(1), final: aFiniteNumber };
  checkOptions(options, "cosineRestarts", checks, "steps");
  const { steps, factor = 1, final = 0 } = options;
  if (factor === 1) return ofStep((step) => rateOn(alongCosine(wayOver(step.remainder(steps), steps)), value, final));
  const starts: number[] = []; // of all cycles that an i32 step can reach
  const lengths: number[] = [];
  for (let start = 0, length = steps; start < 2 ** 31; start += length, length *= factor) {
    starts.push(start);
    lengths.push(length);
  }
  return ofStep((step) => {
    const cycle = countReached(starts, step).sub(1);
    const place = step.sub(constant(Int32Array.from(starts)).gather(cycle)).cast("f32");
    const length = constant(Float64Array.from(lengths)).gather(cycle);
    return rateOn(alongCosine({ left: length.sub(place).div(length), made: place.div(length) }), value, final);
  });
}

/**
 * From `value` to `final` along half a cosine over `steps`, back along another, and so on (torch.optim.lr_scheduler.CosineAnnealingLR,
 * whose T_max is `steps`); `cosineDecay` stays at `final`.
 * @throws ArgumentError unless steps is a whole number >= 1
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { cosineAnnealing, scheduled } from "simdgrad/optim";
 * const schedule = cosineAnnealing(1, { steps: 4 });
 * await evaluate(scheduled(schedule, scalar(4, "i32"))); // => [0]
 * await evaluate(scheduled(schedule, scalar(6, "i32"))); // => [0.5]
 * await evaluate(scheduled(schedule, scalar(8, "i32"))); // => [1]
 */
export function cosineAnnealing(value: number, options: { readonly steps: number; readonly final?: number }): Schedule {
  aFiniteNumber(value, "cosineAnnealing: value");
  checkOptions(options, "cosineAnnealing", { steps: aWholeNumber(1, 2 ** 30 - 1), final: aFiniteNumber }, "steps");
  const { steps, final = 0 } = options;
  return ofStep((step) => {
    const place = step.remainder(2 * steps);
    const made = place.minimum(place.neg().add(2 * steps));
    return rateOn(alongCosine(wayOver(made, steps)), value, final);
  });
}

/** The shape of a cycle and of what follows it. */
export interface CyclicOptions {
  /** The top of the first cycle. */
  readonly top: number;
  /** Steps upwards; default 2000. */
  readonly stepSizeUp?: number;
  /** Steps downwards; default: as many. */
  readonly stepSizeDown?: number;
  /** Every cycle as high as the first, half as high as the one before, or lower by gamma^step. Default "triangular". */
  readonly mode?: "triangular" | "triangular2" | "exponential";
  /** Of mode "exponential"; default 1. */
  readonly gamma?: number;
}

/**
 * Up from `value` to `top` and down again, in lines (Smith 2017; torch.optim.lr_scheduler.CyclicLR). A momentum goes the other way, as
 * cycle_momentum has it, by `cyclic(0.9, { top: 0.8, ... })`.
 * @throws ArgumentError for steps that are no whole numbers >= 1, an unknown mode, gamma not above 0 or beside another mode than "exponential"
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { cyclic, scheduled } from "simdgrad/optim";
 * const schedule = cyclic(1, { top: 3, stepSizeUp: 4, mode: "triangular2" });
 * await evaluate(scheduled(schedule, scalar(4, "i32"))); // => [3]
 * await evaluate(scheduled(schedule, scalar(12, "i32"))); // => [2]
 */
export function cyclic(value: number, options: CyclicOptions): Schedule {
  aFiniteNumber(value, "cyclic: value");
  checkOptions(
    options,
    "cyclic",
    {
      top: aFiniteNumber,
      stepSizeUp: aWholeNumber(1),
      stepSizeDown: aWholeNumber(1),
      mode: oneOf("triangular", "triangular2", "exponential"),
      gamma: aPositiveNumber,
    },
    "top",
  );
  if (options.gamma !== undefined && options.mode !== "exponential")
    throw new ArgumentError('cyclic: gamma says nothing without mode: "exponential"');
  const { top, stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = "triangular", gamma = 1 } = options;
  return ofStep((step) => {
    const place = step.remainder(stepSizeUp + stepSizeDown).cast("f32");
    const [up, down] = [
      place.mul(1 / stepSizeUp),
      place
        .neg()
        .add(stepSizeUp + stepSizeDown)
        .mul(1 / stepSizeDown),
    ];
    const height = up.minimum(down).mul(top - value);
    if (mode === "triangular") return height.add(value);
    const [base, exponent] = mode === "triangular2" ? [0.5, step.div(stepSizeUp + stepSizeDown)] : [gamma, step];
    return height.mul(wholePower(base, exponent.cast("f32"))).add(value);
  });
}

/** When one cycle rises and falls. */
interface OneCyclePhases {
  /** Steps in all; the last value stays from then on. */
  readonly steps: number;
  /** Share of the steps that rise; default 0.3. */
  readonly pctStart?: number;
  readonly anneal?: "cosine" | "linear";
  /** Falls to the initial value as fast as it rose, and only then to its end. */
  readonly threePhase?: boolean;
}

const phaseChecks: Checks<OneCyclePhases> = {
  steps: aWholeNumber(1),
  pctStart: aFraction,
  anneal: oneOf("cosine", "linear"),
  threePhase: aBoolean,
};

/** From the first value to the turning point and to the last value. */
function oneWave(options: OneCyclePhases, name: string, first: number, turn: number, last: number): Schedule {
  const { steps, pctStart = 0.3, anneal = "cosine", threePhase = false } = options;
  const rise = pctStart * steps - 1;
  const ends = threePhase ? [rise, 2 * pctStart * steps - 2, steps - 1] : [rise, steps - 1];
  const values = threePhase ? [first, turn, first, last] : [first, turn, last];
  ends.forEach((end, i) => {
    if (!(end > (ends[i - 1] ?? 0)))
      throw new ArgumentError(`${name}: phase ${i} of ${steps} steps with pctStart ${pctStart} has no step`);
  });
  return ofStep((step) => {
    const t = step.cast("f32");
    const phases = ends.map((end, i) => {
      const way = wayBetween(t, ends[i - 1] ?? 0, end);
      return rateOn(anneal === "linear" ? way : alongCosine(way), values[i], values[i + 1]);
    });
    return phases.reduceRight((later, phase, i) => t.greater(ends[i]).select(later, phase));
  });
}

/** The shape of one cycle. */
export interface OneCycleOptions extends OneCyclePhases {
  /** It begins at top / divFactor; default 25. */
  readonly divFactor?: number;
  /** It ends at the initial value / finalDivFactor; default 10,000. */
  readonly finalDivFactor?: number;
}

/**
 * One rise to `top` and one fall far below the beginning (Smith and Topin 2018; torch.optim.lr_scheduler.OneCycleLR).
 * @throws ArgumentError unless steps is a whole number >= 1, the phases have at least a step each, divisors are above 0
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { oneCycle, scheduled } from "simdgrad/optim";
 * const schedule = oneCycle(1, { steps: 100 });
 * await evaluate(scheduled(schedule, scalar(0, "i32"))); // => [0.0400000]
 * await evaluate(scheduled(schedule, scalar(29, "i32"))); // => [1.00000]
 */
export function oneCycle(top: number, options: OneCycleOptions): Schedule {
  aFiniteNumber(top, "oneCycle: top");
  checkOptions(
    options,
    "oneCycle",
    { ...phaseChecks, divFactor: aPositiveNumber, finalDivFactor: aPositiveNumber },
    "steps",
  );
  const { divFactor = 25, finalDivFactor = 1e4 } = options;
  const first = top / divFactor;
  return oneWave(options, "oneCycle", first, top, first / finalDivFactor);
}

/** The shape of a momentum's cycle. */
export interface OneCycleMomentumOptions extends OneCyclePhases {
  /** Where the rate is at its top; default 0.85. */
  readonly baseMomentum?: number;
  /** At the beginning and at the end; default 0.95. */
  readonly maxMomentum?: number;
}

/**
 * The momentum that goes with `oneCycle`, down where the rate rises and up where it falls, for `momentum` or `beta1` of an optimizer (Smith
 * and Topin 2018; cycle_momentum of torch.optim.lr_scheduler.OneCycleLR).
 * @throws ArgumentError unless steps is a whole number >= 1, the phases have at least a step each, momenta are within [0, 1)
 *
 * @example
 * import { evaluate, scalar } from "simdgrad";
 * import { oneCycle, oneCycleMomentum, scheduled, sgd } from "simdgrad/optim";
 * const momentum = oneCycleMomentum({ steps: 100 });
 * await evaluate(scheduled(momentum, scalar(0, "i32"))); // => [0.9500000]
 * await evaluate(scheduled(momentum, scalar(29, "i32"))); // => [0.8500000]
 * sgd(oneCycle(0.1, { steps: 100 }), { momentum }).init([]).links.length; // => 2
 */
export function oneCycleMomentum(options: OneCycleMomentumOptions): Schedule {
  checkOptions(
    options,
    "oneCycleMomentum",
    { ...phaseChecks, baseMomentum: aFraction, maxMomentum: aFraction },
    "steps",
  );
  const { baseMomentum = 0.85, maxMomentum = 0.95 } = options;
  return oneWave(options, "oneCycleMomentum", maxMomentum, baseMomentum, maxMomentum);
}
