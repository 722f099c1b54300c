// Whether a value has all that a program has, each of its kind: before anything in it is looked at.
import { isRecord } from "../check.ts";
import { ProgramError } from "../errors.ts";
import { show } from "../show.ts";
import { aProgram, type Program } from "./program.ts";

type Holds = (value: unknown) => boolean;

const isText: Holds = (value) => typeof value === "string";
const isCount: Holds = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isFlag: Holds = (value) => typeof value === "boolean";
const isShape: Holds = (value) => Array.isArray(value) && Array.from(value).every(isCount);
const isList: Holds = Array.isArray;
const isTexts: Holds = (value) => Array.isArray(value) && Array.from(value).every(isText);
const isDType: Holds = (value) => value === "f32" || value === "i32" || value === "u8";
const isData: Holds = (value) =>
  [Float32Array, Float64Array, Int32Array, Uint8Array].some((array) => value instanceof array);
const isRounded: Holds = (value) => value === undefined || typeof value === "number";

type Form<T> = { readonly [K in keyof T]-?: Holds };

const slot: Form<Program["inputs"][number]> = {
  name: isText,
  shape: isShape,
  dtype: isDType,
  offset: isCount,
  words: isCount,
};
const variable: Form<Program["variables"][number]> = { ...slot, key: isText, assigned: isFlag };
const constant: Form<Program["constants"][number]> = {
  offset: isCount,
  words: isCount,
  dtype: isDType,
  data: isData,
  rounded: isRounded,
};
const whole: Form<Program> = {
  version: isCount,
  code: (value) => value instanceof Int32Array,
  variables: isList,
  needs: (value) => value === undefined || isTexts(value),
  inputs: isList,
  outputs: isList,
  logged: isTexts,
  logOffset: isCount,
  constants: isList,
  stateWords: isCount,
  ioWords: isCount,
  arenaWords: isCount,
  constantWords: isCount,
  labels: isTexts,
};

function check(value: unknown, form: Readonly<Record<string, Holds>>, what: string): void {
  if (!isRecord(value)) throw new ProgramError(`${what} is ${show(value)}`);
  for (const [name, holds] of Object.entries(form))
    if (!holds(value[name])) throw new ProgramError(`${what}.${name} is ${show(value[name])}`);
}

/** @throws ArgumentError for what is no program at all; ProgramError naming the first part that is not as it must be */
export function checkForm(program: Program, what: string): void {
  aProgram(program, what);
  check(program, whole, what);
  const lists = { variables: variable, inputs: slot, outputs: slot, constants: constant } as const;
  for (const [name, form] of Object.entries(lists)) {
    const list = program[name as keyof typeof lists];
    for (const [i, each] of Array.from(list as readonly unknown[]).entries())
      check(each, form, `${what}: ${name}.${i}`);
  }
}
