// A study's file, changed in a thousand ways: it is read as far as a crash can have written it, or refused with the line and the cause, and left as it is.
import { expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { asha, choice, conditional, memoryStorage, openStudy, uniform } from "../../src/tune/index.ts";
import { numbers } from "../random.ts";

const MUTATIONS = process.env.SOAK ? 100_000 : 1000;

const space = { x: uniform(-1, 1), k: conditional({ a: { word: choice(["Größe", '"}', "数"]) }, b: {} }) };

async function sample(): Promise<Uint8Array> {
  const storage = memoryStorage();
  const study = await openStudy({ space, storage, pruner: asha() });
  await study.trials(12, {
    objective: async (trial) => {
      for (let step = 1; step <= 4; step++) {
        await trial.report(step, trial.number === 5 ? Number.NaN : Math.abs(trial.values.x) / step);
        if (trial.shouldPrune()) return "pruned";
      }
      return trial.number % 3 === 0 ? { value: trial.values.x, artifact: Uint8Array.of(1, 2, 3) } : trial.values.x;
    },
  });
  await study.tell(await study.ask(), "failed", 'out of "memory"} ,"sum":"00000000"}');
  await study.ask();
  return storage.read();
}

type Mutation = (bytes: Uint8Array, below: (n: number) => number) => Uint8Array;

const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** A line of a file, its newline included. */
function aLine(bytes: Uint8Array, below: (n: number) => number): readonly [from: number, to: number] {
  const ends = [...bytes.keys()].filter((i) => bytes[i] === 10);
  const i = below(ends.length);
  return [i === 0 ? 0 : ends[i - 1] + 1, ends[i] + 1];
}

const mutations: Readonly<Record<string, Mutation>> = {
  "a bit flipped": (bytes, below) => {
    const at = below(bytes.length);
    return bytes.with(at, bytes[at] ^ (1 << below(8)));
  },
  "a byte changed": (bytes, below) => bytes.with(below(bytes.length), below(256)),
  "the last byte changed": (bytes, below) => bytes.with(bytes.length - 1, below(256)),
  "a digit changed": (bytes, below) => {
    const digits = [...bytes.keys()].filter((i) => bytes[i] >= 48 && bytes[i] <= 57);
    return bytes.with(digits[below(digits.length)], 48 + below(10));
  },
  "a byte left out": (bytes, below) => {
    const at = below(bytes.length);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1));
  },
  "bytes put in": (bytes, below) => {
    const at = below(bytes.length + 1);
    return joined(
      bytes.subarray(0, at),
      Uint8Array.from({ length: 1 + below(9) }, () => below(256)),
      bytes.subarray(at),
    );
  },
  "the end cut off": (bytes, below) => bytes.subarray(0, below(bytes.length + 1)),
  "zeros behind it": (bytes, below) => joined(bytes, new Uint8Array(1 + below(64))),
  "a line left out": (bytes, below) => {
    const [from, to] = aLine(bytes, below);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  "a line twice": (bytes, below) => {
    const [from, to] = aLine(bytes, below);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  "two lines exchanged": (bytes, below) => {
    const [a, b] = [aLine(bytes, below), aLine(bytes, below)].sort((x, y) => x[0] - y[0]);
    if (a[0] === b[0]) return bytes;
    const part = ([from, to]: readonly [number, number]) => bytes.subarray(from, to);
    return joined(part([0, a[0]]), part(b), part([a[1], b[0]]), part(a), part([b[1], bytes.length]));
  },
  "an empty line": (bytes, below) => {
    const [, to] = aLine(bytes, below);
    return joined(bytes.subarray(0, to), Uint8Array.of(10), bytes.subarray(to));
  },
};

function linesOf(bytes: Uint8Array): number {
  return bytes.filter((byte) => byte === 10).length;
}

/** How many bytes are those of another file from the beginning. */
function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}

test(`${MUTATIONS} mutated files are read to where they are sound, or refused in words`, async () => {
  const whole = await sample();
  const histories = new Map<number, unknown>();
  /** What is known after so many whole lines. */
  const historyAfter = async (lines: number) => {
    const known = histories.get(lines);
    if (known !== undefined) return known;
    let end = 0;
    for (let i = 0; i < lines; i++) end = whole.indexOf(10, end) + 1;
    const { history } = await openStudy({ space, storage: memoryStorage(whole.subarray(0, end)) });
    histories.set(lines, history);
    return history;
  };
  const next = numbers(20);
  const below = (n: number) => Math.floor(next() * n);
  const kinds = Object.entries(mutations);
  let refused = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const [kind, mutate] = kinds[i % kinds.length];
    const bytes = mutate(whole, below);
    const storage = memoryStorage(bytes);
    const shared = sharedBytes(bytes, whole);
    const sound = linesOf(bytes.subarray(0, shared));
    const where = `${kind}, mutation ${i}, first difference at byte ${shared}`;
    try {
      const { history } = await openStudy({ space, storage });
      // Only what a crash can leave is taken: whole lines of the file, then a part of one, or nothing.
      const kept = await storage.read();
      const isWhole = whole[shared] === 10 && shared === bytes.length; // a line that lacks its newline alone
      expect({ where, rest: linesOf(bytes.subarray(shared)) }).toEqual({ where, rest: 0 });
      expect({ where, history }).toEqual({ where, history: await historyAfter(isWhole ? sound + 1 : sound) });
      if (sound > 0 || isWhole)
        expect({ where, shared: sharedBytes(kept, whole) }).toEqual({ where, shared: kept.length });
    } catch (error) {
      refused++;
      if (!(error instanceof DataError)) throw new Error(where, { cause: error });
      const [, line, cause] = /^the study: line (\d+): (.{15,})$/s.exec(error.message) ?? [];
      expect({ where, line: Number(line), cause: cause !== undefined }).toEqual({
        where,
        line: sound + 1,
        cause: true,
      });
      expect({ where, bytes: await storage.read() }).toEqual({ where, bytes });
    }
  }
  expect(refused).toBeGreaterThan(MUTATIONS / 2);
}, 600_000);
