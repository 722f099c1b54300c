// ONNX's own test models, as Debian packs them (libonnx-testdata): installed, or fetched into build/ where apt can.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { numbersOf } from "../../src/onnx/numbers.ts";
import { DataType, readModel, readTensor, type ValueInfoProto } from "../../src/onnx/proto.ts";

const PACKAGE = "libonnx-testdata";
const build = fileURLToPath(new URL("../../build/", import.meta.url));
const own = `${build}${PACKAGE}`;
const inside = `share/${PACKAGE}/data/`;

/** Said where the models are missing and cannot be fetched. */
export const WITHOUT = `without ${PACKAGE}: it is not installed, and apt-get download did not fetch it`;

/** Puts the package into build/. @returns the folder of its data, or undefined where it cannot be fetched */
function fetched(): string | undefined {
  mkdirSync(build, { recursive: true });
  const folder = mkdtempSync(`${build}fetched-`);
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: "ignore", timeout: 30_000 });
  try {
    run("apt-get", "download", PACKAGE);
    run("dpkg-deb", "-x", readdirSync(folder)[0], "all");
    renameSync(`${folder}/all`, own); // at once: who else looks finds all of it
    return `${own}/usr/${inside}`;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder that holds the sets of models, or undefined: see WITHOUT. */
export const testdata = [`/usr/${inside}`, `${own}/usr/${inside}`].find((folder) => existsSync(folder)) ?? fetched();

/** Sets of models that are counted. */
export const SETS = ["node", "pytorch-converted", "pytorch-operator"] as const;

const counted: readonly number[] = [DataType.FLOAT, DataType.INT32, DataType.INT64, DataType.BOOL];

/** Numbers with their shape; `isWhole` those that are i32 here. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  readonly isWhole: boolean;
}

/** A model with values of its inputs, by their names, and what it must give. */
export interface Example {
  readonly set: string;
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: ReadonlyMap<string, Values>;
  readonly outputs: ReadonlyMap<string, Values>;
}

/** The models of a set whose inputs and outputs are all tensors of float32, int32, int64 or bool, in the order of their names. */
export function examplesOf(set: string): Example[] {
  const names = readdirSync(`${testdata}${set}`).sort();
  return names.map((name) => exampleIn(set, name)).filter((each) => each !== undefined);
}

function exampleIn(set: string, name: string): Example | undefined {
  const folder = `${testdata}${set}/${name}/`;
  const bytes = Uint8Array.from(readFileSync(`${folder}model.onnx`));
  const { graph } = readModel(bytes);
  if (graph === undefined || ![...graph.input, ...graph.output].every(isCounted)) return undefined;
  const initial = new Set(graph.initializer.map((each) => each.name));
  const asked = graph.input.filter((each) => !initial.has(each.name));
  const read = (kind: string, infos: readonly ValueInfoProto[]) =>
    new Map(infos.map((info, i) => [info.name, valuesIn(`${folder}test_data_set_0/${kind}_${i}.pb`)]));
  return { set, name, bytes, inputs: read("input", asked), outputs: read("output", graph.output) };
}

function isCounted({ type }: ValueInfoProto): boolean {
  return type?.value.case === "tensorType" && counted.includes(type.value.value.elemType);
}

function valuesIn(file: string): Values {
  const { type, shape, data } = numbersOf(readTensor(readFileSync(file)));
  return { shape, data, isWhole: type.startsWith("int") };
}
