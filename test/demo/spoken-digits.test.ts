// Spoken digits: clips of both kinds of folders, what is made of them, and a short run on tones in their place.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serializeWav } from "simdgrad/data";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { randomOf } from "../../demo/node/random.ts";
import { piecesOf } from "../../demo/node/spoken-baselines.ts";
import { type Clip, isTest, RATE, readClips } from "../../demo/node/spoken-clips.ts";
import { addHiss, atSpeed, HOP, loudestOf, MELS, melsOf } from "../../demo/node/spoken-mels.ts";
import {
  digitSamples,
  drawnDigits,
  drawnString,
  drawnStrings,
  STRING_FRAMES,
  stringSamples,
} from "../../demo/node/spoken-samples.ts";

const folder = mkdtempSync(join(tmpdir(), "spoken-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A digit as a tone of its own, the higher the larger it is, and higher by one of the speakers. */
function tone(digit: number, speaker: number, index: number): Float32Array {
  const pitch = 300 * 1.25 ** digit * (1 + 0.03 * speaker) * (1 + 0.004 * index);
  return Float32Array.from(
    { length: 1600 + 60 * index },
    (_, i) => (Math.round(2 ** 14 * Math.sin((2 * Math.PI * pitch * i) / RATE)) + 0) / 2 ** 15, // no -0
  );
}

const clips: readonly Clip[] = Array.from({ length: 10 }, (_, digit) =>
  ["ada", "ben"].flatMap((speaker, s) =>
    Array.from({ length: 9 }, (_, index) => ({ digit, speaker, index, samples: tone(digit, s, index) })),
  ),
).flat();

/** The clips as files, in another order. */
function writeFolders(): { readonly wav: string; readonly packed: string } {
  const [wav, packed] = [join(folder, "wav"), join(folder, "packed")];
  for (const each of [wav, packed]) mkdirSync(each, { recursive: true });
  const rows: unknown[] = [];
  const bytes: Buffer[] = [];
  let offset = 0;
  for (const { digit, speaker, index, samples } of [...clips].reverse()) {
    const shape = [1, samples.length];
    writeFileSync(
      join(wav, `${digit}_${speaker}_${index}.wav`),
      serializeWav({ data: samples, shape, sampleRate: RATE }),
    );
    rows.push([digit, speaker, index, offset, samples.length]);
    bytes.push(Buffer.from(Int16Array.from(samples, (sample) => sample * 2 ** 15).buffer));
    offset += samples.length;
  }
  writeFileSync(join(packed, "fsdd.int16"), Buffer.concat(bytes));
  writeFileSync(join(packed, "fsdd.json"), JSON.stringify({ rate: RATE, clips: rows }));
  return { wav, packed };
}

const folders = writeFolders();

describe("clips", () => {
  test("are the same of WAV files and of packed ones", async () => {
    expect(await readClips(folders.wav)).toEqual(clips);
    expect(await readClips(folders.packed)).toEqual(clips);
    expect(clips.filter(isTest)).toHaveLength(10 * 2 * 5);
  });

  test("that are not there are told, and where they come from", async () => {
    const message = 'there are no spoken digits in "nowhere": clone https://github.com/Jakobovski/';
    await expect(readClips("nowhere")).rejects.toThrow(message);
    await expect(readClips(tmpdir())).rejects.toThrow("there are no spoken digits");
  });
});

test("of samples the loudest mel is 1, and silence -1", () => {
  const samples = new Float32Array(40 * HOP);
  samples.set(tone(3, 0, 0), 800);
  const mels = melsOf(samples);
  expect(mels).toHaveLength(MELS * 40);
  const [most, least] = [Math.max(...mels), Math.min(...mels)];
  expect([most, least]).toEqual([1, -1]);
  const loudest = mels.indexOf(most) % 40;
  expect(loudest).toBeGreaterThanOrEqual(8);
  expect(loudest).toBeLessThan(24);
});

test("a line stays a line at any speed, and hiss is as loud as it should be", () => {
  const line = Float32Array.from({ length: 100 }, (_, i) => i);
  const faster = atSpeed(line, 1.5);
  expect(faster).toHaveLength(66);
  faster.forEach((value, i) => {
    expect(value).toBe(1.5 * i);
  });
  const samples = Float32Array.of(0.5, ...new Float32Array(2000));
  addHiss(samples, 40, randomOf(1));
  const hiss = loudestOf(samples.subarray(1));
  expect(hiss).toBeLessThanOrEqual(0.005);
  expect(hiss).toBeGreaterThan(0.0049);
});

test("digits are drawn all, once a pass, and the same for a seed", () => {
  const some = clips.filter(({ index }) => index === 8);
  const drawn = (seed: number) => [...drawnDigits(some, 8, randomOf(seed))];
  expect(drawn(1).map(({ x }) => x.shape)).toEqual([8, 8, 4].map((rows) => [rows, 1, MELS, 64]));
  const digits = drawn(1).flatMap(({ y }) => [...y]);
  expect(digits.sort()).toEqual([...digitSamples(some).y].sort());
  const heard = (seed: number) => drawn(seed).map(({ x }) => Buffer.from(x.data.buffer).toString("base64"));
  expect(heard(1)).toEqual(heard(1));
  expect(heard(2)).not.toEqual(heard(1));
});

test("strings have 3 to 6 digits, with pauses by which they can be cut again", () => {
  const random = randomOf(3);
  const strings = Array.from({ length: 40 }, () => drawnString(clips, random));
  expect(new Set(strings.map(({ digits }) => digits.length))).toEqual(new Set([3, 4, 5, 6]));
  for (const { digits, samples } of strings) {
    expect(samples).toHaveLength(STRING_FRAMES * HOP);
    // Tones without pauses of their own, ten decibels apart at the most: cut at 20, by pauses of 400 samples.
    expect(piecesOf(samples, { below: 20, frames: 3 })).toHaveLength(digits.length);
  }
  const { x, y } = stringSamples(strings.slice(0, 2));
  expect(x.shape).toEqual([2, 1, MELS, STRING_FRAMES]);
  for (const [row, { digits }] of strings.slice(0, 2).entries())
    expect([...y.labels.data.subarray(6 * row, 6 * row + 6)]).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => (i < digits.length ? digits[i] + 1 : 0)),
    );
  expect([...drawnStrings(clips, 5, 2, random)].map((chunk) => chunk.y.lengths.length)).toEqual([2, 2, 1]);
});

describe("a short run", { timeout: 120_000 }, () => {
  const { argv } = process;
  afterEach(() => {
    process.argv = argv;
    vi.restoreAllMocks();
    vi.resetModules();
  });

  async function run(options: string) {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
    const complained = vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    process.argv = [...argv.slice(0, 2), ...`${options} --threads 1 --json --out ${folder}`.split(" ")];
    await import("../../demo/node/spoken-digits.ts");
    const { exitCode } = process;
    process.exitCode = 0;
    return { told: lines.at(-1), complaints: complained.mock.calls.flat(), exitCode };
  }

  test("hears tones, draws them, and goes on from what it kept", async () => {
    const keep = join(folder, "keep");
    const options = `--data ${folders.wav} --epochs 6 --passes 1 --strings 32 --tested 8 --batch 8 --keep ${keep}`;
    const { told, complaints } = await run(options);
    expect(complaints).toEqual([]);
    const outcome = JSON.parse(told ?? "");
    expect(outcome.name).toBe("spoken-digits");
    expect(outcome.value).toBeGreaterThan(0.5); // ten tones: a tenth by chance
    expect(outcome.baseline).toBeGreaterThan(0.5);
    expect(outcome).toHaveProperty("ben");
    expect(outcome["strings wrong"]).toBeLessThanOrEqual(1);
    expect([...readFileSync(join(folder, "spoken-digits.png")).subarray(1, 4)]).toEqual([...Buffer.from("PNG")]);
    vi.resetModules();
    // All is trained: it only tells again, down to the seconds that the training took.
    expect(JSON.parse((await run(options)).told ?? "")).toEqual(outcome);
  });

  test("without clips says in one line what is missing", async () => {
    const { complaints, exitCode } = await run("--data nowhere");
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/^there are no spoken digits in "nowhere": clone .* by --data$/);
    expect(exitCode).toBe(1);
  });
});
