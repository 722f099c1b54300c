// How messages show names from files and states: in one line, whatever they are. Apart from show.ts, which every page loads.

/** Characters of a name that are shown. */
const MOST = 80;

/** A name: in quotes where it is no usual one, its beginning where it is long, and nothing that a terminal obeys. */
export function showName(name: string): string {
  const short = name.length > MOST ? `${name.slice(0, MOST)}...` : name;
  return /^[\w.$/:-]+$/.test(short) ? short : printable(JSON.stringify(short));
}

/** A text in a line, with the codes of characters that are none, or that turn others around. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);
}
