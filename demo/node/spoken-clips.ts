// Spoken digits: the Free Spoken Digit Dataset, 0 to 9 by six speakers, 50 times each.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseWav } from "simdgrad/data";

/** Samples a second. */
export const RATE = 8000;

/** Of every digit of a speaker, the first ones are the set's own test split. */
const TESTED = 5;

/** A digit that was said. */
export interface Clip {
  readonly digit: number;
  readonly speaker: string;
  /** The how manieth time. */
  readonly index: number;
  /** -1 to 1. */
  readonly samples: Float32Array;
}

/** Whether a clip is of the set's test split. */
export function isTest({ index }: Clip): boolean {
  return index < TESTED;
}

/** All clips of a folder: of its WAV files, named `7_jackson_32.wav`, or of fsdd.int16, packed as fsdd.json says. */
export async function readClips(folder: string): Promise<Clip[]> {
  const table = join(folder, "fsdd.json");
  const clips = existsSync(table) ? await packedClips(folder, table) : await wavClips(folder);
  if (clips.length === 0)
    throw new Error(
      `there are no spoken digits in "${folder}": clone https://github.com/Jakobovski/free-spoken-digit-dataset, and give its folder recordings by --data`,
    );
  return clips.sort((a, b) => a.digit - b.digit || a.speaker.localeCompare(b.speaker) || a.index - b.index);
}

type Row = readonly [digit: number, speaker: string, index: number, offset: number, samples: number];

async function packedClips(folder: string, table: string): Promise<Clip[]> {
  const { rate, clips } = JSON.parse(await readFile(table, "utf8")) as { rate: number; clips: readonly Row[] };
  if (rate !== RATE) throw new Error(`${table} has ${rate} samples a second, not ${RATE}`);
  const bytes = await readFile(join(folder, "fsdd.int16"));
  return clips.map(([digit, speaker, index, offset, length]) => {
    if (2 * (offset + length) > bytes.length) throw new Error(`${table}: a clip ends behind the end of fsdd.int16`);
    const samples = new Float32Array(length);
    for (let i = 0; i < length; i++) samples[i] = bytes.readInt16LE(2 * (offset + i)) / 2 ** 15;
    return { digit, speaker, index, samples };
  });
}

async function wavClips(folder: string): Promise<Clip[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).flatMap((name) => /^(\d)_(\w+)_(\d+)\.wav$/.exec(name) ?? []);
  const clips: Clip[] = [];
  for (let i = 0; i < names.length; i += 4) {
    const [name, digit, speaker, index] = names.slice(i, i + 4);
    const { data, shape, sampleRate } = parseWav(await readFile(join(folder, name)));
    if (shape[0] !== 1 || sampleRate !== RATE)
      throw new Error(`${name} has ${shape[0]} channels of ${sampleRate} samples a second, not 1 of ${RATE}`);
    clips.push({ digit: Number(digit), speaker, index: Number(index), samples: data });
  }
  return clips;
}
