// A text as a network reads it: numbers for its characters, windows of these to learn from, and some to be tested by.

/** Rows of characters, i32 [rows, length], and those that come after each. */
export interface Windows {
  readonly x: { readonly data: Int32Array; readonly shape: readonly number[] };
  readonly y: { readonly data: Int32Array; readonly shape: readonly number[] };
}

/** Windows to learn from, at the most about so many. */
const MOST = 10_000;
/** Windows to be tested by. */
const TESTED = 32;

/** The characters of a text, each with its number. */
export class Alphabet {
  readonly characters: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.characters = [...new Set(text)].sort();
    this.#numbers = new Map(this.characters.map((character, i) => [character, i]));
  }

  /** Numbers of the characters that the text has; others are left out. */
  encode(text: string): Int32Array {
    return Int32Array.from([...text].flatMap((character) => this.#numbers.get(character) ?? []));
  }

  decode(numbers: Iterable<number>): string {
    return Array.from(numbers, (each) => this.characters[each]).join("");
  }
}

/** Windows that begin each `stride` characters, those that fit. */
function windows(codes: Int32Array, length: number, stride: number): Windows {
  const rows = Math.floor((codes.length - 1 - length) / stride) + 1;
  const shape = [rows, length];
  const [x, y] = [new Int32Array(rows * length), new Int32Array(rows * length)];
  for (let row = 0; row < rows; row++) {
    const at = row * stride;
    x.set(codes.subarray(at, at + length), row * length);
    y.set(codes.subarray(at + 1, at + 1 + length), row * length);
  }
  return { x: { data: x, shape }, y: { data: y, shape } };
}

/** The first nine tenths to learn from, in windows that overlap, and of the rest some that do not, to be tested by. */
export function windowsOf(codes: Int32Array, length: number): { readonly learned: Windows; readonly tested: Windows } {
  const end = Math.floor(0.9 * codes.length);
  const stride = Math.max(8, Math.ceil(end / MOST));
  const rest = codes.subarray(end, end + TESTED * length + 1);
  return { learned: windows(codes.subarray(0, end), length, stride), tested: windows(rest, length, length) };
}
