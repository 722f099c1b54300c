// The planes of the loss landscape: two directions from the weights as they are, and where in their plane the way of the training lies.
import { normalFrom, randomFrom } from "./sets.ts";
import type { Moment } from "./timeline.ts";

/** Two directions, and where in their plane the moments of the training lie: 1 is the edge. */
export interface Plane {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly path: readonly (readonly [number, number])[];
}

/** Random directions, each row of a layer's weights as long as the row itself (Li et al. 2018), biases left alone. */
export function randomPlane(theta: Float32Array, widths: readonly number[], moments: readonly Moment[]): Plane {
  const random = randomFrom(1);
  const direction = () => {
    const made = new Float32Array(theta.length);
    let at = 0;
    for (let layer = 1; layer < widths.length; layer++) {
      const [inputs, rows] = [widths[layer - 1], widths[layer]];
      for (let row = 0; row < rows; row++, at += inputs) {
        const drawn = Array.from({ length: inputs }, () => normalFrom(random));
        const scale = length(theta.subarray(at, at + inputs)) / (length(drawn) || 1);
        made.set(
          drawn.map((value) => value * scale),
          at,
        );
      }
      at += rows;
    }
    return made;
  };
  const [a, b] = [direction(), direction()];
  return { a, b, path: pathOf(theta, a, b, moments) };
}

/** The plane of the way itself: from its beginning to its end, and as far as it strayed from that line. */
export function pathPlane(theta: Float32Array, moments: readonly Moment[]): Plane | undefined {
  const start = moments[0]?.weights;
  if (start === undefined || start.length !== theta.length) return undefined;
  const way = difference(start, theta);
  const square = dot(way, way);
  if (square === 0) return undefined;
  let stray = way.map(() => 0);
  for (const { weights } of moments) {
    const moved = difference(weights, theta);
    const rest = moved.map((value, i) => value - (dot(moved, way) / square) * way[i]);
    if (length(rest) > length(stray)) stray = rest;
  }
  if (length(stray) < 1e-6 * Math.sqrt(square)) return undefined;
  const scale = Math.sqrt(square) / length(stray);
  const [a, b] = [way.map((value) => 1.25 * value), stray.map((value) => 1.25 * scale * value)];
  return { a, b, path: pathOf(theta, a, b, moments) };
}

/** Why a way of so many moments has no plane. */
export function noWay(moments: number): string {
  if (moments <= 1) return "There is no way yet: train it a little, and ask again.";
  if (moments === 2) return "Two moments of the way are kept yet, and a plane needs three: train it on, and ask again.";
  return "The way is a straight line so far, or ends where it began: train it on, and ask again.";
}

/** The nearest places of the plane. */
function pathOf(theta: Float32Array, a: Float32Array, b: Float32Array, moments: readonly Moment[]): [number, number][] {
  const [aa, ab, bb] = [dot(a, a), dot(a, b), dot(b, b)];
  const determinant = aa * bb - ab * ab || 1;
  return moments.map(({ weights }) => {
    const moved = difference(weights, theta);
    const [p, q] = [dot(moved, a), dot(moved, b)];
    return [(p * bb - q * ab) / determinant, (q * aa - p * ab) / determinant];
  });
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function length(values: ArrayLike<number>): number {
  return Math.sqrt(dot(values, values));
}
