// Words and their phonemes as indices.
import type { Entry } from "./pronunciations.ts";

const ALPHABET = " abcdefghijklmnopqrstuvwxyz";

/** Letters that there are, and what stands behind the last of a word, index 0. */
export const LETTERS = ALPHABET.length;

/** The phonemes of English, as the CMU dictionary has them. */
export const PHONEMES: readonly string[] =
  "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split(" ");

/** The end of a pronunciation, which stands at its beginning, too; and all symbols that there are. */
export const END = PHONEMES.length;
export const SYMBOLS = END + 1;

/** Targets behind an end: losses and metrics ignore them. */
const IGNORED = -100;

/** Rows of indices, filled up: i32 [rows, length]. */
export function indicesOf(rows: readonly (readonly number[])[], length: number, fill: number) {
  const data = new Int32Array(rows.length * length).fill(fill);
  for (const [i, row] of rows.entries()) data.set(row, i * length);
  return { data, shape: [rows.length, length] };
}

/** Indices of letters: i32 [words, length]. */
export function lettersOf(words: readonly string[], length: number) {
  return indicesOf(
    words.map((word) => Array.from(word, (letter) => ALPHABET.indexOf(letter))),
    length,
    0,
  );
}

/** Words of `most` letters and phonemes at the most: what was said before each phoneme, and the phonemes of their usual pronunciations. */
export function samplesOf(known: readonly Entry[], most: number) {
  const sounds = known.map((entry) => entry.sounds[0].map((phoneme) => PHONEMES.indexOf(phoneme)));
  return {
    x: {
      letters: lettersOf(
        known.map(({ word }) => word),
        most,
      ),
      before: indicesOf(
        sounds.map((row) => [END, ...row]),
        most + 1,
        END,
      ),
    },
    y: indicesOf(
      sounds.map((row) => [...row, END]),
      most + 1,
      IGNORED,
    ),
  };
}
