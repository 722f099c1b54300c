// A study where checkpoints are kept, too: in any storage of bytes by names. Such a one writes bytes whole or not at all, so a study is in
// parts, of which the last is replaced until it is long enough.
import { joined } from "../data/bytes.ts";
import { DataError } from "../errors.ts";
import { aNameBefore, aStorage, type BytesStorage } from "../storage/storage.ts";
import type { StudyStorage } from "./storage.ts";

/** Bytes from which on a part is left as it is. */
const LONG = 2 ** 16;

const DIGITS = 8;

/** A name with room for the longest that begins so. */
const aBegin = aNameBefore(`.${"9".repeat(DIGITS)}.artifact`);

/**
 * Keeps a study in a storage of simdgrad/storage: in pages `opfsStorage` or `indexedDbStorage`, in Node `folderStorage`. What was written would
 * survive a crash before a call resolves. Its lines are in `study.00000001.jsonl` and so on, the artifact of the best trial beside them:
 * `study.7.artifact` is that of trial 7. A study that something else wrote to meanwhile, such as another tab, is left alone, with an error.
 * @throws ArgumentError for what is no storage, and for a name that is none
 *
 * @example
 * import { memoryStorage } from "simdgrad/storage"; // in a page: indexedDbStorage
 * import { openStudy, studyStorage, uniform } from "simdgrad/tune";
 * const kept = memoryStorage();
 * const options = () => ({ space: { x: uniform(0, 1) }, storage: studyStorage(kept, "digits") });
 * const objective = ({ values }: { values: { x: number } }) => values.x;
 * await (await openStudy(options())).trials(3, { objective });
 * const history = await (await openStudy(options())).trials(5, { objective }); // goes on: two more
 * history.length; // => 5
 * await kept.list(); // => ["digits.00000001.jsonl"]
 */
export function studyStorage(storage: BytesStorage, name = "study"): StudyStorage {
  aStorage(storage, "studyStorage: storage");
  aBegin(name, "studyStorage: name");
  /** Lengths of all parts, as this storage left them, and the last one; undefined before they were read. */
  let known: { lengths: number[]; last: Uint8Array } | undefined;
  const partOf = (number: number) => `${name}.${String(number).padStart(DIGITS, "0")}.jsonl`;
  const artifactOf = (trial: number) => `${name}.${trial}.artifact`;
  const read = async () => {
    const parts: Uint8Array[] = [];
    for (const number of numbersOf(await storage.list(), name)) {
      const part = number === parts.length + 1 ? await storage.read(partOf(number)) : undefined;
      if (part === undefined) throw new DataError(`${name}: ${partOf(parts.length + 1)} is missing`);
      parts.push(part);
    }
    known = { lengths: parts.map(({ length }) => length), last: parts.at(-1) ?? new Uint8Array() };
    return joined(parts);
  };
  /** What is known, if it is still so. */
  const checked = async () => {
    if (known === undefined) await read();
    const { lengths, last } = known as NonNullable<typeof known>;
    const now = lengths.length === 0 ? undefined : await storage.read(partOf(lengths.length));
    const next = await storage.read(partOf(lengths.length + 1));
    const isSame = (now?.length ?? 0) === last.length && last.every((byte, i) => byte === now?.[i]);
    if (!isSame || next !== undefined)
      throw new DataError(`${name}: is not what this study left: something else writes to it`);
    return { lengths, last };
  };
  return {
    name,
    read,
    append: (bytes) =>
      alone(name, async () => {
        const { lengths, last } = await checked();
        const isNew = lengths.length === 0 || last.length >= LONG;
        const part = isNew ? bytes.slice() : joined([last, bytes]);
        const next = isNew ? [...lengths, part.length] : lengths.with(-1, part.length);
        await storage.write(partOf(next.length), part);
        known = { lengths: next, last: part };
      }),
    truncate: (length) =>
      alone(name, async () => {
        const whole = await checked();
        const lengths = [...whole.lengths];
        let end = lengths.reduce((sum, each) => sum + each, 0);
        while (lengths.length > 1 && end - lengths[lengths.length - 1] >= length) {
          await storage.remove(partOf(lengths.length)); // the last one first: what a crash leaves is a beginning
          end -= lengths.pop() as number;
        }
        if (lengths.length === 0) return;
        const last = (await storage.read(partOf(lengths.length))) as Uint8Array;
        const part = last.slice(0, last.length - Math.max(0, end - length));
        await storage.write(partOf(lengths.length), part);
        known = { lengths: lengths.with(-1, part.length), last: part };
      }),
    keepArtifact: (trial, bytes) => storage.write(artifactOf(trial), bytes),
    readArtifact: (trial) => storage.read(artifactOf(trial)),
    dropArtifact: (trial) => storage.remove(artifactOf(trial)),
  };
}

/** Does a task while no other tab of the site does one at a study of this name, where there are locks. */
async function alone(name: string, task: () => Promise<void>): Promise<void> {
  const locks = typeof navigator === "object" ? navigator.locks : undefined;
  await (locks === undefined ? task() : locks.request(`simdgrad study ${name}`, task));
}

/** Numbers of a study's parts, in their order. */
function numbersOf(files: readonly string[], name: string): number[] {
  const parts = files.filter((file) => file.startsWith(`${name}.`) && file.endsWith(".jsonl"));
  const digits = parts.map((file) => file.slice(name.length + 1, -".jsonl".length));
  return digits
    .filter((each) => each.length >= DIGITS && /^\d+$/.test(each))
    .map(Number)
    .sort((a, b) => a - b);
}
