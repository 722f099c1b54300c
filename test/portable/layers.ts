// Every layer, small: the bits of values, gradients and gradients of gradients are the same on every machine.
import type { Executor } from "simdgrad";
import { type Name, names, programsOf, resultsOn, sampleOf, table } from "../nn/every-layer.ts";
import { hashOf } from "./train.ts";

/** A hash of all results of each layer. */
export async function layerHashes(executor: Executor): Promise<Record<Name, string>> {
  const hashes: [Name, string][] = [];
  for (const name of names)
    hashes.push([name, hashOf(Object.values(await resultsOn(executor, programsOf(sampleOf(table[name])))))]);
  return Object.fromEntries(hashes) as Record<Name, string>;
}
