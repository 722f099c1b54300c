// What the cells of a column hold, found from their texts, and the texts as values.

/** Kinds of columns: numbers, whole numbers, yes or no, points in time, few different texts, any texts. */
export type ColumnType = (typeof COLUMN_TYPES)[number];

export const COLUMN_TYPES = ["number", "integer", "boolean", "date", "category", "text"] as const;

/** Types whose values are numbers, the narrowest first. */
export type NumericType = "boolean" | "integer" | "number" | "date";

export const NUMERIC_TYPES: readonly NumericType[] = ["boolean", "integer", "number", "date"];

/** Without leading zeros, which numbers of houses and postal codes have. */
const INTEGER = /^[+-]?(0|[1-9]\d*)$/;
const NUMBER = /^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?: ?(Z|[+-]\d\d:?\d\d))?)?$/;

/** A text as a number of a type, or undefined where it is none: false and true are 0 and 1, a date is milliseconds since 1970 in UTC. */
export function numericValue(text: string, type: NumericType, decimal: string): number | undefined {
  if (type === "boolean") return booleanValue(text);
  if (type === "date") return dateValue(text);
  const plain = decimal === "." ? text : text.includes(".") ? "" : text.replace(decimal, ".");
  if (type === "number") return numberValue(plain);
  const value = INTEGER.test(plain) ? Number(plain) : undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** What keeps a text of digits from being a number, for errors; nothing is said of others. */
export function whyNot(text: string): string {
  if (!/^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text)) return "";
  if (/^[+-]?0\d/.test(text)) return ": numbers have no leading zeros";
  return Math.abs(Number(text)) > Number.MAX_SAFE_INTEGER ? ": it has more digits than a number holds" : "";
}

function booleanValue(text: string): number | undefined {
  const word = text.length > 5 ? "" : text.toLowerCase();
  return word === "true" ? 1 : word === "false" ? 0 : undefined;
}

/** No whole number that would lose digits: such are names. No digits beyond what a number holds, which would be infinite. */
function numberValue(text: string): number | undefined {
  if (NUMBER.test(text)) {
    const value = Number(text);
    return !Number.isFinite(value) || (INTEGER.test(text) && !Number.isSafeInteger(value)) ? undefined : value;
  }
  const infinite = INFINITE.exec(text);
  if (infinite === null) return undefined;
  return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A time without a zone is of UTC, so that it is the same on every machine. */
function dateValue(text: string): number | undefined {
  const parts = DATE.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const zone = zoneOf(parts[8]);
  if (zone === undefined) return undefined;
  const within = ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(Number(`0.${parts[7] ?? 0}`) * 1000);
  return date.getTime() + within - zone;
}

/** How far a zone is before UTC, less than a day; undefined where it is none. */
function zoneOf(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone[0] === "-" ? -1 : 1) * (60 * hours + minutes) * 60_000;
}

/** The narrowest type that all texts have. Where all are missing, they are numbers: there is none that is not. */
export function typeOfTexts(texts: readonly (string | null)[], decimal: string, categories: number): ColumnType {
  if (texts.every((text) => text === null)) return "number";
  const fits = (type: NumericType) =>
    texts.every((text) => text === null || numericValue(text, type, decimal) !== undefined);
  const numeric = NUMERIC_TYPES.find(fits);
  if (numeric !== undefined) return numeric;
  const different = new Set<string>();
  for (const text of texts) {
    if (text !== null) different.add(text);
    if (different.size > categories) return "text";
  }
  return "category";
}
