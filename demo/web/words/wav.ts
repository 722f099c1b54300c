// WAV files as the network takes sounds: one channel, at its rate.
import { Problem } from "../shared/problems.ts";
import { areUsable, LARGEST } from "../teach/lesson.ts";
import { resampled } from "./resampler.ts";
import { RATE } from "./sounds.ts";

const MOST_SECONDS = 60;
const LEAST_SECONDS = 0.05;

/** @throws Problem where it is none, too short, too long or far too loud */
export async function readWav(file: File): Promise<Float32Array> {
  const { parseWav } = await import("simdgrad/data");
  let sound: ReturnType<typeof parseWav>;
  try {
    sound = parseWav(await file.arrayBuffer());
  } catch (error) {
    throw new Problem(
      `${file.name} is no WAV file that can be read: ${error instanceof Error ? error.message : error}.`,
    );
  }
  const { data, shape, sampleRate } = sound;
  const [count, length] = shape;
  const seconds = length / sampleRate;
  if (seconds < LEAST_SECONDS || seconds > MOST_SECONDS)
    throw new Problem(
      `${file.name} is ${seconds.toFixed(2)} seconds long: ${LEAST_SECONDS} to ${MOST_SECONDS} can be used.`,
    );
  if (!areUsable(data))
    throw new Problem(
      `${file.name} holds samples beyond ${LARGEST.toLocaleString("en")}, or none that are numbers: −1 to 1 is usual.`,
    );
  const mono = new Float32Array(length);
  for (let i = 0; i < data.length; i++) mono[i % length] += data[i] / count;
  return resampled(mono, sampleRate, RATE);
}
