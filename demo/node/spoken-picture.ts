// Strings as pictures: log-mels, low tones below, with what was heard where above them.
import sharp from "sharp";
import { MELS } from "./spoken-mels.ts";

/** A string that was heard. */
export interface Heard {
  /** [MELS, frames], -1 to 1. */
  readonly mels: Float32Array;
  /** What was said, and what was heard. */
  readonly said: string;
  readonly heard: string;
  /** A digit at the frame where the network begins to say it. */
  readonly marks: readonly { readonly digit: number; readonly frame: number }[];
}

/** Pixels of a frame and of a mel, and of the text above. */
const [WIDE, HIGH, TEXT] = [3, 3, 40];

/** Dark blue, red, yellow, from -1 to 1. */
function colourOf(value: number): readonly number[] {
  const share = Math.min(1, Math.max(0, (value + 1) / 2));
  return [Math.min(1, 2 * share), Math.max(0, 2 * share - 1), 0.35 * (1 - share)].map((each) => Math.round(255 * each));
}

function image({ mels }: Heard): Buffer {
  const frames = mels.length / MELS;
  const pixels = Buffer.alloc(3 * mels.length);
  for (let mel = 0; mel < MELS; mel++)
    for (let t = 0; t < frames; t++) pixels.set(colourOf(mels[mel * frames + t]), 3 * ((MELS - 1 - mel) * frames + t));
  return pixels;
}

function words({ mels, said, heard, marks }: Heard): string {
  const width = (mels.length / MELS) * WIDE;
  const digits = marks.map(
    ({ digit, frame }) =>
      `<text x="${(frame + 0.5) * WIDE}" y="35" text-anchor="middle" font-size="18">${digit}</text>`,
  );
  const colour = said === heard ? "#007000" : "#c00000";
  const text = `<text x="4" y="14" font-size="13" fill="${colour}">said ${said}, heard ${heard}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${TEXT}" font-family="sans-serif">${text}${digits.join("")}</svg>`;
}

/** Writes strings of one length, one below the other. */
export async function writeHeard(path: string, strings: readonly Heard[]): Promise<void> {
  const frames = strings[0].mels.length / MELS;
  const [width, height] = [frames * WIDE, TEXT + MELS * HIGH];
  const parts = strings.map(async (string, i) => [
    { input: Buffer.from(words(string)), left: 0, top: i * height },
    {
      input: await sharp(image(string), { raw: { width: frames, height: MELS, channels: 3 } })
        .resize(width, MELS * HIGH, { kernel: "nearest" })
        .png()
        .toBuffer(),
      left: 0,
      top: i * height + TEXT,
    },
  ]);
  await sharp({ create: { width, height: height * strings.length, channels: 3, background: "white" } })
    .composite((await Promise.all(parts)).flat())
    .png()
    .toFile(path);
}
