// Gradients layer by layer, while a training goes on: measured by a program of its own on one batch, so that the training's is as it was.
import { grad } from "../autodiff.ts";
import { OfFits } from "../callbacks/of-fits.ts";
import { aNumberWithin, aPositiveNumber, aWholeNumber, type Checks, checkOptions } from "../check.ts";
import { compile } from "../compile/compile.ts";
import { concat } from "../create.ts";
import { trainingContext } from "../nn/module.ts";
import type { Program } from "../program/program.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Callback, FitContext } from "../train/callback.ts";
import { checkLabels } from "../train/check-labels.ts";
import { type Dataset, release, type Samples } from "../train/dataset.ts";
import { freeing, loadProgram, orElse } from "../train/load.ts";
import type { Recipe } from "../train/programs.ts";
import { measure } from "../train/step-graph.ts";
import { tryOut } from "../train/trial.ts";
import { upload } from "../train/upload.ts";
import { shownNumber } from "./html.ts";
import { median } from "./range.ts";
import { type SomeSamples, samples } from "./trainer.ts";

/** What is looked at, and when. */
export interface GradientMonitorOptions {
  /** The batch whose gradients are measured: some rows of what is trained on. */
  readonly data: SomeSamples;
  /** After so many epochs, and so many more; default 1. It looks when the fit begins, too. */
  readonly every?: number;
  /** Gradients vanish whose elements are so small beside those of the last layer, where the way back begins. Default 1e-5. */
  readonly vanishing?: number;
  /** Gradients explode whose elements are so large beside those of the last layer, or beside what they were at first. Default 1000. */
  readonly exploding?: number;
}

/** What may be said of a layer's gradient. */
export type GradientState = "fine" | "none" | "vanishing" | "exploding" | "fast" | "still";

/** Of one parameter at one moment. Plain data. */
export interface LayerGradient {
  readonly path: string;
  /** Euclidean norms of the gradient, of the parameter, and of what the optimizer's next step would add to it. */
  readonly gradient: number;
  readonly weight: number;
  /** Undefined for an optimizer that searches, as L-BFGS. */
  readonly update: number | undefined;
  /** The update beside the parameter; undefined where that is 0. About a thousandth is usual. */
  readonly ratio: number | undefined;
  readonly state: GradientState;
}

/** All parameters at one moment. Plain data. */
export interface GradientRecord {
  /** Epochs of the training that were finished. */
  readonly epoch: number;
  /** Steps of the fit. */
  readonly step: number;
  readonly layers: readonly LayerGradient[];
  /** What is wrong, in words. */
  readonly verdict: string;
}

/** A callback that knows what it saw. */
export interface GradientMonitor extends Callback {
  /** Of all fits that it was in, in their order. */
  readonly records: readonly GradientRecord[];
  /** What the latest one says. */
  readonly verdict: string;
}

const checks: Checks<GradientMonitorOptions> = {
  data: samples,
  every: aWholeNumber(1),
  vanishing: aNumberWithin(0, 1),
  exploding: aPositiveNumber,
};

/** Updates that are larger than this part of a parameter are too fast, and smaller than this one lost in its rounding. */
const FAST = 0.1;
const STILL = 2 ** -24;

/** Parameters of the last layer: its weight and its bias. */
const LAST = 2;

/** What measures a trainer's gradients during a fit. */
interface Probe {
  readonly executor: Executor;
  readonly data: Dataset;
  readonly id: ProgramId;
  readonly recipe: Recipe;
  epochs: number;
}

/**
 * Watches the gradient of each parameter: its norm, and how far the next step would move the parameter beside its own size. It names in
 * words what vanishes (Hochreiter 1991), explodes, gets no gradient, or moves too fast or not at all. It measures on a batch of its own, after
 * epochs, by a program beside the training's, which stays as it is.
 * @throws DataError, ShapeError, DTypeError when the fit begins, for a batch that does not fit
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { gradientMonitor } from "simdgrad/insight";
 * import { Linear, mseLoss, Sequential, sigmoid } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const layers = Array.from({ length: 12 }, () => [new Linear(4, 4), sigmoid]).flat();
 * const trainer = new Trainer(new Sequential(...layers), { loss: mseLoss, optimizer: sgd(0.1) });
 * const data = { x: [[1, 0, 1, 0]], y: [[1, 1, 0, 0]] };
 * await trainer.load(data);
 * const monitor = gradientMonitor({ data });
 * await trainer.fit({ epochs: 2, callbacks: [monitor] });
 * monitor.records.length; // => 3
 * monitor.verdict.startsWith("0.weight vanishes"); // => true
 */
export function gradientMonitor(options: GradientMonitorOptions): GradientMonitor {
  checkOptions(options, "gradientMonitor", checks, "data");
  const { data, every = 1, vanishing = 1e-5, exploding = 1e3 } = options;
  const fits = new OfFits<Probe>();
  const records: GradientRecord[] = [];
  const first = new Map<string, number>();
  const look = async (context: FitContext) => {
    const probe = fits.of(context);
    const sizes = await sizesOf(probe);
    const waits = probe.recipe.optimizer.progress?.(probe.recipe.state) !== undefined;
    const layers = judged(sizes, first, { vanishing, exploding, waits });
    const epoch = context.trainer.history.length;
    records.push({ epoch, step: context.step, layers, verdict: verdictOf(layers) });
  };
  return {
    records,
    get verdict() {
      return records.at(-1)?.verdict ?? "Nothing was measured yet.";
    },
    async onFitBegin(context) {
      fits.begin(context, await probeOf(context, data as unknown as Samples));
      await look(context);
    },
    async onEpochEnd(_, context) {
      if (++fits.of(context).epochs % every === 0) await look(context);
    },
    async onNonFinite(_, context) {
      await look(context); // which layers are no numbers any more
      return false;
    },
    async onFitEnd(context) {
      const probe = fits.find(context);
      if (probe !== undefined) await free(probe);
    },
  };
}

async function probeOf({ trainer }: FitContext, given: Samples): Promise<Probe> {
  const { executor, recipe, checked } = trainer.workshop;
  const own = checked(given);
  tryOut(recipe, own);
  checkLabels(own, recipe.loss);
  const data = await upload(executor, own, "gradients");
  const id = await orElse(
    () => loadProgram(executor, programOf(recipe, data)),
    () => release(executor, data),
  );
  return { executor, data, id, recipe, epochs: 0 };
}

function free({ executor, data, id }: Probe): Promise<void> {
  return freeing(async () => {
    await executor.unload(id);
    await release(executor, data);
  });
}

const NAMES = ["gradients", "weights", "updates"];

/** The norms that a step on this batch would have, which is not made: nothing is assigned. */
function programOf(recipe: Recipe, data: Dataset): Program {
  const { parameters, optimizer, state, seed, names } = recipe;
  const all = [...parameters.values()];
  const [{ value: loss }] = measure(recipe, data, trainingContext(seed, state.step, []));
  const gradients = grad(loss, all);
  const searches = optimizer.minimizer !== undefined;
  const next = new Map(searches ? [] : optimizer.update(gradients, state, all));
  const updates = all.map((each) => (next.get(each) ?? each).sub(each));
  const parts = [gradients, all, ...(searches ? [] : [updates])];
  return compile({
    outputs: Object.fromEntries(
      parts.map((part, i) => [NAMES[i], concat(part.map((each) => norm(each).reshape([1])))]),
    ),
    names,
  });
}

/** Euclidean, also where squares would be no f32 numbers. */
function norm(values: Tensor): Tensor {
  const flat = values.flatten();
  const largest = flat.abs().max(0);
  const divisor = largest.equal(0).select(1, largest);
  return flat.div(divisor).square().sum().sqrt().mul(largest);
}

/** Of one parameter, as it was measured. */
type Sizes = Omit<LayerGradient, "state" | "ratio"> & { readonly count: number };

async function sizesOf({ executor, id, recipe }: Probe): Promise<Sizes[]> {
  await executor.run([[id, 1]], { urgent: true }).done;
  const names = recipe.optimizer.minimizer === undefined ? NAMES : NAMES.slice(0, 2);
  const [gradients, weights, updates] = await executor.readAll(names.map((name) => ({ program: id, name })));
  return [...recipe.parameters].map(([path, { shape }], i) => ({
    path,
    gradient: gradients[i],
    weight: weights[i],
    update: updates?.[i],
    count: sizeOf(shape),
  }));
}

/** What is too small and too large, and whether the optimizer makes steps that change nothing. */
interface Bounds {
  readonly vanishing: number;
  readonly exploding: number;
  readonly waits: boolean;
}

function judged(
  all: readonly Sizes[],
  first: Map<string, number>,
  { vanishing, exploding, waits }: Bounds,
): LayerGradient[] {
  const typical = (each: Sizes) => each.gradient / Math.sqrt(each.count); // of one element
  const known = all.map(typical).filter((size) => Number.isFinite(size) && size > 0);
  const last = Math.max(...all.slice(-LAST).map(typical));
  const reference = last > 0 && Number.isFinite(last) ? last : median(known);
  return all.map((each): LayerGradient => {
    const { count: _, ...sizes } = each;
    const size = typical(each);
    const before = first.get(each.path) ?? size;
    if (!first.has(each.path) && size > 0) first.set(each.path, size);
    const ratio = each.update === undefined || each.weight === 0 ? undefined : each.update / each.weight;
    const state = (): GradientState => {
      if (size === 0) return "none";
      if (!Number.isFinite(size) || size > exploding * Math.min(reference, before)) return "exploding";
      if (size < vanishing * reference) return "vanishing";
      if (ratio === undefined || (ratio === 0 && waits)) return "fine";
      return ratio > FAST ? "fast" : ratio < STILL ? "still" : "fine";
    };
    return { ...sizes, ratio, state: state() };
  });
}

function verdictOf(layers: readonly LayerGradient[]): string {
  const said = layers.flatMap((layer) => {
    const words = wordsOf(layer);
    return words === undefined ? [] : [`${layer.path} ${words}`];
  });
  return said.length === 0 ? `All ${layers.length} gradients are fine.` : `${said.join("; ")}.`;
}

function wordsOf({ state, gradient, ratio = 0 }: LayerGradient): string | undefined {
  if (state === "none") return "gets no gradient: nothing that it does reaches the loss on this batch";
  if (state === "vanishing")
    return `vanishes: its gradient has norm ${shownNumber(gradient)}, next to nothing beside that of the last layer (other activations, normalization or residuals keep it)`;
  if (state === "exploding")
    return `explodes: its gradient has norm ${shownNumber(gradient)} (clipByGlobalNorm, a smaller rate or normalization bound it)`;
  if (state === "fast")
    return `moves too fast: the next step is ${shownNumber(ratio)} of its size (a smaller rate, or a warm-up)`;
  if (state === "still")
    return `stays as it is: the next step is ${shownNumber(ratio)} of its size, and lost in rounding`;
  return undefined;
}
