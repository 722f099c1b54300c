// The pad: a digit drawn with a finger, a pen or a mouse, or taken from the test set.
import { byId, drawing, make } from "../shared/dom.ts";
import { colour, onTheme } from "../shared/theme.ts";
import { centreDigit } from "./centre.ts";
import { paintDigit, palette } from "./images.ts";

const SIZE = 280;
const STROKE = 21;

type Point = readonly [number, number];

export class Pad {
  readonly #canvas = byId("pad", HTMLCanvasElement);
  readonly #seen = byId("seen", HTMLCanvasElement);
  readonly #onChange: () => void;
  readonly #strokes: Point[][] = [];
  /** A digit of the test set below the strokes. */
  #sample: Uint8Array | undefined;
  #image: Uint8Array | undefined;

  /** @param onChange told whenever there is another image, or none any more */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.#listen();
    byId("clear").addEventListener("click", () => this.#begin(undefined));
    onTheme(() => this.#paint());
    this.#paint();
  }

  /** What the network is shown: 784 bytes; undefined while the pad is empty. */
  get image(): Uint8Array | undefined {
    return this.#image;
  }

  /** Puts a digit of the test set on the pad. */
  show(sample: Uint8Array): void {
    this.#begin(sample);
  }

  #begin(sample: Uint8Array | undefined): void {
    this.#strokes.length = 0;
    this.#sample = sample;
    this.#changed();
  }

  #listen(): void {
    const canvas = this.#canvas;
    const at = (event: PointerEvent): Point => {
      const { left, top, width } = canvas.getBoundingClientRect();
      const scale = SIZE / width;
      return [(event.clientX - left) * scale, (event.clientY - top) * scale];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      // A sample is a digit already: what is drawn is another one.
      if (this.#sample !== undefined) this.#begin(undefined);
      this.#strokes.push([at(event)]);
      this.#changed();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const all = event.getCoalescedEvents?.() ?? [];
      this.#strokes.at(-1)?.push(...(all.length > 0 ? all : [event]).map(at));
      this.#changed();
    });
  }

  #changed(): void {
    this.#image = this.#sample ?? centreDigit(this.#ink(), SIZE);
    this.#paint();
    this.#onChange();
  }

  /** The strokes as bytes, 0 to 255. */
  #ink(): Uint8Array {
    const canvas = make("canvas", { width: SIZE, height: SIZE });
    const context = drawing(canvas);
    this.#stroke(context, "#000");
    const { data } = context.getImageData(0, 0, SIZE, SIZE);
    return Uint8Array.from({ length: SIZE * SIZE }, (_, i) => data[4 * i + 3]);
  }

  #stroke(context: CanvasRenderingContext2D, style: string): void {
    context.strokeStyle = style;
    context.lineWidth = STROKE;
    context.lineCap = "round";
    context.lineJoin = "round";
    for (const stroke of this.#strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke.length === 1 ? stroke : stroke.slice(1)) context.lineTo(...point);
      context.stroke();
    }
  }

  #paint(): void {
    const colours = palette();
    const context = drawing(this.#canvas);
    context.clearRect(0, 0, SIZE, SIZE);
    paintDigit(this.#seen, this.#image ?? new Uint8Array(784), colours);
    if (this.#sample !== undefined) {
      const small = make("canvas", { width: 28, height: 28 });
      paintDigit(small, this.#sample, colours);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, SIZE, SIZE);
    } else this.#stroke(context, colour("ink"));
  }
}
