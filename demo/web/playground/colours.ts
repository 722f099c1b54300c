// Numbers as colours of the theme: from one class to another, and among several.
import { channels, onTheme } from "../shared/theme.ts";

type Rgb = readonly [number, number, number];

/** Tokens of the classes' colours. */
export const classTokens = ["second", "accent", "third", "fourth"] as const;

/** How much of a class's colour there is where it is certain. */
const STRENGTH = 0.72;

class Palette {
  classes: readonly Rgb[] = [];
  paper: Rgb = [0, 0, 0];
  /** From -1 to 1, as the bytes of pixels. */
  signed: Uint32Array = new Uint32Array(256);

  constructor() {
    this.read();
    onTheme(() => this.read());
  }

  read(): void {
    this.classes = classTokens.map(channels);
    this.paper = channels("surface");
    this.signed = Uint32Array.from({ length: 256 }, (_, i) => {
      const value = i / 127.5 - 1;
      return pixel(mix(this.paper, this.classes[value < 0 ? 0 : 1], STRENGTH * Math.abs(value)));
    });
  }
}

let palette: Palette | undefined;

/** The theme's, read when it is first asked for. */
export function paletteOf(): Palette {
  palette ??= new Palette();
  return palette;
}

export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => from[i] + (to[i] - from[i]) * share) as unknown as Rgb;
}

/** As pixels of image data have it on machines with the lowest byte first, which all browsers run on. */
function pixel([r, g, b]: Rgb): number {
  return (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
}

/** Writes values from -1 to 1 as pixels. */
export function paintSigned(values: Float32Array, from: number, pixels: Uint32Array, scale = 1, offset = 0): void {
  const { signed } = paletteOf();
  for (let i = 0; i < pixels.length; i++) {
    const at = Math.round((values[from + i] * scale + offset) * 127.5 + 127.5);
    pixels[i] = signed[at < 0 ? 0 : at > 255 ? 255 : at];
  }
}

/** Writes probabilities [classes, points] as pixels. */
export function paintClasses(values: Float32Array, classes: number, pixels: Uint32Array): void {
  const { classes: colours, paper } = paletteOf();
  const count = pixels.length;
  for (let i = 0; i < count; i++) {
    let [r, g, b] = [0, 0, 0];
    for (let k = 0; k < classes; k++) {
      const share = values[k * count + i];
      r += share * colours[k][0];
      g += share * colours[k][1];
      b += share * colours[k][2];
    }
    pixels[i] = pixel(mix(paper, [r, g, b], STRENGTH));
  }
}

/** A target's colour for the canvas: of a class, or of a number from -1 to 1. */
export function targetColour(target: number, outputs: number): string {
  const { classes, paper } = paletteOf();
  const rgb = outputs > 1 ? classes[target] : mix(paper, classes[target < 0 ? 0 : 1], Math.min(1, Math.abs(target)));
  return `rgb(${rgb.map(Math.round).join(" ")})`;
}
