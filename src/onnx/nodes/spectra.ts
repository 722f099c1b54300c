// Fourier transforms, as products with matrices of cosines and sines; windows and mel weights, which are known beforehand.
import { melWeightMatrix } from "../../audio/mel-weight-matrix.ts";
import { blackman, hamming, hann } from "../../audio/windows.ts";
import { constant } from "../../create.ts";
import { DataError } from "../../errors.ts";
import { unfold } from "../../functions/movement.ts";
import { normalizeAxis, showShape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { elementTypeOf } from "../element-types.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** Numbers in a matrix. */
const MOST = 2 ** 24;

/** Numbers of a window. */
const LONGEST = 2 ** 20;

/**
 * From lines of n real numbers, or of n complex ones (real and imaginary parts side by side), to the first `kept` numbers of their transforms:
 * a matrix [n x parts, kept x 2].
 */
function matrixOf(n: number, parts: number, kept: number, inverse: boolean): Tensor {
  const columns = 2 * kept;
  if (n * parts * columns > MOST) throw new Refusal(`a transform of ${n} numbers: its matrix is too large`);
  const data = new Float64Array(n * parts * columns);
  const factor = inverse ? 1 / n : 1;
  for (let j = 0; j < n; j++)
    for (let k = 0; k < kept; k++) {
      const angle = ((inverse ? 2 : -2) * Math.PI * ((j * k) % n)) / n;
      const [cos, sin] = [factor * Math.cos(angle), factor * Math.sin(angle)];
      const at = j * parts * columns + 2 * k;
      data[at] = cos;
      data[at + 1] = sin;
      if (parts === 1) continue;
      data[at + columns] = -sin;
      data[at + columns + 1] = cos;
    }
  return constant(data, { shape: [n * parts, columns] });
}

/** Transforms of x [..., n, parts]: [..., kept, 2]. */
function transformed(x: Tensor, kept: number, inverse: boolean): Tensor {
  const [n, parts] = x.shape.slice(-2);
  const rest = x.shape.slice(0, -2);
  const product = x.reshape([sizeOf(rest), n * parts]).matmul(matrixOf(n, parts, kept, inverse));
  return product.reshape([...rest, kept, 2]);
}

/** @throws DataError unless the last axis is of real numbers, or of complex ones */
function checkParts(x: Tensor): void {
  if (x.shape.length < 2 || ![1, 2].includes(x.shape.at(-1) ?? 0))
    throw new DataError(`takes real numbers [..., 1] or complex ones [..., 2], got ${showShape(x.shape)}`);
}

function dft(node: Node): Value {
  const given = node.tensor(0);
  checkParts(given);
  const said = node.version < 20 ? node.int("axis", 1) : node.number(2, -2);
  const axis = normalizeAxis(said, given.shape, "axis");
  const last = given.shape.length - 1;
  if (axis === last) throw new DataError(`axis ${said} is that of the parts`);
  const [inverse, onesided] = [node.flag("inverse"), node.flag("onesided")];
  if (inverse && onesided) throw new Refusal("onesided together with inverse");
  const length = node.number(1, given.shape[axis]);
  if (!(length > 0)) throw new DataError(`a transform of ${length} numbers`);
  const cut = given.narrow(axis, 0, Math.min(length, given.shape[axis]));
  const x = cut.pad(cut.shape.map((size, i) => [0, i === axis ? length - size : 0]));
  const order = [...x.shape.keys()].filter((i) => i !== axis && i !== last).concat(axis, last);
  const y = transformed(x.permute(order), onesided ? (length >> 1) + 1 : length, inverse);
  return node.like(0, y.permute(order.map((_, i) => order.indexOf(i))));
}

function stft(node: Node): Value {
  const signal = node.tensor(0);
  checkParts(signal);
  const window = node.has(2) ? node.tensor(2) : undefined;
  const length = node.number(3, window?.shape[0]);
  const frames = unfold(signal, 1, length, node.number(1)); // [N, frames, parts, length]
  const weighed = window === undefined ? frames : frames.mul(window);
  const kept = node.flag("onesided", true) ? (length >> 1) + 1 : length;
  return node.like(0, transformed(weighed.permute([0, 1, 3, 2]), kept, false));
}

/** The type that a node names by its number, among those of floats. */
function typeOf(node: Node) {
  const type = elementTypeOf(node.int("output_datatype", 1));
  if (type === undefined || !type.includes("float")) throw new Refusal("output_datatype of whole numbers");
  return type;
}

function window(make: typeof hann) {
  return {
    decides: [0],
    build(node: Node): Value {
      const length = node.number(0);
      if (length > LONGEST) throw new Refusal(`a window of ${length} numbers`);
      const { data, shape } = make(length, { periodic: node.flag("periodic", true) });
      return Value.from({ type: typeOf(node), shape, data });
    },
  };
}

function melWeights(node: Node): Value {
  const [numMelBins, dftLength, sampleRate, lowerEdgeHertz, upperEdgeHertz] = [0, 1, 2, 3, 4].map((i) =>
    node.number(i),
  );
  if (numMelBins * dftLength > MOST) throw new Refusal(`${numMelBins} filters of ${dftLength} numbers`);
  const { data, shape } = melWeightMatrix({ numMelBins, dftLength, sampleRate, lowerEdgeHertz, upperEdgeHertz });
  return Value.from({ type: typeOf(node), shape, data });
}

export const spectra: Rules = {
  DFT: { decides: [1, 2], build: dft },
  STFT: { decides: [1, 3], build: stft },
  HannWindow: window(hann),
  HammingWindow: window((length, options) => hamming(length, { ...options, alpha: 25 / 46 })),
  BlackmanWindow: window(blackman),
  MelWeightMatrix: { decides: [0, 1, 2, 3, 4], build: melWeights },
};
