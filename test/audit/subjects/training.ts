// Schedules at any step, and optimizers over several steps with given gradients.
import { constant } from "../../../src/create.ts";
import { clipByGlobalNorm, clipByValue } from "../../../src/optim/clip.ts";
import { cosineAnnealing, cosineRestarts, cyclic, oneCycle } from "../../../src/optim/cycles.ts";
import { linearSchedule, linearWarmup } from "../../../src/optim/joined.ts";
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  asgd,
  nadam,
  radam,
  rmsprop,
  rprop,
  sgd,
} from "../../../src/optim/optimizers.ts";
import * as schedules from "../../../src/optim/schedules.ts";
import { chain, type Optimizer } from "../../../src/optim/transform.ts";
import { Variable } from "../../../src/variable.ts";
import { type Bound, type Bounds, composed } from "../bounds.ts";
import { type Domain, Draw } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

/** A schedule by name: its value and the options of ours, as twins.py reads them. */
interface Scheduled {
  readonly name: string;
  readonly value: number;
  readonly [option: string]: unknown;
}

const { cosineDecay, exponentialDecay, multiStepDecay, polynomialDecay, stepDecay } = schedules;
const make = {
  cosineAnnealing,
  cosineDecay,
  cosineRestarts,
  cyclic,
  exponentialDecay,
  linearSchedule,
  linearWarmup,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  stepDecay,
};
type Name = keyof typeof make;

function scheduleOf({ name, value, ...options }: Scheduled): schedules.Schedule {
  const build = make[name as Name] as (value: number, options: object) => schedules.Schedule;
  return build(value, options);
}

/** Options of each schedule; `long` for thousands of steps. */
const options: Readonly<Record<Name, (draw: Draw, steps: number) => object>> = {
  stepDecay: (draw) => ({ stepSize: draw.whole(1, 40), gamma: draw.pick([0.1, 0.5, 0.9, 0.97]) }),
  multiStepDecay: (draw, steps) => ({
    milestones: [...new Set(Array.from({ length: 3 }, () => draw.whole(0, steps)))].sort((a, b) => a - b),
    gamma: draw.pick([0.1, 0.5, 0.9]),
  }),
  exponentialDecay: (draw) => ({ gamma: draw.pick([0.97, 0.999, 0.9999, 0.5]) }),
  polynomialDecay: (draw, steps) => ({ steps, power: draw.pick([1, 2, 2.5, 0.5]) }),
  cosineDecay: (draw, steps) => ({ steps, final: draw.pick([0, 1e-3, 1e-5]) }),
  cosineAnnealing: (draw, steps) => ({ steps, final: draw.pick([0, 1e-3, 1e-5]) }),
  cosineRestarts: (draw, steps) => ({
    steps: Math.max(1, steps >> 2),
    factor: draw.pick([1, 2, 3]),
    final: draw.pick([0, 1e-3]),
  }),
  linearSchedule: (draw, steps) => ({
    steps,
    startFactor: draw.pick([1 / 3, 1]),
    endFactor: draw.pick([0.01, 0.5, 1]),
  }),
  linearWarmup: (draw, steps) => ({ steps, startFactor: draw.pick([1 / 3, 0.01, 0.5]) }),
  cyclic: (draw, steps) => ({
    top: draw.pick([0.2, 1]),
    stepSizeUp: draw.whole(1, steps + 1),
    stepSizeDown: draw.whole(1, steps + 1),
    ...draw.pick([
      { mode: "triangular" },
      { mode: "triangular2" },
      { mode: "exponential", gamma: 0.99 },
      { mode: "exponential", gamma: 0.9999 },
    ] as const),
  }),
  oneCycle: (draw, steps) => ({
    steps: Math.max(20, steps),
    pctStart: draw.pick([0.3, 0.25, 0.41]),
    anneal: draw.pick(["cosine", "linear"] as const),
    divFactor: draw.pick([25, 10]),
    finalDivFactor: draw.pick([1e4, 100]),
    threePhase: draw.chance(0.4),
  }),
};

function drawSchedule(name: Name, draw: Draw, steps: number): Scheduled {
  return { name, value: draw.pick([0.1, 0.05, 1e-3]), ...options[name](draw, steps) };
}

/** Rates are sums of terms of the size of the largest: two or three ulps of it. */
const rates: Bound = {
  ...composed(8),
  scale: (o) => Number((o as Partial<Record<"top" | "value", number>>).top ?? o.value),
};

function schedule(name: Name): Subject {
  return subject<Scheduled>({
    name: `schedules/${name}`,
    bounds: { value: rates, derivatives: rates },
    draw(draw) {
      const steps = draw.pick([draw.whole(1, 30), draw.whole(10, 1000), draw.whole(1000, 200_000)]);
      const at = draw.pick([0, 1, steps - 1, steps, steps + 1, draw.whole(0, steps + 1), draw.whole(0, 3 * steps)]);
      return {
        inputs: [{ shape: [], dtype: "i32", data: [Math.max(0, at)] }],
        options: drawSchedule(name, draw, steps),
      };
    },
    build: ([step], own) => schedules.scheduled(scheduleOf(own), step),
  });
}

interface Run {
  readonly optimizer: string;
  readonly rate: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly schedule?: Scheduled;
  readonly clip?: { readonly by: "norm" | "value"; readonly limit: number };
}

const optimizers = { adadelta, adagrad, adam, adamax, adamW, asgd, nadam, radam, rmsprop, rprop, sgd };
type OptimizerName = keyof typeof optimizers;

const moments = (draw: Draw) => ({
  ...(draw.chance(0.5) ? { beta1: draw.pick([0.9, 0.8, 0.5]), beta2: draw.pick([0.999, 0.9, 0.99]) } : {}),
  ...(draw.chance(0.3) ? { epsilon: draw.pick([1e-8, 1e-3, 1e-6]) } : {}),
});
const decay = (draw: Draw) => (draw.chance(0.4) ? { weightDecay: draw.pick([0.1, 0.01, 0.5]) } : {});

const climbing = (draw: Draw) => (draw.chance(0.2) ? { maximize: true } : {});

const settings: Readonly<Record<OptimizerName, (draw: Draw) => object>> = {
  sgd(draw) {
    const momentum = draw.pick([0, 0, 0.9, 0.5]);
    const kind = momentum === 0 ? {} : draw.pick([{}, { nesterov: true }, { dampening: 0.5 }]);
    return {
      ...decay(draw),
      ...(momentum === 0 ? {} : { momentum }),
      ...kind,
      ...climbing(draw),
    };
  },
  adam: (draw) => ({
    ...climbing(draw),
    ...moments(draw),
    ...decay(draw),
    ...(draw.chance(0.3) ? { amsgrad: true } : {}),
  }),
  adamW: (draw) => ({
    ...climbing(draw),
    ...moments(draw),
    weightDecay: draw.pick([0.01, 0.1, 0]),
    ...(draw.chance(0.3) ? { amsgrad: true } : {}),
  }),
  adagrad: (draw) => ({
    ...climbing(draw),
    ...decay(draw),
    ...(draw.chance(0.4) ? { lrDecay: 0.1 } : {}),
    ...(draw.chance(0.4) ? { initialAccumulatorValue: 0.5 } : {}),
    ...(draw.chance(0.4) ? { epsilon: 1e-3 } : {}),
  }),
  adadelta: (draw) => ({ ...decay(draw), ...(draw.chance(0.5) ? { rho: 0.8, epsilon: 1e-4 } : {}) }),
  asgd: (draw) => ({ ...climbing(draw), ...decay(draw), ...(draw.chance(0.5) ? { lambd: 0.1, alpha: 0.5 } : {}) }),
  rprop: (draw) => ({
    ...climbing(draw),
    ...(draw.chance(0.5) ? { etaMinus: 0.25, etaPlus: 1.5 } : {}),
    ...(draw.chance(0.5) ? { stepSizeMin: 0.01, stepSizeMax: 0.125 } : {}),
  }),
  rmsprop: (draw) => ({
    ...climbing(draw),
    ...decay(draw),
    ...(draw.chance(0.4) ? { alpha: 0.9 } : {}),
    ...(draw.chance(0.4) ? { epsilon: 1e-4 } : {}),
    ...(draw.chance(0.4) ? { momentum: 0.5 } : {}),
    ...(draw.chance(0.4) ? { centered: true } : {}),
  }),
  adamax: (draw) => ({ ...climbing(draw), ...moments(draw), ...decay(draw) }),
  nadam: (draw) => ({ ...moments(draw), ...decay(draw), ...(draw.chance(0.3) ? { momentumDecay: 0.1 } : {}) }),
  radam: (draw) => ({ ...moments(draw), ...decay(draw) }),
};

/** Gradients no larger than parameters: what is trained. Zeros among them. */
const GRADIENTS: Domain = { plain: [-1, 1], limits: [-100, 100] };
const PARAMETERS: Domain = { plain: [-2, 2], limits: [-100, 100] };

function optimizer(name: OptimizerName): Subject {
  return subject<Run>({
    name: `optimizers/${name}`,
    // Up to eight steps of a rate of 0.1: a rounding each, and of numbers of the size of a step.
    bounds: { value: { ...composed(8), scale: () => 1 / 8 }, derivatives: composed(8) } satisfies Bounds,
    draw(source) {
      const draw = new Draw(source.whole(0, 2 ** 31), source.pick(["plain", "plain", "kinks", "wide", "special"]));
      const steps = draw.whole(1, 9);
      const shapes = Array.from({ length: draw.whole(1, 4) }, () => draw.shape({ most: 2, smallest: 1 }));
      const inputs = [
        ...shapes.map((shape) => draw.reals(shape, PARAMETERS)),
        ...shapes.map((shape) => draw.reals([steps, ...shape], GRADIENTS)),
      ];
      const clip = { by: draw.pick(["norm", "value"] as const), limit: draw.pick([0.5, 1, 2]) };
      const run: Run = {
        optimizer: name,
        rate: draw.pick([0.1, 0.01, 1e-3]),
        options: settings[name](draw) as Run["options"],
        steps,
      };
      // rprop takes a number, and torch's asgd knows of a new rate a step later.
      const scheduled =
        name !== "rprop" && name !== "asgd" && draw.chance(0.3)
          ? { schedule: drawSchedule(draw.pick(Object.keys(make) as Name[]), draw, steps + 2) }
          : {};
      return { inputs, options: { ...run, ...scheduled, ...(draw.chance(0.3) ? { clip } : {}) } };
    },
    build(inputs, { rate, options: own, steps, schedule: given, clip }) {
      const count = inputs.length / 2;
      const data = (i: number) => (inputs[i].attrs as { readonly data: ArrayLike<number> }).data;
      const watched = inputs.slice(0, count).map(({ shape }, i) => new Variable(shape, Float64Array.from(data(i))));
      const factory = optimizers[name] as (rate: schedules.Schedule, options: object) => Optimizer;
      const plain = factory(given === undefined ? rate : scheduleOf(given), own);
      const clipped = clip && (clip.by === "norm" ? clipByGlobalNorm(clip.limit) : clipByValue(clip.limit));
      const whole = clipped === undefined ? plain : chain(clipped, plain);
      const state = whole.init(watched);
      const gradients = inputs
        .slice(count)
        .map((each, i) => constant(Float64Array.from(data(count + i)), { shape: each.shape }).gather(state.step));
      return { assignments: whole.update(gradients, state, watched), watched, steps };
    },
  });
}

export const training: readonly Subject[] = [
  ...(Object.keys(make) as Name[]).map(schedule),
  ...(Object.keys(settings) as OptimizerName[]).map(optimizer),
];
