// The file of examples: what was shown, so that it can be loaded again, and what the last training made of it, so that its code can be run.
import type { NumericArray } from "simdgrad/data";
import { Problem } from "../shared/problems.ts";
import { areUsable, LARGEST, type Sample, type Taught } from "./lesson.ts";
import type { Teacher } from "./teacher.ts";

/** The bytes of a safetensors file. */
export async function examplesFile(
  taught: readonly Taught[],
  shape: readonly number[],
  teacher: Teacher | undefined,
): Promise<Uint8Array> {
  const { serializeSafetensors } = await import("simdgrad/io");
  const all = taught.flatMap(({ examples }) => examples);
  const size = shape.reduce((a, b) => a * b, 1);
  const data = all[0] instanceof Uint8Array ? new Uint8Array(all.length * size) : new Float32Array(all.length * size);
  for (const [i, sample] of all.entries()) data.set(sample, i * size);
  const classes = Int32Array.from(taught.flatMap(({ examples }, label) => examples.map(() => label)));
  const tensors: Record<string, NumericArray> = {
    examples: { data, shape: [all.length, ...shape] },
    classes: { data: classes, shape: [all.length] },
  };
  if (teacher !== undefined)
    Object.assign(tensors, { features: teacher.features.x, labels: teacher.features.y, ...teacher.body.start });
  return serializeSafetensors(tensors, { names: JSON.stringify(taught.map(({ name }) => name)) });
}

/** What such a file holds. @throws Problem where it is none */
export async function readExamples(bytes: Uint8Array, shape: readonly number[], most: number): Promise<Taught[]> {
  const { parseSafetensors } = await import("simdgrad/io");
  const none = new Problem("This is no file of examples that this page has saved.");
  let file: ReturnType<typeof parseSafetensors>;
  let names: unknown;
  try {
    file = parseSafetensors(bytes);
    names = JSON.parse(file.metadata.names ?? "");
  } catch {
    throw none;
  }
  const { examples, classes } = file.tensors;
  if (examples === undefined || classes === undefined || !Array.isArray(names) || names.length > most) throw none;
  const size = shape.reduce((a, b) => a * b, 1);
  if (!names.every((name) => typeof name === "string") || String(examples.shape.slice(1)) !== String(shape)) throw none;
  if (classes.data.some((label) => !Number.isInteger(label) || label < 0 || label >= names.length)) throw none;
  if (!areUsable(examples.data))
    throw new Problem(`The file’s examples hold numbers beyond ${LARGEST.toLocaleString("en")}, or none at all.`);
  return names.map((name: string, label) => ({
    name,
    examples: [...classes.data.keys()]
      .filter((row) => classes.data[row] === label)
      .map((row) => examples.data.slice(row * size, (row + 1) * size) as Sample),
  }));
}
