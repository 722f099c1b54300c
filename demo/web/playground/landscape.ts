// The loss landscape: the loss around the weights as they are, along two directions, with the way that the training took.
import { byId, drawing, make, say } from "../shared/dom.ts";
import { channels, colour, onTheme } from "../shared/theme.ts";
import { mix } from "./colours.ts";
import { PLACES } from "./looks.ts";
import { short } from "./run-view.ts";
import { normalFrom, randomFrom } from "./sets.ts";
import type { Moment } from "./timeline.ts";

const BANDS = 14;
const SIDE = 240;

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

export class LandscapeView {
  readonly #canvas = make("canvas", { width: SIDE, height: SIDE, role: "img" });
  #drawn: (() => void) | undefined;

  constructor() {
    onTheme(() => this.#drawn?.());
  }

  /** Takes away what was drawn: it is of another network. */
  clear(): void {
    this.#drawn = undefined;
    this.#canvas.remove();
    say(byId("landscape-note"), "");
  }

  show(losses: Float32Array, { path }: Plane): void {
    const finite = Array.from(losses).filter(Number.isFinite);
    const [least, most] = [Math.min(...finite), Math.max(...finite)];
    const centre = losses[(losses.length - 1) / 2];
    const text = `Loss here ${short(centre)}, of all points to train on; in this plane from ${short(least)} to ${short(most)}.`;
    this.#canvas.ariaLabel = text;
    byId("landscape").replaceChildren(this.#canvas);
    say(byId("landscape-note"), text);
    this.#drawn = () => this.#draw(losses, Math.log(Math.max(least, 1e-7)), Math.log(Math.max(most, 1e-6)), path);
    this.#drawn();
  }

  #draw(losses: Float32Array, low: number, high: number, path: Plane["path"]): void {
    const context = drawing(this.#canvas);
    const image = context.createImageData(SIDE, SIDE);
    const [deep, steep] = [channels("surface"), channels("accent")];
    const line = channels("ink-soft");
    const bandAt = (x: number, y: number) => {
      const value = Math.log(Math.max(interpolated(losses, x, y), 1e-7));
      return Number.isNaN(value) ? BANDS : Math.floor(((value - low) / (high - low || 1)) * BANDS);
    };
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) {
        const band = bandAt(x, y);
        const isEdge = band !== bandAt(x + 1, y) || band !== bandAt(x, y + 1);
        const fill = mix(deep, steep, 0.75 * Math.min(1, band / BANDS));
        image.data.set([...(isEdge ? mix(fill, line, 0.55) : fill).map(Math.round), 255], 4 * (y * SIDE + x));
      }
    context.putImageData(image, 0, 0);
    drawPath(context, path);
  }
}

/** The loss between places, linearly. */
function interpolated(losses: Float32Array, x: number, y: number): number {
  const scale = (PLACES - 1) / (SIDE - 1);
  const [u, v] = [Math.min(x, SIDE - 1) * scale, Math.min(y, SIDE - 1) * scale];
  const [i, j] = [Math.min(PLACES - 2, Math.floor(u)), Math.min(PLACES - 2, Math.floor(v))];
  const at = (a: number, b: number) => losses[b * PLACES + a];
  const upper = at(i, j) + (at(i + 1, j) - at(i, j)) * (u - i);
  const lower = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * (u - i);
  return upper + (lower - upper) * (v - j);
}

function drawPath(context: CanvasRenderingContext2D, path: Plane["path"]): void {
  const at = (value: number) => ((value + 1) / 2) * SIDE;
  context.strokeStyle = colour("second");
  context.lineWidth = 2.5;
  context.beginPath();
  for (const [a, b] of path) context.lineTo(at(a), at(b));
  context.lineTo(at(0), at(0));
  context.stroke();
  context.fillStyle = colour("ink");
  context.beginPath();
  context.arc(at(0), at(0), 4, 0, 2 * Math.PI);
  context.fill();
}
