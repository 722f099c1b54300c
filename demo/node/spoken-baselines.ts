// What the networks are compared with: a linear classifier of mean cepstra, and strings that are cut at their pauses.
import { Trainer, type WasmExecutor } from "simdgrad";
import { mfcc } from "simdgrad/audio";
import { preprocessing, standardize } from "simdgrad/data";
import { crossEntropy, Linear } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { type Clip, RATE } from "./spoken-clips.ts";
import { HOP, MELS } from "./spoken-mels.ts";

const CEPSTRA = 20;

/** The mean over time of each cepstral coefficient of a clip. */
function meanCepstra({ samples }: Clip): Float32Array {
  const { data, shape } = mfcc(samples, { sampleRate: RATE, nFft: 256, hopLength: HOP, nMels: MELS, nMfcc: CEPSTRA });
  const frames = shape[1];
  return Float32Array.from({ length: CEPSTRA }, (_, i) => {
    const row = data.subarray(i * frames, (i + 1) * frames);
    return row.reduce((sum, value) => sum + value, 0) / frames;
  });
}

/** The share of clips whose digit logistic regression on mean cepstra finds. */
export async function linearAccuracy(
  known: readonly Clip[],
  test: readonly Clip[],
  executor: WasmExecutor,
  seed: number,
): Promise<number> {
  const [before, unseen] = [known, test].map((clips) => clips.map(meanCepstra));
  const scaling = preprocessing([standardize()]).fit(before);
  const digits = (clips: readonly Clip[]) => Int32Array.from(clips, ({ digit }) => digit);
  const trainer = new Trainer(new Linear(CEPSTRA, 10), { loss: crossEntropy, optimizer: adam(0.05), executor, seed });
  await trainer.load({ x: scaling.transform(before), y: digits(known) });
  await trainer.fit({ batch: "all", epochs: 400 });
  const { accuracy } = await trainer.evaluate({ x: scaling.transform(unseen), y: digits(test) });
  await trainer.dispose();
  return accuracy;
}

/** How strings are cut: pauses are frames so many decibels below the loudest one, so many at least. */
export interface Cuts {
  readonly below: number;
  readonly frames: number;
}

export const CUTS: readonly Cuts[] = [15, 22, 30].flatMap((below) => [3, 6].map((frames) => ({ below, frames })));

/** The stretches of a string between its pauses. */
export function piecesOf(samples: Float32Array, { below, frames }: Cuts): Float32Array[] {
  const energies = Array.from({ length: Math.floor(samples.length / HOP) }, (_, t) =>
    samples.subarray(t * HOP, (t + 1) * HOP).reduce((sum, sample) => sum + sample ** 2, 0),
  );
  const least = Math.max(...energies) * 10 ** (-below / 10);
  const pieces: Float32Array[] = [];
  let [start, end] = [-1, -1];
  for (let t = 0; t <= energies.length; t++) {
    if (energies[t] >= least) {
      if (start < 0) start = t;
      end = t + 1;
    } else if (start >= 0 && (t - end + 1 >= frames || t === energies.length)) {
      pieces.push(samples.subarray(start * HOP, end * HOP));
      start = -1;
    }
  }
  return pieces;
}
