// Files that went wrong on their way: what reads them says so, or reads what is there. Nothing else happens, and soon.
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { unzipped } from "../../src/data/compressed.ts";
import { SimdgradError } from "../../src/index.ts";
import { fromKeras, fromTensorFlowJs, type Tensors } from "../../src/keras/index.ts";
import { evaluationContext } from "../../src/nn/index.ts";
import { MUTATIONS, mutated, outcomeOf, PATIENCE } from "../data/mutations.ts";
import { numbers } from "../random.ts";
import { type Any, bytesOf, type Case, cases, filesOf, type Numbers, tensorsOf } from "./cases.ts";
import { type KerasFile, keras } from "./files.ts";

const files = keras.filter(({ name }) => !/^(images|attention)|directions/.test(name));
const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(Uint8Array.from(bytes));

/** What is left of a model: its weights, and the shapes that it gives. */
function whatIs(model: Any, inputs: readonly Numbers[]): unknown {
  const given = tensorsOf(inputs);
  const result = model.forward(given.length === 1 ? given[0] : given, evaluationContext());
  return [model.stateDict(), [result].flat().map((each) => each.shape)];
}

const replacements = [
  null,
  -1,
  0,
  1,
  2,
  1e9,
  2 ** 53,
  0.5,
  "",
  "relu",
  "same",
  "__proto__",
  "Dense",
  "Model",
  true,
  false,
  [],
  {},
  [1, 2],
  [[1, 1]],
  { length: -1 },
];

/** A value with one of its parts replaced, taken away, or put in another's place. */
function changed(value: unknown, seed: number): unknown {
  const random = numbers(seed);
  const below = (n: number) => Math.floor(random() * n);
  const copy = structuredClone(value);
  for (let count = 1 + below(2); count > 0; count--) {
    const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
    const visit = (each: unknown) => {
      if (typeof each !== "object" || each === null) return;
      for (const key of Object.keys(each)) {
        places.push({ holder: each as Record<string, unknown>, key });
        visit((each as Record<string, unknown>)[key]);
      }
    };
    visit(copy);
    if (places.length === 0) break;
    const { holder, key } = places[below(places.length)];
    const other = places[below(places.length)];
    const way = below(4);
    if (way === 0) delete holder[key];
    else if (way === 1) holder[key] = structuredClone(other.holder[other.key]);
    else holder[key] = structuredClone(replacements[below(replacements.length)]);
  }
  return copy;
}

type Read = (bytes: Uint8Array) => unknown;

/** What a reader makes of bytes that nothing lies beside: true where it reads them, false where it says what is wrong. */
async function isRead(read: Read, bytes: Uint8Array): Promise<boolean> {
  try {
    read(bytes);
    return true;
  } catch (error) {
    if (error instanceof SimdgradError && error.message.length > 10) return false;
    throw error;
  }
}

/** The same of bytes amid others, which are not to be read. */
async function isReadAlone(read: Read, bytes: Uint8Array): Promise<boolean> {
  return !/^[A-Za-z]+Error: /.test(await outcomeOf(read, bytes));
}

/** Runs a reader over changes of several files, and gives how many were read all the same. */
async function count(change: (seed: number) => { bytes: Uint8Array; read: Read }, run = isRead): Promise<number> {
  let kept = 0;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const { bytes, read } = change(seed);
    const isKept = await run(read, bytes).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}`);
    });
    if (isKept) kept++;
  }
  return kept;
}

const fileFor = (seed: number) => files[seed % files.length];
const parts = files.map(({ file }) => unzipped(bytesOf(file), "test"));
const readFile =
  ({ inputs }: KerasFile) =>
  (bytes: Uint8Array) =>
    whatIs(fromKeras<Tensors, Tensors>(bytes), inputs);

/** A .keras file with one of the files in it as something else. */
function withPart(seed: number, name: string, bytes: Uint8Array): Uint8Array {
  const own = Object.fromEntries(parts[seed % files.length]);
  return zipSync({ ...own, [name]: Uint8Array.from(bytes) }, { level: 0 });
}

test(`${MUTATIONS} changes of .keras files`, PATIENCE, async () => {
  const change = (seed: number) => ({
    bytes: mutated(bytesOf(fileFor(seed).file), seed),
    read: readFile(fileFor(seed)),
  });
  expect(await count(change, isReadAlone)).toBeLessThan(MUTATIONS);
});

test(`${MUTATIONS} changes of config.json`, PATIENCE, async () => {
  const kept = await count((seed) => {
    const text = parts[seed % files.length].get("config.json") as Uint8Array;
    const bytes =
      seed % 5 === 0 ? mutated(text, seed) : encode(JSON.stringify(changed(JSON.parse(decode(text)), seed)));
    return { bytes: withPart(seed, "config.json", bytes), read: readFile(fileFor(seed)) };
  });
  expect(kept).toBeGreaterThan(MUTATIONS / 10);
  expect(kept).toBeLessThan(MUTATIONS);
});

test(`${MUTATIONS} changes of model.weights.h5`, PATIENCE, async () => {
  const kept = await count((seed) => {
    const bytes = mutated(parts[seed % files.length].get("model.weights.h5") as Uint8Array, seed);
    return { bytes: withPart(seed, "model.weights.h5", bytes), read: readFile(fileFor(seed)) };
  });
  expect(kept).toBeLessThan(MUTATIONS);
});

const caseFor = (seed: number): Case => cases[(7 * seed) % cases.length];

test(`${MUTATIONS} changes of model.json`, PATIENCE, async () => {
  const kept = await count((seed) => {
    const each = caseFor(seed);
    const text = JSON.stringify(each.model);
    const bytes = seed % 5 === 0 ? mutated(encode(text), seed) : encode(JSON.stringify(changed(each.model, seed)));
    return {
      bytes,
      read: (given) => whatIs(fromTensorFlowJs<Tensors, Tensors>({ ...filesOf(each), model: given }), each.inputs),
    };
  });
  expect(kept).toBeGreaterThan(MUTATIONS / 10);
  expect(kept).toBeLessThan(MUTATIONS);
});

test(`${MUTATIONS} changes of shards`, PATIENCE, async () => {
  const change = (seed: number) => {
    const each = caseFor(seed);
    const read: Read = (given) =>
      whatIs(fromTensorFlowJs<Tensors, Tensors>({ ...filesOf(each), weights: given as Uint8Array }), each.inputs);
    return { bytes: mutated(bytesOf(each.weights), seed), read };
  };
  expect(await count(change, isReadAlone)).toBeLessThan(MUTATIONS);
});
