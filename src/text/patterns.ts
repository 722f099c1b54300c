// Patterns of words and pieces: regular expressions, which JSON holds by their source and flags.
import { aText, must } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { show } from "../show.ts";

/** A pattern as JSON holds it. */
export interface SavedPattern {
  readonly source: string;
  readonly flags: string;
}

/** Words with their apostrophes and hyphens, and each other character by itself. */
export const WORDS = /[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_]/gu;

/** Words of two letters or digits at least, as scikit-learn has them. */
export const TERMS = /[\p{L}\p{N}_]{2,}/gu;

/** Words with the blank before them, numbers, other signs, blanks: what GPT-2 merges bytes within. */
export const PIECES = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

export function aPattern(value: unknown, what: string): void {
  const isPattern = Object.prototype.toString.call(value) === "[object RegExp]";
  must(
    isPattern && !(value as RegExp).sticky,
    value,
    what,
    "a regular expression, such as /\\w+/u, without the flag y",
  );
}

/** A pattern that finds all that fits. */
export function everywhere(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.global ? pattern.flags : `${pattern.flags}g`);
}

export function savedPattern({ source, flags }: RegExp): SavedPattern {
  return { source, flags };
}

/** The pattern that JSON holds. @throws ArgumentError for what is none */
export function patternOf({ source, flags }: SavedPattern, what: string): RegExp {
  aText(source, `${what}.source`);
  aText(flags, `${what}.flags`);
  try {
    const pattern = new RegExp(source, flags);
    aPattern(pattern, what);
    return everywhere(pattern);
  } catch (cause) {
    throw new ArgumentError(`${what} is no regular expression: ${show(source)}, flags ${show(flags)}`, { cause });
  }
}

/** What fits a pattern, from the first to the last; nothing empty. */
export function matchesOf(text: string, pattern: RegExp): readonly string[] {
  return text.match(pattern)?.filter((match) => match !== "") ?? [];
}

/** What fits a pattern and what lies between, so that all of the text is there. */
export function partsOf(text: string, pattern: RegExp): readonly string[] {
  const parts: string[] = [];
  let end = 0;
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (match === "") continue;
    if (index > end) parts.push(text.slice(end, index));
    parts.push(match);
    end = index + match.length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}
