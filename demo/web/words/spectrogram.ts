// Sound as a picture: time to the right, low tones below, loud ones dark, and what was recognised where it was said.
import { melSpectrogram } from "simdgrad/audio";
import { drawing, make } from "../shared/dom.ts";
import { channels, colour, onTheme } from "../shared/theme.ts";
import { RATE } from "./sounds.ts";

const [WINDOW, HOP, MELS] = [512, 160, 40];
/** Decibels below the loudest that are shown, and what counts as silence. */
const [DEPTH, SILENCE] = [50, 1e-7];
/** Moments of the live picture: three seconds. */
const MOMENTS = 300;

/** Powers [MELS, moments]. */
function powersOf(samples: Float32Array): { readonly data: Float32Array; readonly moments: number } {
  const options = { sampleRate: RATE, nFft: WINDOW, hopLength: HOP, nMels: MELS, center: false };
  const { data, shape } = melSpectrogram(samples, options);
  return { data: data as Float32Array, moments: shape[1] };
}

/** 0 to 1 for each power. */
function shadeOf(power: number, most: number): number {
  return Math.min(1, Math.max(0, 1 + (10 * Math.log10((power + 1e-12) / Math.max(most, SILENCE))) / DEPTH));
}

/** Paints columns of shades [MELS, moments], lowest tones at the bottom. */
function paint(canvas: HTMLCanvasElement, moments: number, shade: (mel: number, moment: number) => number): void {
  if (canvas.width !== moments || canvas.height !== MELS) {
    canvas.width = moments;
    canvas.height = MELS;
  }
  const [from, to] = [channels("wash"), channels("accent")];
  const image = new ImageData(moments, MELS);
  for (let mel = 0; mel < MELS; mel++)
    for (let t = 0; t < moments; t++) {
      const at = 4 * ((MELS - 1 - mel) * moments + t);
      const part = shade(mel, t);
      for (let i = 0; i < 3; i++) image.data[at + i] = from[i] + part * (to[i] - from[i]);
      image.data[at + 3] = 255;
    }
  drawing(canvas).putImageData(image, 0, 0);
}

/** A small picture of a sound. */
export function soundPicture(samples: Float32Array): HTMLCanvasElement {
  const { data, moments } = powersOf(samples);
  const most = data.reduce((a, b) => Math.max(a, b), 0);
  const canvas = make("canvas");
  const draw = () => paint(canvas, moments, (mel, t) => shadeOf(data[mel * moments + t], most));
  draw();
  onTheme(() => {
    if (canvas.isConnected) draw();
  });
  return canvas;
}

/** The last three seconds, moving. */
export class Spectrogram {
  readonly #canvas: HTMLCanvasElement;
  readonly #sound = make("canvas");
  readonly #powers = new Float32Array(MOMENTS * MELS);
  #rest = new Float32Array(0);
  #most = SILENCE;
  /** Moments since the beginning. */
  #now = 0;
  #marks: { readonly text: string; readonly at: number }[] = [];
  #stale = true;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    onTheme(() => {
      this.#stale = true;
    });
    const frame = () => {
      requestAnimationFrame(frame);
      if (this.#stale) this.#draw();
    };
    requestAnimationFrame(frame);
  }

  /** Samples go in at the right. */
  push(samples: Float32Array): void {
    const all = new Float32Array(this.#rest.length + samples.length);
    all.set(this.#rest);
    all.set(samples, this.#rest.length);
    if (all.length < WINDOW) {
      this.#rest = all;
      return;
    }
    const { data, moments } = powersOf(all);
    this.#rest = all.slice(moments * HOP);
    this.#most *= 0.995 ** moments;
    for (let t = 0; t < moments; t++, this.#now++) {
      const column = (this.#now % MOMENTS) * MELS;
      for (let mel = 0; mel < MELS; mel++) {
        const power = data[mel * moments + t];
        this.#powers[column + mel] = power;
        this.#most = Math.max(this.#most, power);
      }
    }
    this.#stale = true;
  }

  /** Writes a word where the sound is now. */
  mark(text: string): void {
    this.#marks = [...this.#marks.filter(({ at }) => at > this.#now - MOMENTS), { text, at: this.#now }];
    this.#stale = true;
  }

  /** Silence. */
  clear(): void {
    this.#powers.fill(0);
    this.#rest = new Float32Array(0);
    this.#most = SILENCE;
    this.#marks = [];
    this.#stale = true;
  }

  #draw(): void {
    this.#stale = false;
    const first = this.#now; // the oldest column
    paint(this.#sound, MOMENTS, (mel, t) => shadeOf(this.#powers[((first + t) % MOMENTS) * MELS + mel], this.#most));
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ratio = devicePixelRatio;
    if (this.#canvas.width !== Math.round(width * ratio)) this.#canvas.width = Math.round(width * ratio);
    if (this.#canvas.height !== Math.round(height * ratio)) this.#canvas.height = Math.round(height * ratio);
    const context = drawing(this.#canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.drawImage(this.#sound, 0, 0, width, height);
    context.fillStyle = colour("ink");
    context.font = "600 14px system-ui, sans-serif";
    context.textAlign = "right";
    for (const { text, at } of this.#marks) {
      const x = width * (1 - (this.#now - at) / MOMENTS);
      if (x > 0) context.fillText(text, x, 18);
    }
  }
}
