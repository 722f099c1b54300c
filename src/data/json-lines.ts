// JSON lines: a value in JSON on each line.
import { checkOptions } from "../check.ts";
import { DataError } from "../errors.ts";
import { aTextSource, fileName, LONGEST_LINE, type TextOptions, type TextSource, textChecks, textOf } from "./text.ts";

/**
 * The values of a file of JSON lines, one after the other as they are read; blank lines count nothing.
 * @throws DataError with the line for what is no JSON, ArgumentError for a source that is none, such as a path
 *
 * @example
 * import { readJsonLines, table } from "simdgrad/data";
 * const rows: Record<string, number>[] = [];
 * for await (const row of readJsonLines('{"x":1,"y":2}\n{"x":3,"y":4}\n')) rows.push(row as Record<string, number>);
 * table(rows).toArray(["x"]).data; // => [1, 3]
 */
export function readJsonLines(source: TextSource, options: TextOptions = {}): AsyncGenerator<unknown> {
  aTextSource(source, "readJsonLines: source");
  checkOptions(options, "readJsonLines", textChecks);
  return valuesOf(source, options);
}

async function* valuesOf(source: TextSource, options: TextOptions): AsyncGenerator<unknown> {
  for await (const { value } of numberedValues(source, options)) yield value;
}

/** A value, and the line of the file on which it is, counted from 1. */
interface NumberedValue {
  readonly line: number;
  readonly value: unknown;
}

/** What `readJsonLines` gives, with its lines. */
export async function* numberedValues(source: TextSource, options: TextOptions): AsyncGenerator<NumberedValue> {
  const file = `readJsonLines: ${fileName(source, options.file, "jsonl")}`;
  let rest = "";
  let line = 1;
  for await (const piece of textOf(source, file, options.encoding)) {
    const lines = piece.split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop() as string;
    for (const text of lines) yield* parsedLine(text, file, line++);
    if (rest.length > LONGEST_LINE)
      throw new DataError(`${file}, line ${line}: the line has no end within ${LONGEST_LINE} characters`);
  }
  yield* parsedLine(rest, file, line);
}

function* parsedLine(text: string, file: string, line: number): Generator<NumberedValue> {
  if (text.trim() !== "") yield { line, value: parsed(text, file, line) };
}

function parsed(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${file}, line ${line} is no JSON: ${(cause as Error).message}`, { cause });
  }
}
