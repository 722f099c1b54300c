// How the numbers of a file came into the square: what a row of the file needs before the network takes it, in words, in an address, in numbers.

/** Where a column's numbers begin and end. */
export type Span = readonly [from: number, to: number];

export interface Scale {
  /** What the file calls its columns: two that are seen, one that is learnt. */
  readonly names: readonly [x: string, y: string, target: string];
  /** Of the two that are seen. */
  readonly columns: readonly [Span, Span];
  /** The file's words for the classes, in their order. */
  readonly labels: readonly string[];
  /** Of the numbers that are learnt in place of classes. */
  readonly numbers?: Span;
}

/** Columns that are seen come to lie between -REACH and REACH, numbers that are learnt between -1 and 1. */
export const REACH = 2.7;

/** From the least value to the greatest; a column of one value has some room, too. */
export function spanOf(values: readonly number[]): Span {
  const [least, top] = [Math.min(...values), Math.max(...values)];
  return [least, top > least ? top : least + (Math.abs(least) || 1)];
}

/** A value of the span as one between -most and most. */
export function scaled(value: number, [from, to]: Span, most: number): number {
  return (((value - from) / (to - from)) * 2 - 1) * most;
}

/** A class by the file's word for it. */
export function labelOf(scale: Scale | undefined, index: number): string {
  return scale?.labels[index] ?? String(index + 1);
}

/** Such as "x from 0 to 29". */
export function spanInWords(name: string, [from, to]: Span): string {
  return `${name} from ${from} to ${to}`;
}

/** What was done to the file's numbers. */
export function scaleInWords({ names, columns, numbers }: Scale): string {
  const [x, y, target] = names;
  const seen = `Scaled into the square: ${spanInWords(x, columns[0])}, and ${spanInWords(y, columns[1])}, become −${REACH} to ${REACH}.`;
  return numbers === undefined
    ? seen
    : `${seen} The numbers to learn, ${spanInWords(target, numbers)}, become −1 to 1.`;
}

/** What goes into the ONNX file, and what comes out, for so many classes. */
export function takenInWords(scale: Scale, classes: number): string {
  if (!fitsFloats(scale))
    return "Your file’s numbers are beyond what 32 bits tell apart: it takes them scaled, as its metadata says, and what it gives is of that scale.";
  const [x, y, target] = scale.names;
  const labels = Array.from({ length: classes }, (_, i) => labelOf(scale, i)).join(", ");
  const gives =
    scale.numbers === undefined
      ? `of the numbers that it gives, the greatest is the label: ${labels}, in this order`
      : `it gives ${target}`;
  return `It takes ${x} and ${y} of your file as they are; ${gives}.`;
}

/** For programs: what a file of weights says of it. */
export function scaleAsJson({ names, columns, labels, numbers }: Scale): string {
  const column = (i: number, [from, to]: Span, most: number) => ({ name: names[i], from, to, becomes: [-most, most] });
  return JSON.stringify({
    inputs: columns.map((span, i) => column(i, span, REACH)),
    output: numbers === undefined ? { name: names[2], classes: labels } : column(2, numbers, 1),
  });
}

/** Whether numbers of 32 bits tell a thousandth of each span apart. */
export function fitsFloats({ columns, numbers }: Scale): boolean {
  return [...columns, ...(numbers ? [numbers] : [])].every(([from, to]) => {
    const most = Math.max(Math.abs(from), Math.abs(to));
    return most < 1e37 && to - from > 1e-30 && (to - from) / 1000 > most / 2 ** 24;
  });
}

/** As letters that an address leaves as they are, without * and _, which part its changes. */
export function writtenScale({ names, columns, labels, numbers }: Scale): string {
  const last = numbers === undefined ? labels : numbers.map(String);
  return [...names, ...columns.flat().map(String), ...last].map(plain).join(".");
}

/** What an address says of it, for so many classes; undefined where that is no scale. */
export function parsedScale(text: string, classes: number): Scale | undefined {
  const parts = text.split(".").map(unfolded);
  const [x, y, target, ...rest] = parts;
  const [a, b, c, d] = rest.slice(0, 4).map(Number);
  const last = rest.slice(4);
  const isSpan = ([from, to]: Span) => Number.isFinite(from) && Number.isFinite(to) && from < to;
  const columns = [
    [a, b],
    [c, d],
  ] as const;
  if (!columns.every(isSpan)) return undefined;
  const names = [x, y, target] as const;
  if (classes > 1) return last.length <= classes ? { names, columns, labels: last } : undefined;
  const numbers = [Number(last[0]), Number(last[1])] as const;
  return last.length === 2 && isSpan(numbers) ? { names, columns, labels: [], numbers } : undefined;
}

function plain(text: string): string {
  return Array.from(text, (letter) =>
    /[A-Za-z0-9]/.test(letter) ? letter : `-${letter.codePointAt(0)?.toString(36)}-`,
  ).join("");
}

function unfolded(text: string): string {
  return text.replace(/-([0-9a-z]{1,4})-/g, (whole, code: string) => {
    const point = Number.parseInt(code, 36);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
