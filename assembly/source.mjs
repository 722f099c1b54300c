/**
 * Reads sources for `asc`, with loops unrolled: lines between `// unroll 8` and `// end of unroll` are repeated so many times, TURN
 * in them being 0, 1, ... AssemblyScript and Binaryen unroll no loop, and no function could hand back the sums of a turn.
 * Lines that import or export types, for tsc, are empty: AssemblyScript has those types itself.
 */
import { readFile } from "node:fs/promises";

const TYPES = /^(import|export) type .*$/gm;
const BLOCK = /^ *\/\/ unroll (\d+)\r?\n(.*?)^ *\/\/ end of unroll\r?\n/gms;

/**
 * The text of a file, null where there is none: what `asc` wants of its host.
 * @param {string} name
 * @param {string} folder
 * @returns {Promise<string | null>}
 */
export async function readSource(name, folder) {
  return readFile(`${folder}/${name}`, "utf8").then(
    (text) => unroll(text.replace(TYPES, "")),
    () => null,
  );
}

/**
 * @param {string} text
 * @returns {string}
 */
export function unroll(text) {
  return text.replace(BLOCK, (_, count, turn) =>
    Array.from({ length: Number(count) }, (_, i) => turn.replaceAll("TURN", String(i))).join(""),
  );
}
