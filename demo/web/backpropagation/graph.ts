// The network as simdgrad has it: one program makes an update, and tells every number on the way to it.
import { type Assignment, compile, grad, input, type Program, type Tensor } from "simdgrad";
import { Linear, Sequential } from "simdgrad/nn";
import { type Activation, activationOf, type Setup, splitWeights } from "./network.ts";

/** What an update began with and found, by layers; layer 0 are the inputs, and has `a` alone. */
export interface Layer {
  /** Weights before the update: a row of `sizes[layer - 1]` for each unit. */
  readonly w: Float32Array;
  readonly b: Float32Array;
  /** Sums of what comes in, and what the activation makes of them. */
  readonly z: Float32Array;
  readonly a: Float32Array;
  /** Slopes of the activation: ∂a/∂z. */
  readonly slope: Float32Array;
  /** Gradients of the loss. */
  readonly dw: Float32Array;
  readonly db: Float32Array;
  readonly dz: Float32Array;
  readonly da: Float32Array;
}

export interface Update {
  readonly layers: readonly Layer[];
  readonly loss: number;
}

export interface Graph {
  readonly program: Program;
  /** What the program is to be told at every step. */
  readonly given: { readonly x: readonly number[]; readonly target: readonly number[] };
  /** First numbers of variables by their keys. */
  readonly first: readonly { readonly key: string; readonly data: readonly number[] }[];
  /** The network as a layer, for files of it. */
  readonly model: Sequential;
}

const functions: Readonly<Record<Activation, (z: Tensor) => Tensor>> = {
  linear: (z) => z,
  sigmoid: (z) => z.sigmoid(),
  tanh: (z) => z.tanh(),
  relu: (z) => z.relu(),
};

export function graphOf(setup: Setup): Graph {
  const { sizes, bias, rate } = setup;
  const x = input([1, sizes[0]]);
  const target = input([1, sizes[sizes.length - 1]]);
  const outputs: Record<string, Tensor> = {};
  const assignments: Assignment[] = [];
  const linears = sizes.slice(1).map((size, before) => new Linear(sizes[before], size, { bias }));
  let a = x;
  const sums = linears.map((linear, at) => {
    const z = linear.forward(a);
    a = functions[activationOf(setup, at + 1)](z);
    return { z, a };
  });
  const loss = a.sub(target).square().sum().mul(0.5);
  outputs.loss = loss;
  linears.forEach(({ weight, bias: own }, at) => {
    const { z, a } = sums[at];
    const layer = at + 1;
    const [dz, da, dw] = grad(loss, [z, a, weight]);
    const [slope] = grad(a.sum(), [z]);
    for (const [name, value] of Object.entries({ z, a, slope, dz, da, dw, w: weight })) outputs[name + layer] = value;
    assignments.push([weight, weight.sub(dw.mul(rate))]);
    if (own === undefined) return;
    const [db] = grad(loss, [own]);
    outputs[`db${layer}`] = db;
    outputs[`b${layer}`] = own;
    assignments.push([own, own.sub(db.mul(rate))]);
  });
  const split = splitWeights(setup);
  const first = linears.flatMap(({ weight, bias: own }, at) => [
    { key: weight.key, data: split[at].rows.flat() },
    ...(own === undefined ? [] : [{ key: own.key, data: split[at].biases }]),
  ]);
  const parts = linears.flatMap((linear, at) => {
    const name = activationOf(setup, at + 1);
    return name === "linear" ? [linear] : [linear, functions[name]];
  });
  return {
    program: compile({ inputs: { x, target }, outputs, assignments }),
    given: { x: setup.inputs, target: setup.targets },
    first,
    model: new Sequential(...parts),
  };
}

/** What is known before anything was computed: inputs, weights and biases. All else is 0, and not to be shown. */
export function beginningOf(setup: Setup): Update {
  const split = splitWeights(setup);
  const layers = setup.sizes.map((size, layer) => {
    const { rows, biases } = split[layer - 1] ?? { rows: [], biases: [] };
    const [w, zeros] = [Float32Array.from(rows.flat()), new Float32Array(size)];
    const none = { z: zeros, slope: zeros, dw: new Float32Array(w.length), db: zeros, dz: zeros, da: zeros };
    return { ...none, w, b: Float32Array.from(biases), a: layer === 0 ? Float32Array.from(setup.inputs) : zeros };
  });
  return { layers, loss: 0 };
}

/** What a step of the program gave, by layers. */
export function updateOf({ sizes, inputs }: Setup, given: Readonly<Record<string, ArrayLike<number>>>): Update {
  const none = new Float32Array(0);
  const get = (name: string) => (name in given ? Float32Array.from(given[name]) : none);
  const layers = sizes.map((_, layer) => ({
    w: get(`w${layer}`),
    b: get(`b${layer}`),
    z: get(`z${layer}`),
    a: layer === 0 ? Float32Array.from(inputs) : get(`a${layer}`),
    slope: get(`slope${layer}`),
    dw: get(`dw${layer}`),
    db: get(`db${layer}`),
    dz: get(`dz${layer}`),
    da: get(`da${layer}`),
  }));
  return { layers, loss: given.loss[0] };
}
