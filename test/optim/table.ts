// Every optimizer by name, in one row: its runs against PyTorch, the rates it finds minima with, how large its step is, what it takes.
import { cyclic, oneCycle, oneCycleMomentum } from "../../src/optim/cycles.ts";
import * as optimizers from "../../src/optim/optimizers.ts";
import { cosineDecay, type Schedule } from "../../src/optim/schedules.ts";
import { sgd } from "../../src/optim/sgd.ts";
import type { Optimizer } from "../../src/optim/transform.ts";
import type { Variable } from "../../src/variable.ts";
import * as a from "../bad-input/kinds.ts";

const { adadelta, adagrad, adam, adamax, adamW, asgd, lamb, lars, lion, muon, nadam, radam, rmsprop, rprop } =
  optimizers;

/** An optimizer. */
export interface Row {
  /** Compared with the runs of these names in test/golden/optimizers.json. */
  readonly runs: Readonly<Record<string, Optimizer>>;
  /** Without decay, to find minima with. */
  readonly make: (rate: Schedule) => Optimizer;
  /** For a quadratic and for Rosenbrock's valley. Those with "to 0" fall along a cosine: steps of one size never come to rest. */
  readonly rates: readonly [string, string];
  /** Instructions beyond those of loss and gradients, at most. Looked at like test/budget.json: a number may shrink. */
  readonly instructions: number;
  /** Right arguments, for test/bad-input. */
  readonly args: readonly a.Argument[];
}

export const isMatrix = ({ shape }: Variable) => shape.length > 1;
const options = { beta1: 0.8, beta2: 0.9, epsilon: 1e-3, weightDecay: 0.1 };
const plain = { weightDecay: 0 };
const [rate20, momentum20] = [oneCycle(0.01, { steps: 20 }), oneCycleMomentum({ steps: 20 })];

const rate = a.schedule(0.1);
export const decay = a.also(a.positive(0.01), ["a tensor of another shape", "refused with words where it is a rate"]);
export const epsilon = { epsilon: a.positive(1e-8), eps: a.positive(1e-8) };
const moments = { beta1: a.schedule(0.9), beta2: a.positive(0.99), ...epsilon, weightDecay: decay };
export const mask = {
  mask: a.also(
    a.selection(() => true),
    ["a list", "refused: no parameters"],
  ),
};
const decoupled = { decoupledWeightDecay: a.beside(a.flag(true), { weightDecay: 0.5 }) };
export const amsgrad = { amsgrad: a.flag(true) };
/** The options of an optimizer, and those of all. */
const taking = (own: Readonly<Record<string, a.Argument>>) => a.options({ ...own, maximize: a.flag(true) });

/** One without a row does not compile. */
export const table: Readonly<Record<keyof typeof optimizers, Row>> = {
  sgd: {
    runs: {
      "sgd one cycle": sgd(rate20, { momentum: momentum20 }),
      "sgd nesterov cyclic": sgd(cyclic(0.01, { top: 0.03, stepSizeUp: 4 }), {
        momentum: cyclic(0.9, { top: 0.8, stepSizeUp: 4 }),
        nesterov: true,
      }),
      sgd: sgd(0.02),
      "sgd momentum": sgd(0.01, { momentum: 0.9 }),
      "sgd nesterov": sgd(0.01, { momentum: 0.9, nesterov: true }),
      "sgd dampening": sgd(0.02, { momentum: 0.9, dampening: 0.5 }),
      "sgd maximize": sgd(0.02, { momentum: 0.5, weightDecay: 0.1, maximize: true }),
      "sgd decay": sgd(0.02, { weightDecay: 0.1 }),
      "sgd nesterov decay": sgd(0.01, { momentum: 0.5, nesterov: true, weightDecay: 0.1 }),
      "sgd momentum cosine": sgd(cosineDecay(0.02, { steps: 20, final: 1e-3 }), { momentum: 0.9 }),
    },
    make: sgd,
    rates: ["0.1", "0.001"],
    instructions: 3,
    args: [
      rate,
      taking({
        nesterov: a.also(a.flag(false), ["true", "with a momentum"]),
        dampening: a.beside(a.positive(0.1), { momentum: 0.9 }),
        momentum: a.schedule(0.9),
        weightDecay: decay,
      }),
    ],
  },
  adam: {
    runs: {
      "adam one cycle": adam(rate20, { beta1: momentum20 }),
      adam: adam(0.01),
      "adam decay": adam(0.01, { weightDecay: 0.1 }),
      "adam betas": adam(0.01, { beta1: 0.8, beta2: 0.9, epsilon: 1e-3 }),
      "adam amsgrad": adam(0.01, { beta2: 0.5, amsgrad: true }),
      "adam cosine": adam(cosineDecay(0.02, { steps: 20, final: 1e-3 })),
      "adam maximize": adam(0.01, { weightDecay: 0.15, maximize: true }),
    },
    make: adam,
    rates: ["0.1 to 0", "0.03 to 0"],
    instructions: 5,
    args: [rate, taking({ ...moments, ...amsgrad })],
  },
  adamW: {
    runs: {
      "adamW one cycle": adamW(rate20, { beta1: momentum20 }),
      adamW: adamW(0.01),
      "adamW decay": adamW(0.01, { weightDecay: 0.5 }),
      "adamW mask": adamW(0.01, { weightDecay: 0.5, mask: isMatrix }),
      "adamW amsgrad": adamW(0.01, { beta2: 0.5, amsgrad: true }),
      "adamW maximize": adamW(0.01, { weightDecay: 0.15, maximize: true }),
    },
    make: (rate) => adamW(rate, plain),
    rates: ["0.1 to 0", "0.03 to 0"],
    instructions: 5,
    args: [rate, taking({ ...moments, ...mask, ...amsgrad })],
  },
  adagrad: {
    runs: {
      adagrad: adagrad(0.02),
      "adagrad options": adagrad(0.05, { lrDecay: 0.1, weightDecay: 0.1, initialAccumulatorValue: 0.5, epsilon: 1e-3 }),
      "adagrad maximize": adagrad(0.02, { weightDecay: 0.15, maximize: true }),
    },
    make: adagrad,
    rates: ["1", "1"],
    instructions: 3,
    args: [
      rate,
      taking({
        lrDecay: a.positive(0.1),
        weightDecay: decay,
        initialAccumulatorValue: a.positive(0.1),
        ...epsilon,
      }),
    ],
  },
  adadelta: {
    runs: {
      adadelta: adadelta(1),
      "adadelta options": adadelta(0.5, { rho: 0.8, epsilon: 1e-4, weightDecay: 0.1 }),
      "adadelta maximize": adadelta(1, { weightDecay: 0.15, maximize: true }),
    },
    make: adadelta,
    rates: ["10", "0.1 to 0"],
    instructions: 5,
    args: [rate, taking({ rho: a.positive(0.9), weightDecay: decay, ...epsilon })],
  },
  rmsprop: {
    runs: {
      "rmsprop one cycle": rmsprop(rate20, { momentum: momentum20 }),
      rmsprop: rmsprop(0.005),
      "rmsprop centered": rmsprop(0.005, { centered: true }),
      "rmsprop options": rmsprop(0.002, { alpha: 0.9, epsilon: 1e-4, weightDecay: 0.1, momentum: 0.5, centered: true }),
      "rmsprop maximize": rmsprop(0.005, { weightDecay: 0.15, maximize: true }),
    },
    make: rmsprop,
    rates: ["0.03 to 0", "0.001 to 0"],
    instructions: 3,
    args: [
      rate,
      taking({
        alpha: a.positive(0.9),
        momentum: a.schedule(0.9),
        weightDecay: decay,
        centered: a.flag(true),
        ...epsilon,
      }),
    ],
  },
  adamax: {
    runs: {
      "adamax one cycle": adamax(rate20, { beta1: momentum20 }),
      adamax: adamax(0.01),
      "adamax options": adamax(0.01, options),
      "adamax maximize": adamax(0.01, { weightDecay: 0.15, maximize: true }),
    },
    make: adamax,
    rates: ["0.1 to 0", "0.03 to 0"],
    instructions: 5,
    args: [rate, taking(moments)],
  },
  nadam: {
    runs: {
      "nadam one cycle": nadam(rate20, { beta1: momentum20 }),
      nadam: nadam(0.01),
      "nadam options": nadam(0.01, { ...options, momentumDecay: 0.1 }),
      "nadam decoupled": nadam(0.01, { weightDecay: 0.5, decoupledWeightDecay: true }),
      "nadam maximize": nadam(0.01, { weightDecay: 0.15, maximize: true }),
    },
    make: nadam,
    rates: ["0.1 to 0", "0.01 to 0"],
    instructions: 5,
    args: [rate, taking({ ...moments, ...decoupled, momentumDecay: a.positive(0.1) })],
  },
  radam: {
    runs: {
      "radam one cycle": radam(rate20, { beta1: momentum20 }),
      radam: radam(0.01),
      "radam options": radam(0.01, options),
      "radam decoupled": radam(0.01, { weightDecay: 0.5, decoupledWeightDecay: true }),
      "radam maximize": radam(0.01, { weightDecay: 0.15, maximize: true }),
    },
    make: radam,
    rates: ["0.1 to 0", "0.003"],
    instructions: 6,
    args: [rate, taking({ ...moments, ...decoupled })],
  },
  rprop: {
    runs: {
      rprop: rprop(0.01),
      "rprop options": rprop(0.03, {
        etaMinus: 0.4,
        etaPlus: 1.5,
        stepSizeMin: 0.01,
        stepSizeMax: 0.05,
        maximize: true,
      }),
    },
    make: (rate) => rprop(Number(rate)),
    rates: ["0.1", "0.01"],
    instructions: 5,
    args: [
      a.positive(0.1),
      taking({
        etaMinus: a.positive(0.5),
        etaPlus: a.finite(1.5),
        stepSizeMin: a.positive(0.1),
        stepSizeMax: a.positive(0.5),
      }),
    ],
  },
  asgd: {
    runs: {
      asgd: asgd(0.02),
      "asgd options": asgd(0.05, { lambd: 0.1, alpha: 0.5, t0: 3, weightDecay: 0.1 }),
      "asgd maximize": asgd(0.02, { t0: 0, maximize: true }),
    },
    make: (rate) => asgd(rate, { lambd: 0 }),
    rates: ["0.1", "0.001"],
    instructions: 3,
    args: [rate, taking({ lambd: a.positive(0.1), alpha: a.positive(0.5), t0: a.whole(3), weightDecay: decay })],
  },
  lamb: {
    runs: { lamb: lamb(0.01), "lamb decay": lamb(0.01, { weightDecay: 0.1 }) },
    make: lamb,
    rates: ["0.03 to 0", "0.003 to 0"],
    instructions: 27,
    args: [rate, taking({ ...moments, mask: a.beside(mask.mask, { weightDecay: 0.5 }) })],
  },
  lars: {
    runs: {
      lars: lars(5),
      "lars decay": lars(5, { weightDecay: 0.1, nesterov: true, momentum: 0.5 }),
      "lars mask": lars(0.02, { weightDecay: 0.1, trustCoefficient: 0.5, mask: isMatrix }),
    },
    make: lars,
    rates: ["1 to 0", "1 to 0"],
    instructions: 27,
    args: [
      rate,
      taking({
        momentum: a.schedule(0.9),
        nesterov: a.flag(true),
        weightDecay: a.positive(0.1),
        trustCoefficient: a.positive(0.1),
        ...mask,
      }),
    ],
  },
  lion: {
    runs: { lion: lion(0.01), "lion decay": lion(0.01, { beta1: 0.8, beta2: 0.7, weightDecay: 0.1 }) },
    make: lion,
    rates: ["0.03 to 0", "0.003 to 0"],
    instructions: 3,
    args: [rate, taking({ beta1: a.schedule(0.9), beta2: a.positive(0.9), weightDecay: decay })],
  },
  muon: {
    runs: {
      muon: muon(0.01),
      "muon plain": muon(0.01, { momentum: 0.8, nesterov: false, weightDecay: 0, others: adamW(0.01) }),
    },
    make: (rate) => muon(rate, plain),
    rates: ["0.03 to 0", "0.01 to 0"],
    instructions: 71,
    args: [
      rate,
      taking({
        momentum: a.schedule(0.9),
        nesterov: a.flag(true),
        weightDecay: decay,
        nsSteps: a.whole(3),
        others: a.instance(sgd(0.1)),
      }),
    ],
  },
};
