// The loss landscape as a picture: the loss around the weights as they are, in a plane, with the way that the training took.
import { byId, drawing, make, say } from "../shared/dom.ts";
import { channels, colour, onTheme } from "../shared/theme.ts";
import { mix } from "./colours.ts";
import { PLACES } from "./looks.ts";
import type { Plane } from "./plane.ts";
import { short } from "./run-view.ts";

const BANDS = 14;
const SIDE = 240;

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
