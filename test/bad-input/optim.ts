// What simdgrad/optim exports, with right arguments; what comes of a call makes a step of two parameters, as a program would.
import { constant, Variable } from "../../src/index.ts";
import * as optim from "../../src/optim/index.ts";
import { amsgrad, decay, epsilon, mask, table } from "../optim/table.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const { sgd } = optim;
const rate = a.schedule(0.1);

function optimizer(run: (...args: never[]) => optim.Optimizer, ...args: readonly a.Argument[]): Call {
  return call(run, ...args);
}

/** A schedule's value at a step. */
function scheduleOf(run: (...args: never[]) => optim.Schedule, ...args: readonly a.Argument[]): Call {
  return call(run, ...args);
}

const inner = a.instance(sgd(0.1));

const byName: Readonly<Record<string, (...args: never[]) => optim.Optimizer>> = optim as never;

export const optimCalls: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(Object.entries(table).map(([name, { args }]) => [name, optimizer(byName[name], ...args)])),
  accumulate: optimizer(optim.accumulate, inner, a.options({ steps: a.whole(2) }, ["steps"])),
  addDecayedWeights: call(optim.addDecayedWeights, decay, a.options(mask)),
  agc: call(optim.agc, a.optional(a.positive(0.1)), a.options(epsilon)),
  chain: call(optim.chain, a.instance(optim.trace(0.9)), inner),
  clamp: call(optim.clamp, a.number(-2), a.number(2)),
  clipByGlobalNorm: call(optim.clipByGlobalNorm, a.positive(1)),
  clipByValue: call(optim.clipByValue, a.positive(1)),
  constantSchedule: scheduleOf(optim.constantSchedule, a.finite(0.1)),
  constrained: call(
    optim.constrained,
    inner,
    a.callback(optim.nonNegative()),
    a.options({ parameters: a.selection([]) }),
  ),
  cosineDecay: scheduleOf(
    optim.cosineDecay,
    a.finite(0.1),
    a.options({ steps: a.whole(9), final: a.finite(0) }, ["steps"]),
  ),
  cosineAnnealing: scheduleOf(
    optim.cosineAnnealing,
    a.finite(0.1),
    a.options({ steps: a.whole(9), final: a.finite(0) }, ["steps"]),
  ),
  cosineRestarts: scheduleOf(
    optim.cosineRestarts,
    a.finite(0.1),
    a.options({ steps: a.whole(9), factor: a.whole(2), final: a.finite(0) }, ["steps"]),
  ),
  cyclic: scheduleOf(
    optim.cyclic,
    a.finite(0.1),
    a.options(
      {
        top: a.finite(1),
        stepSizeUp: a.whole(9),
        stepSizeDown: a.whole(9),
        mode: a.word("triangular2"),
        gamma: a.beside(a.positive(0.9), { mode: "exponential" }),
      },
      ["top"],
    ),
  ),
  ema: optimizer(optim.ema, inner, a.options({ decay: a.positive(0.9) })),
  exponentialDecay: scheduleOf(optim.exponentialDecay, a.finite(0.1), a.options({ gamma: a.positive(0.9) }, ["gamma"])),
  freeze: optimizer(optim.freeze, inner, a.selection([new Variable([], 0)])),
  hyperparameter: call(optim.hyperparameter, a.finite(0.1)),
  inverseTimeDecay: scheduleOf(
    optim.inverseTimeDecay,
    a.finite(0.1),
    a.options({ rate: a.positive(0.1), steps: a.whole(9), staircase: a.flag(true) }, ["rate"]),
  ),
  joinedSchedules: scheduleOf(
    optim.joinedSchedules,
    a.also(
      a.list([0.1, 0.2]),
      ["a list", "numbers are schedules"],
      ["a list of sizes that are none", "numbers are schedules"],
    ),
    a.options({ boundaries: a.list([5]) }, ["boundaries"]),
  ),
  l1Penalty: call(optim.l1Penalty, a.positive(0.1), a.options(mask)),
  l2Penalty: call(optim.l2Penalty, a.positive(0.1), a.options(mask)),
  lbfgs: optimizer(
    optim.lbfgs,
    a.optional(a.positive(1)),
    a.options({
      maxIter: a.whole(2),
      maxEval: a.whole(2),
      historySize: a.whole(2),
      toleranceGrad: a.positive(0.1),
      toleranceChange: a.positive(0.1),
      lineSearchFn: a.word("strongWolfe"),
    }),
  ),
  linearSchedule: scheduleOf(
    optim.linearSchedule,
    a.finite(0.1),
    a.options({ steps: a.whole(9), startFactor: a.positive(0.1), endFactor: a.positive(0.5) }, ["steps"]),
  ),
  linearWarmup: scheduleOf(
    optim.linearWarmup,
    a.finite(0.1),
    a.options({ steps: a.whole(9), startFactor: a.positive(0.1) }, ["steps"]),
  ),
  lookahead: optimizer(optim.lookahead, inner, a.options({ every: a.whole(2), alpha: a.positive(0.1) })),
  masked: call(optim.masked, a.instance(optim.trace(0.9)), a.selection([])),
  maxNorm: call(optim.maxNorm, a.optional(a.positive(1))),
  multiStepDecay: scheduleOf(
    optim.multiStepDecay,
    a.finite(0.1),
    a.options({ milestones: a.also(a.list([5]), ["a list", "two steps"]), gamma: a.positive(0.5) }, ["milestones"]),
  ),
  noam: scheduleOf(optim.noam, a.options({ size: a.whole(9), warmup: a.whole(9), factor: a.finite(1) }, ["size"])),
  nonNegative: call(optim.nonNegative),
  oneCycle: scheduleOf(
    optim.oneCycle,
    a.finite(0.1),
    a.options(
      {
        steps: a.whole(99),
        pctStart: a.positive(0.3),
        anneal: a.word("linear"),
        threePhase: a.flag(true),
        divFactor: a.positive(2),
        finalDivFactor: a.positive(2),
      },
      ["steps"],
    ),
  ),
  oneCycleMomentum: scheduleOf(
    optim.oneCycleMomentum,
    a.options(
      {
        steps: a.whole(99),
        pctStart: a.positive(0.3),
        anneal: a.word("linear"),
        threePhase: a.flag(true),
        baseMomentum: a.positive(0.5),
        maxMomentum: a.positive(0.75),
      },
      ["steps"],
    ),
  ),
  parameterGroups: optimizer(optim.parameterGroups, a.list([{ optimizer: sgd(0.1) }])),
  "parameterGroups, a group": call(
    (group: optim.ParameterGroup) => optim.parameterGroups([group]),
    a.options({ parameters: a.selection([]), optimizer: inner }, ["optimizer"]),
  ),
  piecewiseConstant: scheduleOf(
    optim.piecewiseConstant,
    a.also(a.list([1, 2]), ["a list", "two values"], ["a list of sizes that are none", "any numbers are values"]),
    a.options({ boundaries: a.list([5]) }, ["boundaries"]),
  ),
  polynomialDecay: scheduleOf(
    optim.polynomialDecay,
    a.finite(0.1),
    a.options({ steps: a.whole(9), power: a.positive(2), final: a.finite(0) }, ["steps"]),
  ),
  scaleByAdam: call(
    optim.scaleByAdam,
    a.options({ beta1: a.schedule(0.9), beta2: a.positive(0.9), ...epsilon, ...amsgrad }),
  ),
  scaleByLearningRate: call(optim.scaleByLearningRate, rate),
  scaledSchedule: scheduleOf(
    optim.scaledSchedule,
    a.also(rate, ["minus one", "a number"]),
    a.also(rate, ["minus one", "a number"]),
  ),
  scheduled: call(
    optim.scheduled,
    a.also(a.schedule(0.1), ["minus one", "a number"]),
    a.fitting(constant(Int32Array.of(0))),
  ),
  stepDecay: scheduleOf(
    optim.stepDecay,
    a.finite(0.1),
    a.options({ stepSize: a.whole(9), gamma: a.positive(0.5) }, ["stepSize"]),
  ),
  swa: optimizer(optim.swa, inner, a.options({ start: a.whole(2), every: a.whole(2) })),
  trace: call(optim.trace, a.schedule(0.9), a.options({ nesterov: a.flag(true), dampening: a.positive(0.1) })),
  unitNorm: call(optim.unitNorm),
};
