// The moving picture: what the network says all over the plane, as colours, and the points that it learns from.
import { byId, drawing } from "../shared/dom.ts";
import { channels, colour, onTheme } from "../shared/theme.ts";
import { SIDE } from "./network.ts";
import type { spiral } from "./spiral.ts";

/** How much of a colour there is where the network is not sure at all, and where it is. */
const [FAINT, FULL] = [0.06, 0.5];
const SHADES = 256;

export class Picture {
  readonly #canvas = byId("picture", HTMLCanvasElement);
  readonly #small = new OffscreenCanvas(SIDE, SIDE);
  readonly #pixels = new ImageData(SIDE, SIDE);
  /** Red, green and blue for each degree of certainty, from the first arm to the second. */
  #shades = new Uint8ClampedArray(3 * SHADES);
  #colours: readonly [string, string, string] = ["", "", ""];
  #points: ReturnType<typeof spiral> = { x: [], y: [] };
  #surface: Float32Array | undefined;
  #wanted = false;

  constructor() {
    const read = () => {
      this.#readColours();
      this.#draw();
    };
    onTheme(read);
    read();
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
  }

  /** Draws it with the next frame; without a surface there are points alone. */
  show(points: ReturnType<typeof spiral>, surface?: Float32Array): void {
    this.#points = points;
    this.#surface = surface;
    this.#draw();
  }

  #draw(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    requestAnimationFrame(() => {
      this.#wanted = false;
      this.#drawNow();
    });
  }

  #readColours(): void {
    const [paper, first, second] = [channels("surface"), channels("second"), channels("accent")];
    for (let shade = 0; shade < SHADES; shade++) {
      const sure = (2 * shade) / (SHADES - 1) - 1;
      const share = FAINT + (FULL - FAINT) * Math.abs(sure);
      const ink = sure < 0 ? first : second;
      for (let part = 0; part < 3; part++)
        this.#shades[3 * shade + part] = paper[part] + share * (ink[part] - paper[part]);
    }
    this.#colours = [colour("second"), colour("accent"), colour("surface")];
  }

  #drawNow(): void {
    const canvas = this.#canvas;
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (size === 0) return;
    if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
    const context = drawing(canvas);
    context.clearRect(0, 0, size, size);
    if (this.#surface !== undefined) {
      this.#paint(this.#surface);
      context.imageSmoothingQuality = "high";
      context.drawImage(this.#small, 0, 0, size, size);
    }
    const [first, second, edge] = this.#colours;
    context.lineWidth = size / 450;
    context.strokeStyle = edge;
    this.#points.x.forEach(([x, y], i) => {
      context.beginPath();
      context.arc(((x + 1) * size) / 2, ((y + 1) * size) / 2, size / 110, 0, 2 * Math.PI);
      context.fillStyle = this.#points.y[i] === 0 ? first : second;
      context.fill();
      context.stroke();
    });
  }

  #paint(surface: Float32Array): void {
    const { data } = this.#pixels;
    surface.forEach((sure, i) => {
      const shade = 3 * Math.round(sure * (SHADES - 1));
      data[4 * i] = this.#shades[shade];
      data[4 * i + 1] = this.#shades[shade + 1];
      data[4 * i + 2] = this.#shades[shade + 2];
      data[4 * i + 3] = 255;
    });
    this.#small.getContext("2d")?.putImageData(this.#pixels, 0, 0);
  }
}
