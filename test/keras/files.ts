// .keras files with what their models compute: written by test/golden/make-keras.mjs.
import { readFileSync } from "node:fs";
import type { Numbers } from "./cases.ts";

export interface KerasFile {
  readonly name: string;
  readonly file: string;
  readonly inputs: readonly Numbers[];
  readonly outputs: readonly Numbers[];
}

export const keras: readonly KerasFile[] = JSON.parse(readFileSync("test/golden/keras.json", "utf8"));
