// Sums as characters, such as "12+345" and "357", padded with spaces.
import { randomOf } from "./random.ts";

const CHARACTERS = " 0123456789+";

/** Characters of a question, and of an answer. */
export const QUESTION = 7;
export const ANSWER = 4;
/** What stands before an answer; and all symbols that there are. */
export const START = CHARACTERS.length;
export const SYMBOLS = START + 1;

/** Numbers that are added are below it. */
const LIMIT = 1000;

/** Rows of codes of characters. */
interface Codes {
  readonly data: Int32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Sums as codes of characters. */
export interface Sums {
  readonly rows: number;
  /** [rows, QUESTION] */
  readonly question: Codes;
  /** [rows, ANSWER]: what was written before each character of the answer. */
  readonly before: Codes;
  /** [rows, ANSWER] */
  readonly answer: Codes;
}

function codesOf(text: string, length: number): number[] {
  return Array.from(text.padEnd(length), (character) => CHARACTERS.indexOf(character));
}

/** The text of codes, without the spaces at its end. */
export function textOf(codes: ArrayLike<number>): string {
  return Array.from(codes, (code) => CHARACTERS[code] ?? "?")
    .join("")
    .trimEnd();
}

/** One row of codes. */
export function rowOf({ data, shape }: Codes, row: number): Int32Array {
  return data.subarray(row * shape[1], (row + 1) * shape[1]);
}

/** Sums of two numbers from 0 to 999, all of other pairs: a + b and b + a are one pair. */
export function sums(trained: number, tested: number, seed: number): { readonly train: Sums; readonly test: Sums } {
  const pairs = (LIMIT * (LIMIT + 1)) / 2;
  if (trained + tested > pairs / 2)
    throw new Error(`--sums ${trained}: there are ${pairs} pairs, of which half are drawn at the most`);
  const random = randomOf(seed);
  const number = () => Math.floor(random() * LIMIT);
  const found = new Map<string, readonly [number, number]>();
  while (found.size < trained + tested) {
    const [a, b] = [number(), number()];
    found.set(a < b ? `${a}+${b}` : `${b}+${a}`, [a, b]);
  }
  const all = [...found.values()];
  return { train: sumsOf(all.slice(tested)), test: sumsOf(all.slice(0, tested)) };
}

function sumsOf(pairs: readonly (readonly [number, number])[]): Sums {
  const table = (columns: number, codes: (a: number, b: number) => number[]): Codes => ({
    data: Int32Array.from(pairs.flatMap(([a, b]) => codes(a, b))),
    shape: [pairs.length, columns],
  });
  const answer = (a: number, b: number) => codesOf(String(a + b), ANSWER);
  return {
    rows: pairs.length,
    question: table(QUESTION, (a, b) => codesOf(`${a}+${b}`, QUESTION)),
    before: table(ANSWER, (a, b) => [START, ...answer(a, b).slice(0, -1)]),
    answer: table(ANSWER, answer),
  };
}

/** The share of rows that are right to the last character. */
export function shareExact({ answer, rows }: Sums, written: ArrayLike<number>): number {
  const isRight = (row: number) => rowOf(answer, row).every((code, i) => code === written[row * ANSWER + i]);
  return Array.from({ length: rows }, (_, row) => row).filter(isRight).length / rows;
}

/** The share of `test` that is right if each is answered as the sum of `train` whose question differs in the fewest characters. */
export function nearestShare(train: Sums, test: Sums): number {
  const answers = Array.from({ length: test.rows }, (_, row) =>
    rowOf(train.answer, nearestTo(train.question, rowOf(test.question, row))),
  );
  return shareExact(
    test,
    answers.flatMap((codes) => Array.from(codes)),
  );
}

function nearestTo({ data, shape: [rows] }: Codes, question: Int32Array): number {
  let [nearest, least] = [0, QUESTION + 1];
  for (let row = 0; row < rows; row++) {
    let different = 0;
    for (let i = 0; i < QUESTION; i++) if (data[row * QUESTION + i] !== question[i]) different++;
    if (different < least) [nearest, least] = [row, different];
  }
  return nearest;
}
