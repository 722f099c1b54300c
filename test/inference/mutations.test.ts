// Bundles that went wrong on their way or were made by somebody who means ill: with a checksum that is right again, what is not refused in words runs,
// within the time and the memory that it may have, and gives arrays of the shapes that it says.
import { SimdgradError } from "simdgrad";
import { Predictor } from "simdgrad/predictor/portable";
import { beforeAll, expect, test } from "vitest";
import { MUTATIONS, mutated } from "../data/mutations.ts";
import { sealed } from "../io/saved.ts";
import { numbers } from "../random.ts";
import { bundle, closed, made, opened } from "./bundles.ts";

/** What a file may ask for here: seconds by its own estimate, and milliseconds that loading and predicting may then take. */
const LIMITS = { memory: 2 ** 25, seconds: 0.02 };
const LONG = 5000;
const PATIENCE = { timeout: 3_600_000 };

const files: Uint8Array[] = [];
beforeAll(async () => {
  for (const name of Object.keys(made)) files.push(await bundle(name));
});

type Outcome = "refused" | "run";

/** Loads a file and predicts by it. Anything but a typed error in words, or right shapes, is a fault. */
async function outcomeOf(file: Uint8Array): Promise<Outcome> {
  const start = performance.now();
  try {
    const predictor = await Predictor.load(file, LIMITS);
    const rows = predictor.apart ? 3 : predictor.batches[0];
    const given = predictor.inputs.map(({ shape, dtype }) => {
      const length = shape.reduce<number>((size, each) => size * (each ?? rows), 1);
      return dtype === "f32"
        ? new Float32Array(length).fill(0.5)
        : dtype === "i32"
          ? new Int32Array(length)
          : new Uint8Array(length);
    });
    const x = Object.fromEntries(predictor.inputs.map(({ name }, i) => [name, given[i]]));
    const y: unknown = predictor.predict(given.length === 1 ? given[0] : x);
    const one = Array.isArray((y as { readonly shape?: unknown }).shape) ? [y] : Object.values(y as object);
    for (const { data, shape } of one)
      expect(data.length).toBe(shape.reduce((size: number, each: number) => size * each, 1));
    predictor.dispose();
    return "run";
  } catch (error) {
    if (error instanceof SimdgradError && error.message.length > 10) return "refused";
    throw error;
  } finally {
    expect(performance.now() - start).toBeLessThan(LONG);
  }
}

test("what is not changed runs", async () => {
  for (const file of files) expect(await outcomeOf(file)).toBe("run");
});

test(`${MUTATIONS} changed bundles are refused`, PATIENCE, async () => {
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const file = files[seed % files.length];
    const changed = mutated(file, seed);
    const isSame = changed.length === file.length && changed.every((byte, i) => byte === file[i]);
    expect({ seed, outcome: await outcomeOf(changed) }).toEqual({ seed, outcome: isSame ? "run" : "refused" });
  }
});

test(`${MUTATIONS} changed bundles with a right checksum: a typed error, or a harmless run`, PATIENCE, async () => {
  const seen = { refused: 0, run: 0 };
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const file = mutated(files[seed % files.length], seed);
    if (file.length > 50) seen[await outcomeOf(sealed(file))]++;
  }
  expect(seen.refused).toBeGreaterThan(MUTATIONS / 4);
  expect(seen.run).toBeGreaterThan(MUTATIONS / 50);
});

type Chance = (below: number) => number;

/** Changes a number, a text, a flag or an entry somewhere in a value. */
function change(part: Record<string, unknown>, chance: Chance): void {
  const keys = Object.keys(part);
  if (keys.length === 0) return;
  const key = keys[chance(keys.length)];
  const value = part[key];
  const way = chance(6);
  if (Array.isArray(value) && way === 0) value.splice(chance(value.length + 1), 1);
  else if (Array.isArray(value) && way === 1) value.push(structuredClone(value[chance(value.length)]) ?? 0);
  else if (typeof value === "object" && value !== null && Object.keys(value).length > 0)
    change(value as Record<string, unknown>, chance);
  else if (typeof value === "number")
    part[key] = [0, -16, value + 16, value - 16, value + 1, 2 * value, chance(2 ** 20), 2 ** chance(60), 1e300][
      chance(9)
    ];
  else if (typeof value === "boolean") part[key] = !value;
  else if (typeof value === "string")
    part[key] = ["", "x", "f32", "i32", "u8", "one", "list", "record", "__proto__"][chance(9)];
  else if (chance(2) === 0) part[key] = [null, 0, 1, {}, []][chance(5)];
}

/** One to three changes of what the manifest says, and of words of the programs' code. */
function reworked(file: Uint8Array, chance: Chance): Uint8Array {
  const whole = opened(file);
  for (let count = chance(3); count >= 0; count--) {
    if (chance(3) === 0) {
      change(whole.manifest, chance);
      continue;
    }
    const { programs } = whole.manifest;
    const { code } = programs[chance(programs.length)] ?? {};
    const [begin, end] = whole.header[code]?.data_offsets ?? [0, 0];
    const words = new Int32Array(whole.data.slice(begin, end).buffer);
    if (words.length === 0) continue;
    const at = chance(words.length);
    const values = [
      0,
      -1,
      words[at] + 1,
      words[at] - 1,
      words[at] ^ (1 << chance(32)),
      words[chance(words.length)],
      chance(2 ** 31),
    ];
    words[at] = values[chance(values.length)];
    whole.data.set(new Uint8Array(words.buffer), begin);
  }
  return closed(whole);
}

test(
  `${MUTATIONS} manifests and programs that somebody changed: a typed error, or a harmless run`,
  PATIENCE,
  async () => {
    const random = numbers(21);
    const chance: Chance = (below) => Math.floor(random() * below);
    const seen = { refused: 0, run: 0 };
    for (let seed = 0; seed < MUTATIONS; seed++) seen[await outcomeOf(reworked(files[seed % files.length], chance))]++;
    expect(seen.refused).toBeGreaterThan(MUTATIONS / 2);
    expect(seen.run).toBeGreaterThan(MUTATIONS / 50);
  },
);
