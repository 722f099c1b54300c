// What is looked at: programs that run beside the training, between two of its steps. Each gives all that it shows in one answer.
import { type Computation, concat, constant, grad, input, scan, type Tensor, type Variable } from "simdgrad";
import { crossEntropy, type Linear, mseLoss } from "simdgrad/nn";
import { type ActivationName, activations, type FeatureName, preprocessOf } from "./network.ts";
import { type Rows, SIDE } from "./samples.ts";

/** Points along a side of the surface, and of a neuron's picture. */
export const SURFACE = 64;
export const PICTURE = 32;
/** Places along a side of the loss landscape. */
export const PLACES = 31;

export type Place = readonly [x: number, y: number];

/** What a network is, as far as it is looked at. */
export interface Looked {
  readonly layers: readonly Linear[];
  /** The steps that its trainer made, read with the weights: what is told of them is of this very moment. */
  readonly made: Variable;
  readonly activation: ActivationName;
  readonly features: readonly FeatureName[];
  readonly outputs: number;
}

/** Weight and bias of a layer, wherever they are from. */
interface Affine {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** All variables, layer by layer, weights before biases. */
export function variablesOf(layers: readonly Linear[]): Variable[] {
  return layers.flatMap(({ weight, bias }) => (bias === undefined ? [weight] : [weight, bias]));
}

/** Its elements. */
export function sizeOf({ shape }: Variable): number {
  return shape.reduce((size, each) => size * each, 1);
}

/** Surface and neurons as they are now, all weights, and how many steps were made. */
export function liveLook(looked: Looked): Computation {
  const all = variablesOf(looked.layers).map((each) => each.reshape([sizeOf(each)]));
  return { outputs: { ...pictures(looked, affines(looked)), weights: concat(all), made: looked.made.reshape([1]) } };
}

/** Surface and neurons for other weights than those that are trained, and their losses. */
export function pastLook(looked: Looked, train: Rows, test: Rows): Computation {
  const theta = thetaOf(looked);
  const layers = cut(looked, theta);
  return { inputs: { theta }, outputs: { ...pictures(looked, layers), ...lossesOf(looked, layers, train, test) } };
}

/** Losses of all rows, how long the gradient of each layer is beside its weights, and how many steps were made. */
export function measureLook(looked: Looked, train: Rows, test: Rows): Computation {
  const trainLoss = lossOf(looked, affines(looked), train);
  const weights = looked.layers.map(({ weight }) => weight);
  const flow = grad(trainLoss, weights).map((slope, i) => slope.norm().div(weights[i].norm().add(1e-12)).reshape([1]));
  const losses = lossesOf(looked, affines(looked), train, test);
  return { outputs: { ...losses, flow: concat(flow), made: looked.made.reshape([1]) } };
}

/** The loss of what is trained on, at theta + i a + j b for i and j from -1 to 1. */
export function landscapeLook(looked: Looked, train: Rows): Computation {
  const [theta, a, b] = [thetaOf(looked), thetaOf(looked), thetaOf(looked)];
  const at = (place: number) => (2 * place) / (PLACES - 1) - 1;
  const places = Array.from({ length: PLACES * PLACES }, (_, i) => [at(i % PLACES), at(Math.floor(i / PLACES))]);
  const step = (_: readonly Tensor[], [place]: readonly Tensor[]) => {
    const moved = theta.add(a.mul(place.narrow(0, 0, 1))).add(b.mul(place.narrow(0, 1, 1)));
    return { carries: [], outputs: [lossOf(looked, cut(looked, moved), train)] };
  };
  return { inputs: { theta, a, b }, outputs: { losses: scan(step, [], [constant(places)]).outputs[0] } };
}

function affines({ layers }: Looked): Affine[] {
  return layers.map(({ weight, bias }) => ({ weight, bias: bias ?? constant(new Array(weight.shape[0]).fill(0)) }));
}

function thetaOf({ layers }: Looked): Tensor {
  return input([variablesOf(layers).reduce((sum, each) => sum + sizeOf(each), 0)]);
}

/** Numbers in a row as weights and biases. */
function cut({ layers }: Looked, theta: Tensor): Affine[] {
  let at = 0;
  const next = (variable: Variable) => {
    const size = sizeOf(variable);
    at += size;
    return theta.narrow(0, at - size, size).reshape(variable.shape);
  };
  return layers.map(({ weight, bias }) => ({ weight: next(weight), bias: next(bias as Variable) }));
}

/** What all layers give: what is seen first, the outputs last. */
function responses(looked: Looked, layers: readonly Affine[], points: Tensor): Tensor[] {
  const { activation, features } = looked;
  const all = [preprocessOf(features)?.(points) ?? points];
  for (const [i, { weight, bias }] of layers.entries()) {
    const sum = all[i].matmul(weight, { transposeB: true }).add(bias);
    all.push(i < layers.length - 1 ? activations[activation].of(sum) : sum);
  }
  return all;
}

/** Losses of all rows that are trained on, and of those that test, where there are any. */
function lossesOf(looked: Looked, layers: readonly Affine[], train: Rows, test: Rows): Record<string, Tensor> {
  const losses = { train: lossOf(looked, layers, train).reshape([1]) };
  if (test.y.length === 0) return losses;
  return { ...losses, test: lossOf(looked, layers, test).reshape([1]) };
}

function lossOf(looked: Looked, layers: readonly Affine[], { x, y }: Rows): Tensor {
  const given = responses(looked, layers, constant(x)).at(-1) as Tensor;
  if (looked.outputs === 1) return mseLoss(given, constant(y.map((target) => [target])));
  return crossEntropy(given, constant(Int32Array.from(y)));
}

/**
 * The surface [k, points]: of two classes the probability of the second, of more all probabilities, else numbers. And each neuron's picture,
 * stretched to lie between -1 and 1.
 */
function pictures(looked: Looked, layers: readonly Affine[]): Record<string, Tensor> {
  const given = responses(looked, layers, grid(SURFACE)).at(-1) as Tensor;
  const { outputs } = looked;
  const difference = () => given.narrow(1, 1, 1).sub(given.narrow(1, 0, 1));
  const surface = outputs === 1 ? given : outputs === 2 ? difference().sigmoid() : given.softmax();
  const neurons = concat(responses(looked, layers, grid(PICTURE)).slice(0, -1), 1);
  const stretched = neurons.div(neurons.abs().max(0, { keepDims: true }).add(1e-6));
  return { surface: surface.transpose(0, 1), neurons: stretched.transpose(0, 1) };
}

/** The middles of side x side squares, row by row from the top. */
function grid(side: number): Tensor {
  const at = (place: number) => SIDE * ((2 * place + 1) / side - 1);
  return constant(Array.from({ length: side * side }, (_, i) => [at(i % side), -at(Math.floor(i / side))]));
}

/** The square of the surface that a place lies in: which of the values is its, and where its middle is. */
export function squareAt([x, y]: Place): { readonly at: number; readonly middle: Place } {
  const cell = (value: number) =>
    Math.min(SURFACE - 1, Math.max(0, Math.floor(((value + SIDE) / (2 * SIDE)) * SURFACE)));
  const [column, row] = [cell(x), cell(-y)];
  const middle = (place: number) => SIDE * ((2 * place + 1) / SURFACE - 1);
  return { at: row * SURFACE + column, middle: [middle(column), -middle(row)] };
}
