// The text that is learned: the one that comes with the page, or one of the visitor's, which is looked at before it is taken.
import { Problem } from "../shared/problems.ts";
import { LENGTH } from "./model.ts";

/** Characters that are taken of a text at the most, and that it must have at the least. */
export const MOST = 500_000;
export const LEAST = 20 * LENGTH;
/** Different characters at the most: each has weights of its own. */
const ALPHABET = 5000;

export interface Source {
  readonly text: string;
  /** What it is called on the page. */
  readonly name: string;
  /** Whether it is the visitor's. */
  readonly own: boolean;
  /** Whether there was more of it. */
  readonly cut: boolean;
}

/** Where the text lies that comes with the page. */
export const DEFAULT_PATH = "data/moby-dick.txt";

/** The first chapters of Moby-Dick. @throws Problem where the file is missing */
export async function defaultSource(): Promise<Source> {
  const response = await fetch(new URL(DEFAULT_PATH, document.baseURI)).catch(() => undefined);
  if (response === undefined || !response.ok)
    throw new Problem("The text that comes with this page could not be fetched. A text of your own will do.");
  return { text: await response.text(), name: "Moby-Dick, chapters 1 to 11", own: false, cut: false };
}

/** A text of the visitor's. @throws Problem for one that nothing can be learned from */
export function ownSource(given: string, name: string): Source {
  if (given.trim() === "") throw new Problem("That text is empty.");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no text has
  if (/[\u0000-\u0008\u000e-\u001a\ufffe\uffff]/.test(given))
    throw new Problem(`“${name}” is not a text: it has bytes that no text has. A plain .txt file will do.`);
  const whole = given.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const text = whole.slice(0, MOST);
  if (text.length < LEAST)
    throw new Problem(
      `That text has ${text.length.toLocaleString("en")} characters. It takes ${LEAST.toLocaleString("en")} to learn anything.`,
    );
  const different = new Set(text).size;
  if (different > ALPHABET)
    throw new Problem(
      `That text has ${different.toLocaleString("en")} different characters. ${ALPHABET.toLocaleString("en")} are the most.`,
    );
  if (different < 2) throw new Problem("That text is one character again and again: there is nothing to learn.");
  return { text, name, own: true, cut: whole.length > MOST };
}

/** A file of the visitor's. @throws Problem for one that is no text */
export async function fileSource(file: File): Promise<Source> {
  // A character takes four bytes at the most: what comes after these is not read.
  const part = file.slice(0, 4 * MOST + 4);
  const bytes = new Uint8Array(await part.arrayBuffer());
  const whole = part.size === file.size;
  try {
    // The end of a part may be amid a character.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !whole });
    return ownSource(text, file.name);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(`“${file.name}” is not a text in UTF-8. Save it as plain text, and drop that.`);
  }
}
