// The network in double precision, with the weights that an update begins with: what its 32-bit numbers, and its gradients, stand beside.
import type { Update } from "./graph.ts";
import { type Activation, activationOf, depth, type Setup, type Weight } from "./network.ts";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const relu = (z: number) => Math.max(0, z);

const functions: Readonly<Record<Activation, (z: number) => number>> = {
  linear: (z) => z,
  sigmoid,
  tanh: Math.tanh,
  relu,
};

const slopes: Readonly<Record<Activation, (z: number) => number>> = {
  linear: () => 1,
  sigmoid: (z) => sigmoid(z) * sigmoid(-z),
  tanh: (z) => 4 * sigmoid(2 * z) * sigmoid(-2 * z),
  relu: (z) => (z > 0 ? 1 : 0),
};

/** By how much more a function gives for a sum that is so much larger: two values next to 1 would leave no digits of their difference. */
const changes: Readonly<Record<Activation, (z: number, by: number) => number>> = {
  linear: (_, by) => by,
  sigmoid: sigmoidChange,
  tanh: (z, by) => 2 * sigmoidChange(2 * z, 2 * by),
  relu: (z, by) => relu(z + by) - relu(z),
};

function sigmoidChange(z: number, by: number): number {
  return by < 0 ? -sigmoidChange(z + by, -by) : sigmoid(z + by) * sigmoid(-z) * -Math.expm1(-by);
}

/** By how much the loss changes when one weight, and no other, is larger by so much. */
export function lossChange(setup: Setup, update: Update, { layer, from, to }: Weight, by: number): number {
  const { sums, outputs } = forward(setup, update);
  let moved = sums[layer].map((_, unit) =>
    unit !== to ? 0 : by * (from === undefined ? 1 : outputs[layer - 1][from]),
  );
  for (let at = layer; ; at++) {
    const change = changes[activationOf(setup, at)];
    const passed = moved.map((each, unit) => change(sums[at][unit], each));
    if (at === depth(setup))
      return passed.reduce((sum, each, unit) => {
        const error = outputs[at][unit] - Math.fround(setup.targets[unit]);
        return sum + each * (error + each / 2);
      }, 0);
    moved = weighted(update.layers[at + 1].w, passed);
  }
}

/** How steep a unit's activation is at its sum. */
export function exactSlope(setup: Setup, update: Update, layer: number, unit: number): number {
  return slopes[activationOf(setup, layer)](forward(setup, update).sums[layer][unit]);
}

/** What units add up, and what they make of it, by layers; layer 0 are the inputs. */
function forward(setup: Setup, { layers }: Update): { readonly sums: number[][]; readonly outputs: number[][] } {
  const sums: number[][] = [[]];
  const outputs = [[...layers[0].a]];
  layers.slice(1).forEach(({ w, b }, before) => {
    sums.push(weighted(w, outputs[before]).map((sum, unit) => sum + (b[unit] ?? 0)));
    outputs.push(sums[before + 1].map(functions[activationOf(setup, before + 1)]));
  });
  return { sums, outputs };
}

/** Of each unit what comes in, each number times the weight of its line, added up. */
function weighted(w: Float32Array, given: readonly number[]): number[] {
  return Array.from({ length: w.length / given.length }, (_, unit) =>
    given.reduce((sum, each, i) => sum + w[unit * given.length + i] * each, 0),
  );
}
