// What happens in a moment, in a title and a sentence or two with the numbers that belong to it.
import { beside, factor, four } from "./format.ts";
import type { Layer, Update } from "./graph.ts";
import type { Moment } from "./moments.ts";
import { type Activation, activationOf, depth, type Setup, sumName, targetName, unitName } from "./network.ts";

export interface Explanation {
  readonly title: string;
  readonly text: string;
}

const whatActivationDoes: Readonly<Record<Activation, string>> = {
  linear: "passes it on as it is",
  sigmoid: "squeezes it between 0 and 1 by the sigmoid 1 / (1 + e⁻ᶻ)",
  tanh: "squeezes it between −1 and 1 by tanh",
  relu: "passes it on if it is positive, and gives 0 if not (ReLU)",
};

/** @param before the update that led to this moment; undefined at the start */
export function explain(setup: Setup, moment: Moment, update: Update, before: Update | undefined): Explanation {
  if (moment.phase === "forward") return forwards(setup, moment, update);
  if (moment.phase === "loss") return loss(setup, update);
  if (moment.phase === "backward") return backwards(setup, moment, update);
  if (before === undefined)
    return {
      title: "The start",
      text: "The number on each line is a weight. Press Forward to send the sample through the network.",
    };
  return {
    title: `Update ${moment.made.toLocaleString("en")} is made`,
    text: `Each weight moved against its gradient: new weight = old weight − ${four(setup.rate)} × gradient. All three stand on its line, the new one bold. The loss was ${four(before.loss)}; with the new weights it is ${four(update.loss)}.`,
  };
}

function layerName(setup: Setup, layer: number): string {
  if (layer === depth(setup)) return "the output";
  return depth(setup) === 2 ? "the hidden layer" : `hidden layer ${layer}`;
}

function forwards(setup: Setup, { layer }: Moment, update: Update): Explanation {
  const name = unitName(setup, layer, 0);
  const sum = weightedSum(setup, layer, update);
  const what = whatActivationDoes[activationOf(setup, layer)];
  const each = setup.sizes[layer] === 1 ? "The unit adds" : "Each unit adds";
  return {
    title: `Forward pass: ${layerName(setup, layer)}`,
    text: `${each} up weight × input${setup.bias ? " and its bias," : ""} and ${what}. ${sumName(setup, layer, 0)} = ${sum}, so ${name} = ${four(update.layers[layer].a[0])}.`,
  };
}

/** The sum of the layer's first unit, term by term. */
function weightedSum({ sizes, bias }: Setup, layer: number, { layers }: Update): string {
  const terms = Array.from(
    { length: sizes[layer - 1] },
    (_, from) => `${factor(layers[layer].w[from])} × ${factor(layers[layer - 1].a[from])}`,
  );
  if (bias) terms.push(factor(layers[layer].b[0]));
  return `${terms.join(" + ")} = ${four(layers[layer].z[0])}`;
}

function loss(setup: Setup, { layers, loss }: Update): Explanation {
  const last = layers[layers.length - 1];
  const parts = setup.targets.map(Math.fround).map((target, unit) => {
    const output = last.a[unit];
    return `½ (${beside(output, target)} − ${factor(target, beside(target, output))})²`;
  });
  return {
    title: "The loss",
    text: `How wrong the output is, as one number: half the squared error, L = ${parts.join(" + ")} = ${four(loss)}. Training makes it smaller.`,
  };
}

function backwards(setup: Setup, { layer }: Moment, update: Update): Explanation {
  const current = update.layers[layer];
  const name = unitName(setup, layer, 0);
  const [error, sum] = [`∂L/∂${name}`, `∂L/∂${sumName(setup, layer, 0)}`];
  const text =
    layer === depth(setup)
      ? `The pass goes back from the loss. ${error} = ${name} − ${targetName(setup, 0)} = ${four(current.da[0])}: ${direction(setup, current)}.`
      : `The ∂L/∂z of each unit in the next layer comes back along its line, times the line’s weight, and all are added up: ${error} = ${paths(setup, layer, update)} = ${four(current.da[0])}.`;
  const isLinear = activationOf(setup, layer) === "linear";
  const slope = isLinear
    ? `The unit passes its sum on as it is, so ${sum} is the same: the ∂ in its box.`
    : `Times the slope of the activation, ${four(current.slope[0])}, that makes ${sum} = ${four(current.dz[0])}: the ∂ in its box.`;
  return {
    title: `Backward pass: ${layerName(setup, layer)}`,
    text: `${text} ${slope} Times what came in along a line, it is the gradient of that line’s weight.`,
  };
}

function direction(setup: Setup, { da: [error] }: Layer): string {
  const output = setup.targets.length === 1 ? "the output" : unitName(setup, depth(setup), 0);
  if (error === 0) return `${output} is right, and nothing needs to change`;
  return `${output} is too ${error < 0 ? "small" : "large"}`;
}

/** The sum over the units that the layer's first one leads to. */
function paths({ sizes }: Setup, layer: number, { layers }: Update): string {
  const next = layers[layer + 1];
  return Array.from(next.dz, (dz, unit) => `${factor(dz)} × ${factor(next.w[unit * sizes[layer]])}`).join(" + ");
}
