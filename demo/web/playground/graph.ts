// The network as a graph: every neuron's response as a picture, every weight as a line. A neuron that is chosen shows its numbers, to be edited.
import { byId, drawing, make } from "../shared/dom.ts";
import { colour, onTheme } from "../shared/theme.ts";
import { classTokens, paintSigned } from "./colours.ts";
import { PICTURE } from "./looks.ts";
import { type FeatureName, features } from "./network.ts";
import { MOST_LAYERS, MOST_UNITS } from "./settings.ts";

/** Place of a unit: column 0 is what the network sees, the last one what it gives. */
export interface Unit {
  readonly column: number;
  readonly row: number;
}

export interface GraphListeners {
  readonly onShape: (hidden: readonly number[]) => void;
  readonly onUnit: (unit: Unit, from?: number) => void;
}

interface Shown {
  readonly features: readonly FeatureName[];
  readonly hidden: readonly number[];
  readonly outputs: number;
}

const HEIGHT = 316;
const TOP = 76; // for the buttons above the columns
const LARGEST = 34;
const NAMES = { inputs: 38, outputs: 52 }; // pixels for them, beside their units
const NEAR = 6; // pixels from a line that is meant

export class Graph {
  readonly #place = byId("graph");
  readonly #canvas = byId("graph-picture", HTMLCanvasElement);
  readonly #buttons = byId("graph-units");
  readonly #tip = byId("graph-tip");
  readonly #listeners: GraphListeners;
  readonly #atlas = document.createElement("canvas");
  readonly #picture = new ImageData(PICTURE, PICTURE);
  readonly #pixels = new Uint32Array(this.#picture.data.buffer);
  #shown: Shown = { features: ["x", "y"], hidden: [], outputs: 2 };
  #neurons: Float32Array | undefined;
  #weights: Float32Array | undefined;
  #chosen: Unit | undefined;
  #colours: Record<string, string> = {};
  #width = 0;

  constructor(listeners: GraphListeners) {
    this.#listeners = listeners;
    this.#atlas.height = PICTURE;
    const readColours = () => {
      const tokens = ["accent", "second", "third", "fourth", "line", "line-strong", "ink", "wash"];
      this.#colours = Object.fromEntries(tokens.map((token) => [token, colour(token)]));
    };
    readColours();
    onTheme(() => {
      readColours();
      this.#paintAtlas();
      this.#draw();
    });
    new ResizeObserver(() => {
      if (this.#place.clientWidth === this.#width) return;
      this.#layout();
      this.#draw();
    }).observe(this.#place);
    this.#canvas.addEventListener("pointermove", (event) => this.#hover(event));
    this.#canvas.addEventListener("pointerleave", () => this.#hideTip());
    this.#canvas.addEventListener("click", (event) => {
      const line = this.#lineAt(event);
      if (line !== undefined) this.#listeners.onUnit({ column: line.column + 1, row: line.to }, line.from);
    });
  }

  /** Another network. */
  shape(shown: Shown): void {
    this.#shown = shown;
    this.#layout();
    this.clear();
  }

  /** Forgets what the network is like: there is none yet. */
  clear(): void {
    this.#neurons = undefined;
    this.#weights = undefined;
    this.#draw();
  }

  /** Pictures of all neurons, and weights where they are known. */
  show(neurons: Float32Array, weights: Float32Array): void {
    this.#neurons = neurons;
    this.#weights = weights;
    this.#paintAtlas();
    this.#draw();
  }

  /** Marks a unit. */
  choose(unit: Unit | undefined): void {
    this.#chosen = unit;
    this.#draw();
  }

  get #widths(): number[] {
    const { features: seen, hidden, outputs } = this.#shown;
    return [seen.length, ...hidden, outputs];
  }

  #centre({ column, row }: Unit): readonly [number, number] {
    const widths = this.#widths;
    const [left, right] = [NAMES.inputs + LARGEST / 2, this.#width - NAMES.outputs - LARGEST / 2];
    const slot = (HEIGHT - TOP) / Math.max(widths[column], 1);
    const apart = Math.min(slot, LARGEST + 10);
    const middle = TOP + (HEIGHT - TOP) / 2;
    return [left + ((right - left) * column) / (widths.length - 1), middle + (row - (widths[column] - 1) / 2) * apart];
  }

  #sideOf(column: number): number {
    return Math.max(12, Math.min(LARGEST, (HEIGHT - TOP) / this.#widths[column] - 2));
  }

  /** Places buttons over all units and above all columns. */
  #layout(): void {
    this.#width = this.#place.clientWidth;
    const widths = this.#widths;
    const units = widths.flatMap((count, column) =>
      Array.from({ length: count }, (_, row) => this.#unitButton({ column, row })),
    );
    const heads = this.#shown.hidden.flatMap((count, i) => this.#head(count, i));
    this.#buttons.replaceChildren(...heads, ...units);
  }

  #unitButton(unit: Unit): HTMLElement {
    const side = this.#sideOf(unit.column);
    const [x, y] = this.#centre(unit);
    const name = this.nameOf(unit);
    const button = make("button", { type: "button", className: "unit", ariaLabel: name, title: name });
    Object.assign(button.style, {
      left: `${x - side / 2}px`,
      top: `${y - side / 2}px`,
      width: `${side}px`,
      height: `${side}px`,
    });
    button.addEventListener("click", () => this.#listeners.onUnit(unit));
    return button;
  }

  /** Fewer and more units of a hidden layer. */
  #head(count: number, i: number): HTMLElement[] {
    const { hidden } = this.#shown;
    const [x] = this.#centre({ column: i + 1, row: 0 });
    const change = (by: number) => hidden.map((each, layer) => (layer === i ? each + by : each));
    const button = (text: string, label: string, by: number, top: number, possible: boolean) => {
      const made = make("button", { type: "button", className: "step", ariaLabel: label }, text);
      made.ariaDisabled = String(!possible);
      made.id = `${by > 0 ? "more" : "fewer"}-${i + 1}`;
      Object.assign(made.style, { left: `${x - 13}px`, top: `${top}px` });
      made.addEventListener("click", () => {
        if (!possible) return;
        this.#listeners.onShape(change(by));
        byId(made.id).focus();
      });
      return made;
    };
    return [
      button("+", `One unit more in layer ${i + 1}, which has ${count}`, 1, 0, count < MOST_UNITS),
      button("−", `One unit fewer in layer ${i + 1}, which has ${count}`, -1, 30, count > 1),
    ];
  }

  /** In words. */
  nameOf({ column, row }: Unit): string {
    const { features: seen, outputs } = this.#shown;
    if (column === 0) return `Input ${features[seen[row]].name}`;
    if (column < this.#widths.length - 1) return `Layer ${column}, unit ${row + 1}`;
    return outputs === 1 ? "Output" : `Output of class ${row + 1}`;
  }

  /** Where the weight from a unit of the column before stands among all numbers; its bias behind the weights of all. */
  placeOf({ column, row }: Unit, from: number | "bias"): number {
    const widths = this.#widths;
    let at = 0;
    for (let i = 1; i < column; i++) at += widths[i] * (widths[i - 1] + 1);
    return from === "bias" ? at + widths[column] * widths[column - 1] + row : at + row * widths[column - 1] + from;
  }

  unitsBefore(column: number): number {
    return this.#widths[column - 1] ?? 0;
  }

  #paintAtlas(): void {
    const neurons = this.#neurons;
    if (neurons === undefined) return;
    const size = PICTURE * PICTURE;
    const count = neurons.length / size;
    if (this.#atlas.width !== count * PICTURE) this.#atlas.width = count * PICTURE;
    const context = drawing(this.#atlas);
    for (let i = 0; i < count; i++) {
      paintSigned(neurons, i * size, this.#pixels);
      context.putImageData(this.#picture, i * PICTURE, 0);
    }
  }

  #draw(): void {
    const ratio = devicePixelRatio;
    const canvas = this.#canvas;
    const [width, height] = [Math.round(this.#width * ratio), Math.round(HEIGHT * ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = drawing(canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#width, HEIGHT);
    this.#drawLines(context);
    this.#drawUnits(context);
    this.#drawNames(context);
  }

  /** What the network sees, and what it gives, beside the units. */
  #drawNames(context: CanvasRenderingContext2D): void {
    const { features: seen, outputs } = this.#shown;
    const last = this.#widths.length - 1;
    context.fillStyle = this.#colours.ink;
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "right";
    seen.forEach((name, row) => {
      const [x, y] = this.#centre({ column: 0, row });
      context.fillText(features[name].name, x - this.#sideOf(0) / 2 - 5, y);
    });
    context.textAlign = "left";
    for (let row = 0; row < outputs; row++) {
      const [x, y] = this.#centre({ column: last, row });
      context.fillText(outputs === 1 ? "value" : `class ${row + 1}`, x + this.#sideOf(last) / 2 + 5, y);
    }
  }

  #drawLines(context: CanvasRenderingContext2D): void {
    for (const [column, from, to, weight] of this.#lines()) {
      const [x0, y0] = this.#centre({ column, row: from });
      const [x1, y1] = this.#centre({ column: column + 1, row: to });
      const middle = (x0 + x1) / 2;
      context.strokeStyle = this.#weights
        ? this.#colours[weight < 0 ? "second" : "accent"]
        : this.#colours["line-strong"];
      context.globalAlpha = this.#weights ? Math.min(0.85, 0.12 + Math.abs(weight) * 0.3) : 0.35;
      context.lineWidth = Math.max(0.5, Math.min(4, Math.abs(weight) * 1.1));
      context.setLineDash(weight < 0 ? [4, 3] : []);
      context.beginPath();
      context.moveTo(x0, y0);
      context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
      context.stroke();
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  *#lines(): Generator<readonly [column: number, from: number, to: number, weight: number]> {
    const widths = this.#widths;
    let at = 0;
    for (let column = 0; column + 1 < widths.length; column++) {
      for (let to = 0; to < widths[column + 1]; to++)
        for (let from = 0; from < widths[column]; from++) yield [column, from, to, this.#weights?.[at++] ?? 0];
      at += widths[column + 1];
    }
  }

  #drawUnits(context: CanvasRenderingContext2D): void {
    let index = 0;
    const widths = this.#widths;
    const last = widths.length - 1;
    context.imageSmoothingEnabled = true;
    for (const [column, count] of widths.entries())
      for (let row = 0; row < count; row++) {
        const [x, y] = this.#centre({ column, row });
        const side = this.#sideOf(column);
        const [left, top] = [x - side / 2, y - side / 2];
        if (column === last) this.#drawOutput(context, row, left, top, side);
        else {
          context.fillStyle = this.#colours.wash;
          context.fillRect(left, top, side, side);
          if (this.#neurons)
            context.drawImage(this.#atlas, index * PICTURE, 0, PICTURE, PICTURE, left, top, side, side);
          index++;
        }
        const isChosen = this.#chosen?.column === column && this.#chosen.row === row;
        context.strokeStyle = this.#colours[isChosen ? "ink" : "line-strong"];
        context.lineWidth = isChosen ? 2.5 : 1;
        context.strokeRect(left, top, side, side);
      }
  }

  #drawOutput(context: CanvasRenderingContext2D, row: number, left: number, top: number, side: number): void {
    const { outputs } = this.#shown;
    context.fillStyle = this.#colours[outputs === 1 ? "wash" : classTokens[row]];
    context.fillRect(left, top, side, side);
  }

  /** The line that the pointer is nearest to. */
  #lineAt({ offsetX, offsetY }: MouseEvent) {
    let best: { column: number; from: number; to: number; weight: number } | undefined;
    let least = NEAR;
    for (const [column, from, to, weight] of this.#lines()) {
      const [x0, y0] = this.#centre({ column, row: from });
      const [x1, y1] = this.#centre({ column: column + 1, row: to });
      if (offsetX < x0 || offsetX > x1) continue;
      const t = parameterAt((offsetX - x0) / (x1 - x0));
      const y = y0 + (y1 - y0) * t * t * (3 - 2 * t);
      const far = Math.abs(y - offsetY);
      if (far < least) {
        least = far;
        best = { column, from, to, weight };
      }
    }
    return best;
  }

  #hover(event: PointerEvent): void {
    const line = this.#weights && this.#lineAt(event);
    if (line === undefined) {
      this.#hideTip();
      return;
    }
    const from = this.nameOf({ column: line.column, row: line.from });
    const to = this.nameOf({ column: line.column + 1, row: line.to });
    this.#tip.textContent = `${from} to ${to}: ${line.weight.toFixed(3)}`;
    this.#tip.hidden = false;
    const left = Math.min(event.offsetX + 12, this.#width - this.#tip.offsetWidth);
    Object.assign(this.#tip.style, { left: `${Math.max(0, left)}px`, top: `${event.offsetY + 14}px` });
  }

  #hideTip(): void {
    this.#tip.hidden = true;
  }

  get canAddLayer(): boolean {
    return this.#shown.hidden.length < MOST_LAYERS;
  }
}

/** Where on a curve from 0 to 1, whose middle points are at one half, this x is: x = 1.5 t (1 - t)² + 1.5 t² (1 - t) + t³, by Newton. */
function parameterAt(x: number): number {
  let t = x;
  for (let i = 0; i < 4; i++) {
    const [value, slope] = [1.5 * t - 1.5 * t * t + t * t * t, 1.5 - 3 * t + 3 * t * t];
    t = Math.min(1, Math.max(0, t - (value - x) / slope));
  }
  return t;
}
