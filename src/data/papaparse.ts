// The one door to Papa Parse. The build puts the library itself into this module's output, so that the package has no dependency.
import Papa from "papaparse";

/** A fault in a text, at a character of it. */
interface CsvFault {
  readonly message: string;
  readonly index?: number;
}

/** Rows of a text, and the character behind the last one that is whole. */
interface CsvPart {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly CsvFault[];
  readonly meta: { readonly cursor: number; readonly delimiter: string };
}

/** How a file separates its cells and its rows; what is not given is found in a text of the file's beginning. */
export interface CsvParser {
  parse(text: string, baseIndex: number, ignoreLastRow: boolean): CsvPart;
}

interface Handle extends CsvParser {
  guessLineEndings(text: string, quote: string): string;
}

interface HandleOptions {
  readonly delimiter: string;
  readonly newline: string;
  readonly skipEmptyLines?: boolean;
  readonly preview?: number;
  readonly delimitersToGuess?: readonly string[];
}

/** What separates cells, the likeliest first. */
const SEPARATORS = [",", "\t", "|", ";", "\x1e", "\x1f"];

/** A parser for a file that begins with this text; "\r\n" counts as "\n" behind a cell's end. */
export function csvParser(
  beginning: string,
  given: string,
  decimal: string,
): { readonly parser: CsvParser; readonly newline: string; readonly delimiter: string } {
  const { ParserHandle } = Papa as unknown as { readonly ParserHandle: new (options: HandleOptions) => Handle };
  const guessed = (delimiter: string, delimitersToGuess: readonly string[]) =>
    new ParserHandle({ delimiter, newline: "", skipEmptyLines: true, preview: 10, delimitersToGuess });
  const guess = guessed(
    given,
    SEPARATORS.filter((sign) => sign !== decimal),
  );
  const newline = guess.guessLineEndings(beginning, '"') === "\r" ? "\r" : "\n";
  let { delimiter } = guess.parse(beginning, 0, false).meta;
  // None was found: Papa Parse says a comma, which may be the decimal sign.
  if (given === "" && delimiter === decimal)
    delimiter = separates(guessed(decimal, []).parse(beginning, 0, false).data, decimal) ? decimal : ";";
  return { parser: new ParserHandle({ delimiter, newline }), newline, delimiter };
}

/** Whether the decimal sign separates cells, too: then all rows have as many, and those that hold it are in quotes. */
function separates(rows: CsvPart["data"], decimal: string): boolean {
  const width = rows[0]?.length ?? 0;
  return (
    width > 1 && rows.every((cells) => cells.length === width) && rows.flat().some((cell) => cell.includes(decimal))
  );
}
