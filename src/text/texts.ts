// Texts as callers bring them, and the order of texts.
import { aText, must } from "../check.ts";

/** Several texts: a list, a set, or what gives one after the other. */
export type Texts = Iterable<string>;

/** The texts one by one. @throws ArgumentError for what is none */
export function* textsOf(given: Texts, what: string): Generator<string> {
  const isObject = typeof given === "object" && given !== null && !ArrayBuffer.isView(given);
  const isIterable = isObject && typeof given[Symbol.iterator] === "function";
  must(isIterable, given, what, "a list of texts");
  let i = 0;
  for (const text of given) {
    aText(text, `${what}.${i}`);
    yield text;
    i++;
  }
}

/** The order of texts by the numbers of their characters, as Python sorts them: UTF-16 has those above 65535 before some that are below. */
export function byCharacters(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return placeOf(left) - placeOf(right);
  }
  return a.length - b.length;
}

/** Halves of large characters come behind all others. */
function placeOf(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
