// The decision surface: what the network says of every place, the points on it, and a cross that adds and removes points by keyboard.
import { byId, drawing, say } from "../shared/dom.ts";
import { colour, onTheme } from "../shared/theme.ts";
import { onRightPress } from "./away.ts";
import { paintClasses, paintSigned, targetColour } from "./colours.ts";
import { type Place, SURFACE, squareAt } from "./looks.ts";
import { onGrid } from "./points.ts";
import { type Samples, SIDE } from "./samples.ts";

export interface SurfaceListeners {
  readonly onAdd: (x: number, y: number) => void;
  readonly onRemove: (x: number, y: number) => void;
}

const ARROWS: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
const STRIDE = 0.1;

export class Surface {
  readonly #canvas = byId("surface", HTMLCanvasElement);
  readonly #marks = byId("marks", HTMLCanvasElement);
  readonly #note = byId("point-note");
  readonly #image = new ImageData(SURFACE, SURFACE);
  readonly #pixels = new Uint32Array(this.#image.data.buffer);
  #values: Float32Array | undefined;
  /** Whether they are what was learned. */
  #trained = false;
  #samples: Samples | undefined;
  #outputs = 2;
  /** The file's words for the classes. */
  #labels: readonly string[] = [];
  #cross: Place | undefined;

  constructor(listeners: SurfaceListeners) {
    this.#marks.role = "application"; // its keys are its own
    this.#canvas.width = SURFACE;
    this.#canvas.height = SURFACE;
    this.#listen(listeners);
    onTheme(() => {
      if (this.#values) this.show(this.#values, this.#outputs, this.#trained);
      this.#drawMarks();
    });
    new ResizeObserver(() => this.#drawMarks()).observe(this.#marks);
  }

  /** Probabilities or numbers, as the look gives them, of a network that was trained or not. */
  show(values: Float32Array, outputs: number, trained: boolean): void {
    this.#values = values;
    this.#trained = trained;
    this.#outputs = outputs;
    if (outputs > 2) paintClasses(values, outputs, this.#pixels);
    else if (outputs === 2) paintSigned(values, 0, this.#pixels, 2, -1);
    else paintSigned(values, 0, this.#pixels);
    drawing(this.#canvas).putImageData(this.#image, 0, 0);
    this.#describe();
  }

  clear(): void {
    this.#values = undefined;
    this.#trained = false;
    this.#describe();
    drawing(this.#canvas).clearRect(0, 0, SURFACE, SURFACE);
  }

  points(samples: Samples, outputs: number, labels: readonly string[]): void {
    this.#samples = samples;
    this.#labels = labels;
    this.#outputs = outputs;
    this.#drawMarks();
  }

  #listen({ onAdd, onRemove }: SurfaceListeners): void {
    const marks = this.#marks;
    const place = ({ offsetX, offsetY }: MouseEvent): Place => {
      const at = (offset: number) => (2 * offset) / marks.clientWidth - 1;
      return [onGrid(SIDE * at(offsetX)), onGrid(-SIDE * at(offsetY))];
    };
    const pointAt = (cross: Place | undefined) => {
      this.#cross = cross;
      this.#describe();
    };
    marks.addEventListener("pointermove", (event) => pointAt(place(event)));
    marks.addEventListener("pointerleave", () => pointAt(undefined));
    marks.addEventListener("click", (event) => {
      const [x, y] = place(event);
      if (event.shiftKey) onRemove(x, y);
      else onAdd(x, y);
    });
    onRightPress(marks, place, ([x, y]) => onRemove(x, y));
    marks.addEventListener("keydown", (event) => {
      const [x, y] = this.#cross ?? [0, 0];
      const arrow = ARROWS[event.key];
      if (arrow !== undefined) pointAt([onGrid(x + STRIDE * arrow[0]), onGrid(y + STRIDE * arrow[1])]);
      else if (event.key === "Enter" || event.key === " ") onAdd(x, y);
      else if (event.key === "Delete" || event.key === "Backspace") onRemove(x, y);
      else return;
      event.preventDefault();
      this.#drawMarks();
    });
    marks.addEventListener("focus", () => this.#drawMarks());
    marks.addEventListener("blur", () => this.#drawMarks());
  }

  /** What the network says at the middle of the square that is pointed at, for that is what was asked of it. */
  #describe(): void {
    const [cross, values] = [this.#cross, this.#values];
    const untrained = this.#trained ? "" : "Not trained yet.";
    if (cross === undefined || values === undefined) {
      say(this.#note, untrained);
      return;
    }
    const { at, middle } = squareAt(cross);
    const words = (place: Place) => place.map((value) => value.toFixed(2)).join(", ");
    const keys = document.activeElement === this.#marks ? `Cross at ${words(cross)}. ` : "";
    say(this.#note, `${keys}At ${words(middle)}: ${this.#verdict(values, at)}. ${untrained}`.trim());
  }

  #verdict(values: Float32Array, at: number): string {
    const percent = (share: number) => `${Math.round(100 * share)} %`;
    const named = (index: number) => this.#labels[index] ?? `class ${index + 1}`;
    if (this.#outputs === 1) return values[at].toFixed(2);
    if (this.#outputs === 2)
      return values[at] < 0.5 ? `${named(0)}, ${percent(1 - values[at])}` : `${named(1)}, ${percent(values[at])}`;
    const shares = Array.from({ length: this.#outputs }, (_, k) => values[k * SURFACE * SURFACE + at]);
    const best = shares.indexOf(Math.max(...shares));
    return `${named(best)}, ${percent(shares[best])}`;
  }

  #drawMarks(): void {
    const canvas = this.#marks;
    const side = canvas.clientWidth;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(side * ratio);
    canvas.height = Math.round(side * ratio);
    const context = drawing(canvas);
    context.scale(ratio, ratio);
    const at = (value: number) => ((value / SIDE + 1) / 2) * side;
    const rim = colour("surface");
    const each = ({ x, y }: Samples["train"], hollow: boolean) =>
      x.forEach(([a, b], i) => {
        context.beginPath();
        context.arc(at(a), at(-b), hollow ? 2.6 : 3.2, 0, 2 * Math.PI);
        context.lineWidth = hollow ? 1.8 : 1;
        context.fillStyle = hollow ? rim : targetColour(y[i], this.#outputs);
        context.strokeStyle = hollow ? targetColour(y[i], this.#outputs) : rim;
        context.fill();
        context.stroke();
      });
    if (this.#samples) {
      each(this.#samples.test, true);
      each(this.#samples.train, false);
    }
    if (this.#cross !== undefined && document.activeElement === canvas) this.#drawCross(context, at, side);
  }

  #drawCross(context: CanvasRenderingContext2D, at: (value: number) => number, side: number): void {
    const [x, y] = this.#cross ?? [0, 0];
    context.strokeStyle = colour("ink");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(at(x), 0);
    context.lineTo(at(x), side);
    context.moveTo(0, at(-y));
    context.lineTo(side, at(-y));
    context.stroke();
  }
}
