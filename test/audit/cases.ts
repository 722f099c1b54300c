// A case of a subject: drawn, built, and put as a question to Python. The same seed gives the same case, alone or among others.
import { constant, input } from "../../src/create.ts";
import { SimdgradError } from "../../src/errors.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { Tensor } from "../../src/tensor.ts";
import type { Value } from "../golden.ts";
import { derivativesAt } from "../ops/derivatives.ts";
import type { Graph } from "../run.ts";
import { Draw, seedOf } from "./draw.ts";
import { type Options, orderOf, type Subject, type Training } from "./subject.ts";

export interface Case {
  readonly subject: Subject;
  readonly seed: number;
  readonly index: number;
  readonly mood: Draw["mood"];
  readonly inputs: readonly Value[];
  readonly options: Options;
  /** Whether the compiler simplifies and fuses, and whether the inputs are constants, which it may fold. */
  readonly optimize: boolean;
  readonly constants: boolean;
  /** Of the value; undefined where the library refuses the case, with the message. */
  readonly shape?: Shape;
  readonly refused?: string;
  readonly weights?: readonly number[];
  readonly directions?: readonly (readonly number[])[];
  readonly work?: Graph | Training;
}

const VALUE = /^value/;

export function drawCase(subject: Subject, seed: number, index: number): Case {
  const draw = new Draw(seedOf(seed, subject.name, index));
  const { inputs, options } = subject.draw(draw);
  const common = { subject, seed, index, mood: draw.mood, inputs, options };
  const [optimize, constants] = [draw.chance(0.8), draw.chance(0.2)];
  const found = attempt(() => subject.build(leavesOf(inputs, true), options));
  if (typeof found === "string") return { ...common, optimize, constants, refused: found };
  if (!(found instanceof Tensor)) return { ...common, optimize, constants, work: found };
  const { shape } = found;
  const floats = inputs.filter(({ dtype }) => dtype === "f32");
  const order = found.dtype === "f32" && floats.length > 0 ? orderOf(subject, draw.mood) : 0;
  const weights = order > 0 ? draw.cotangents(sizeOf(shape)) : undefined;
  const directions = order > 1 ? floats.map((value) => draw.cotangents(sizeOf(value.shape))) : undefined;
  const sample = { golden: subject.name, build: (...tensors: Tensor[]) => subject.build(tensors, options) as Tensor };
  const { outputs, inputs: given } = derivativesAt(sample, { inputs, weights, directions }, { constants });
  return { ...common, optimize, constants, shape, weights, directions, work: { outputs, inputs: given } };
}

function leavesOf(inputs: readonly Value[], constants: boolean): Tensor[] {
  return inputs.map(({ shape, dtype, data }) => (constants ? constant(data, { shape, dtype }) : input(shape, dtype)));
}

function attempt<T>(f: () => T): T | string {
  try {
    return f();
  } catch (error) {
    if (error instanceof SimdgradError) return `${error.name}: ${error.message}`;
    throw error;
  }
}

/** The case as Python reads it. */
export function requestOf({ subject, inputs, options, shape, weights, directions }: Case): string {
  return JSON.stringify({ twin: subject.name, options, inputs, shape, weights, directions }, special);
}

/** Numbers that JSON does not have, as strings. */
export function special(_: string, value: unknown): unknown {
  return typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)) ? show(value) : value;
}

/** A number as people and Python read it. */
export function show(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}

/** What an output is called, by its place: the value, then gradients, then gradients of gradients. */
export function outputNames({ work, inputs, weights, directions }: Case): string[] {
  if (work === undefined || !("outputs" in work)) return ["value"];
  const floats = inputs.filter(({ dtype }) => dtype === "f32");
  const named = (kind: string, list: unknown) => (list === undefined ? [] : floats.map((_, i) => `${kind} ${i}`));
  return ["value", ...named("gradient", weights), ...named("second", directions)];
}

/** Whether an output is the value, whose bound is another. */
export function isValue(name: string): boolean {
  return VALUE.test(name);
}
