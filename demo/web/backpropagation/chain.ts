// The chain rule of one weight, factor by factor, with the numbers of an update. Text alone: chain-view.ts shows it.
import { exactSlope, lossChange } from "./exact.ts";
import { beside, factor, four } from "./format.ts";
import type { Update } from "./graph.ts";
import {
  type Activation,
  activationOf,
  depth,
  type Setup,
  sumName,
  targetName,
  unitName,
  type Weight,
  weightName,
} from "./network.ts";

/** One factor, or a sum that one is made of. */
export interface Link {
  readonly name: string;
  /** How it is made, in symbols and then in numbers. */
  readonly symbols: string;
  readonly numbers: string;
  readonly value: number;
  /** What it says, in words. */
  readonly words: string;
  /** What the terms of its sum are made of: one for each path to the loss. */
  readonly parts: readonly Link[];
}

export interface Chain {
  readonly name: string;
  readonly symbols: string;
  readonly numbers: string;
  readonly gradient: number;
  readonly links: readonly Link[];
  /** The step that follows from it. */
  readonly step: string;
  /** What the gradient's sign and size mean. */
  readonly meaning: string;
}

/** By how much a weight is larger, to see what becomes of the loss. */
const LITTLE = 0.001;
/** By how much, to find the slope itself. */
const TINY = 1e-9;
/** How far a slope may be from the exact one without a word. */
const CLOSE = 0.0005;

const slopes: Readonly<Record<Activation, (name: string) => string>> = {
  linear: () => "1",
  sigmoid: (name) => `${name} × (1 − ${name})`,
  tanh: (name) => `1 − ${name}²`,
  relu: () => "1 if the sum is positive, else 0",
};

const slopeNumbers: Readonly<Record<Activation, (a: number) => string>> = {
  linear: () => "",
  sigmoid: (a) => `${factor(a, beside(a, 1))} × (1 − ${factor(a, beside(a, 1))})`,
  tanh: (a) => `1 − ${factor(a, beside(a, Math.sign(a)))}²`,
  relu: () => "",
};

/** @param next the update after this one, which begins with the new weights */
export function chainOf(setup: Setup, update: Update, next: Update, weight: Weight): Chain {
  const { layer, from, to } = weight;
  const name = weightName(setup, weight);
  const sum = sumName(setup, layer, to);
  const unit = unitName(setup, layer, to);
  const { layers } = update;
  const width = setup.sizes[layer - 1];
  const valueIn = ({ layers }: Update) =>
    from === undefined ? layers[layer].b[to] : layers[layer].w[to * width + from];
  const own = valueIn(update);
  const after = valueIn(next);
  const gradient = from === undefined ? layers[layer].db[to] : layers[layer].dw[to * width + from];
  const links = [errorOf(setup, update, layer, to), slopeOf(setup, update, layer, to), incoming(setup, update, weight)];
  return {
    name,
    symbols: `∂L/∂${name} = ∂L/∂${unit} × ∂${unit}/∂${sum} × ∂${sum}/∂${name}`,
    numbers: links.map(({ value }) => factor(value)).join(" × "),
    gradient,
    links,
    step: `${name} ← ${factor(own)} − ${four(setup.rate)} × ${factor(gradient)} = ${four(after)}`,
    meaning: meaning(setup, update, weight, gradient),
  };
}

/** What becomes of the loss when a weight is a little larger, and what its gradient says of that. */
function meaning(setup: Setup, update: Update, weight: Weight, gradient: number): string {
  const change = lossChange(setup, update, weight, LITTLE);
  const larger = `A weight larger by ${LITTLE} makes the loss`;
  const computed = change === 0 ? `${larger} neither larger nor smaller` : `${larger} ${moved(change)}, computed anew`;
  if (gradient === 0 && change === 0) return `${computed}, and the gradient is 0: the weight stays.`;
  const said = gradient * LITTLE;
  const gap = Math.abs(change - said);
  const why = gap > Math.abs(said) / 10 ? ` ${whyFar(setup, update, weight, gradient, gap)}` : "";
  if (gradient === 0) return `${computed}; the gradient comes out as 0, and so the weight stays.${why}`;
  return `${computed}; the gradient says ${moved(said)}. So the weight ${gradient < 0 ? "grows" : "shrinks"}.${why}`;
}

/** Why a gradient foretells the loss badly: by so much. */
function whyFar(setup: Setup, update: Update, weight: Weight, gradient: number, gap: number): string {
  const slope = (by: number) => lossChange(setup, update, weight, by) / by;
  const [below, above] = [slope(-TINY), slope(TINY)];
  const exact = (below + above) / 2;
  const explains = (difference: number) => Math.abs(difference) * LITTLE > gap / 2;
  if (explains(above - below)) return "A ReLU whose sum is 0 stands at its kink: the page takes its slope there as 0.";
  if (explains(gradient - exact))
    return `So near to 0, 32-bit numbers leave little of a gradient: without their rounding it is ${four(exact)}.`;
  return `The gradient is the slope at this very place, and within ${LITTLE} the loss bends.`;
}

function moved(change: number): string {
  return `${change < 0 ? "smaller" : "larger"} by ${four(Math.abs(change))}`;
}

/** ∂L/∂a of a unit: at the output the error, before it a sum over all units that it leads to. */
function errorOf(setup: Setup, update: Update, layer: number, unit: number): Link {
  const { layers } = update;
  const name = unitName(setup, layer, unit);
  const value = layers[layer].da[unit];
  if (layer === depth(setup)) {
    const target = Math.fround(setup.targets[unit]);
    const output = layers[layer].a[unit];
    return {
      name: `∂L/∂${name}`,
      symbols: `${name} − ${targetName(setup, unit)}`,
      numbers: `${beside(output, target)} − ${factor(target, beside(target, output))}`,
      value,
      words: "how the loss changes with this output: the error itself, because the loss is half its square",
      parts: [],
    };
  }
  const next = layer + 1;
  const width = setup.sizes[layer];
  const units = Array.from({ length: setup.sizes[next] }, (_, to) => to);
  const along = (to: number) => weightName(setup, { layer: next, from: unit, to });
  const terms = units.map((to) => `${factor(layers[next].dz[to])} × ${factor(layers[next].w[to * width + unit])}`);
  return {
    name: `∂L/∂${name}`,
    symbols: units.map((to) => `∂L/∂${sumName(setup, next, to)} × ${along(to)}`).join(" + "),
    numbers: terms.join(" + "),
    value,
    words:
      units.length === 1
        ? "how the loss changes with this unit: what comes back along its line, times the weight of that line"
        : `how the loss changes with this unit: a sum over its ${units.length} paths to the next layer`,
    parts: units.map((to) => sumOf(setup, update, next, to)),
  };
}

/** ∂L/∂z of a unit. */
function sumOf(setup: Setup, update: Update, layer: number, unit: number): Link {
  const name = unitName(setup, layer, unit);
  const sum = sumName(setup, layer, unit);
  const error = errorOf(setup, update, layer, unit);
  const { slope, dz } = update.layers[layer];
  return {
    name: `∂L/∂${sum}`,
    symbols: `∂L/∂${name} × ∂${name}/∂${sum}`,
    numbers: `${factor(error.value)} × ${factor(slope[unit])}`,
    value: dz[unit],
    words: `how the loss changes with the sum of ${name}`,
    parts: [error],
  };
}

function slopeOf(setup: Setup, update: Update, layer: number, unit: number): Link {
  const { a, slope } = update.layers[layer];
  const name = unitName(setup, layer, unit);
  const activation = activationOf(setup, layer);
  const exact = exactSlope(setup, update, layer, unit);
  const isClose = activation === "relu" || Math.abs(slope[unit] - exact) <= CLOSE * exact;
  return {
    name: `∂${name}/∂${sumName(setup, layer, unit)}`,
    symbols: slopes[activation](name),
    numbers: slopeNumbers[activation](a[unit]),
    value: slope[unit],
    words:
      activation === "linear"
        ? "the unit passes its sum on as it is"
        : `how steep ${activation === "relu" ? "ReLU" : activation} is at this sum${isClose ? "" : `; ${four(exact)} without the rounding of ${name} to 32 bits`}`,
    parts: [],
  };
}

function incoming(setup: Setup, { layers }: Update, weight: Weight): Link {
  const { layer, from, to } = weight;
  const name = `∂${sumName(setup, layer, to)}/∂${weightName(setup, weight)}`;
  if (from === undefined)
    return { name, symbols: "1", numbers: "", value: 1, words: "a bias is added as it is", parts: [] };
  return {
    name,
    symbols: unitName(setup, layer - 1, from),
    numbers: "",
    value: layers[layer - 1].a[from],
    words: "what comes in along this line: the weight is multiplied by it",
    parts: [],
  };
}
