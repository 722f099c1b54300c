// Texts that people would call numbers or dates: written in ways that no reader takes for such without being told.
import { numericValue } from "../data/column-types.ts";
import { type Column, isNumeric } from "../data/table.ts";
import { show } from "../show.ts";

/** What texts look like. */
export interface Look {
  /** What nearly all cells are: numbers with a decimal comma or another sign, numbers with texts among them, or dates. */
  readonly kind: "comma" | "thousands" | "sign" | "texts" | "date";
  /** As the end of a sentence about the column. */
  readonly words: string;
  /** A cell that is no plain number. */
  readonly example: string;
}

/** Share of the cells from which on they count. */
const MOST = 0.9;

const COMMA = /^[+-]?(\d+,\d*|,\d+)(e[+-]?\d+)?$/i;
const THOUSANDS = /^[+-]?[1-9]\d{0,2}(([,.' \u00a0\u202f\u2019])\d{3}(\2\d{3})*)([.,]\d+)?$/;
const SIGNED =
  /^[+-]?(?:[$\u20ac\u00a3\u00a5]|EUR|USD|GBP|CHF)? ?[+-]?\d[\d.,' \u00a0\u202f\u2019]*(?:%|[$\u20ac\u00a3\u00a5]|EUR|USD|GBP|CHF)?$/;
const SIGN = /[%$\u20ac\u00a3\u00a5]|EUR|USD|GBP|CHF/;

/** Dates as people write them. */
const DATE =
  /^(\d{4}[-/. ]{1,2}(\d{1,2}|[a-z]{3,9})[-/. ]{1,2}\d{1,2}|\d{1,2}[-/. ]{1,2}(\d{1,2}|[a-z]{3,9})[-/., ]{1,2}(\d{4}|\d\d)|[a-z]{3,9}\.? \d{1,2},? \d{4})\b/i;

/** What the texts of a column look like; undefined where they are texts, and where they are none. */
export function lookOf({ type, values }: Column): Look | undefined {
  if (isNumeric(type)) return undefined;
  const texts = Array.from(values as readonly (string | null)[]).filter((text) => text !== null);
  const isMost = (is: (text: string) => boolean) => texts.length > 0 && texts.filter(is).length >= MOST * texts.length;
  const isPlain = (text: string) => numericValue(text, "number", ".") !== undefined;
  if (isMost((text) => DATE.test(text) && !THOUSANDS.test(text))) return dates(texts);
  if (!isMost((text) => isPlain(text) || COMMA.test(text) || THOUSANDS.test(text) || isSigned(text))) return undefined;
  const written = texts.filter((text) => !isPlain(text));
  const signed = written.find(isSigned);
  if (signed !== undefined) return look("sign", "numbers with a sign", signed, "write them without it");
  const comma = written.find((text) => COMMA.test(text) && !THOUSANDS.test(text));
  const areCommas = isMost((text) => numericValue(text, "number", ",") !== undefined);
  if (comma !== undefined && areCommas)
    return look("comma", "numbers with a decimal comma", comma, "the option decimal reads them");
  const thousands = written.find((text) => THOUSANDS.test(text));
  const isEither = thousands !== undefined && areCommas ? ", or, for a decimal comma, take the option decimal" : "";
  if (thousands !== undefined)
    return look("thousands", "numbers with a sign between thousands", thousands, `write them without it${isEither}`);
  const areCodes = written.some((text) => /^\d+$/.test(text)); // postal codes, of which some begin with 0
  if (written.length === 0 || areCodes) return undefined;
  return {
    kind: "texts",
    words: `nearly all of them are numbers, but ${show(written[0])} is none: the option missing tells what is missing`,
    example: written[0],
  };
}

function isSigned(text: string): boolean {
  return SIGN.test(text) && SIGNED.test(text);
}

function dates(texts: readonly string[]): Look | undefined {
  const example = texts.find((text) => numericValue(text, "date", ".") === undefined);
  return example === undefined ? undefined : look("date", "dates", example, "write them as 2024-05-31");
}

function look(kind: Look["kind"], what: string, example: string, advice: string): Look {
  return { kind, words: `they look like ${what}, such as ${show(example)}: ${advice}`, example };
}
