// Texts at random, the same for a seed: words that repeat, signs, letters of several alphabets, characters of two units.
import { numbers } from "../random.ts";

const WORDS = [
  ..."the sea and sun of moon tide wind Wind's lowest lower low 42 naïve море 海 🌊 👩‍👧 ½ e\u0301".split(" "),
  "don't",
];
const SIGNS = [" ", " ", " ", "  ", ", ", ". ", "\n", " - ", "…", "!?"];

export function drawnText(seed: number): string {
  const random = numbers(seed);
  const pick = (list: readonly string[]) => list[Math.floor(list.length * random() ** 2)];
  return Array.from({ length: 1 + Math.floor(30 * random()) }, () => pick(WORDS) + pick(SIGNS)).join("");
}
