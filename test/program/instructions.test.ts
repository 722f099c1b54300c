// The descriptions of instructions say of their slots what slots.ts says, which the kernels read.
import { expect, test } from "vitest";
import * as mapCodes from "../../assembly/isa/map-code.ts";
import * as op from "../../assembly/isa/opcode.ts";
import * as slots from "../../assembly/isa/slots.ts";
import { INSTRUCTIONS } from "../../src/program/instructions.ts";
import { STEPS } from "../../src/program/map-steps.ts";
import { CodeNames, ELEMENTS, MODES, valueName } from "../../src/program/names.ts";

/** How the numbers of slots begin in slots.ts, where it is not the opcode's name: kernels of a kind share them. */
const SHARED: Readonly<Record<string, string>> = {
  SCATTER_ADD: "SCATTER",
  SOFTMAX: "ROWS",
  LOG_SUM_EXP: "ROWS",
  CROSS_ENTROPY: "ENTROPY",
  CROSS_ENTROPY_GRADIENT: "ENTROPY",
  MAX_POOL: "POOL",
  SUM_POOL: "POOL",
  SUM_POOL_TRANSPOSED: "POOL",
  CONVOLVE_FILTER: "CONVOLVE",
  CTC_GRADIENT: "CTC",
};

const opcodes = Object.entries(op).filter(([name]) => name !== "OPCODES");

test("every opcode has one description, under its number", () => {
  expect(opcodes.map(([, opcode]) => opcode)).toEqual(Array.from({ length: op.OPCODES }, (_, i) => i));
  for (const [key, { opcode }] of Object.entries(INSTRUCTIONS)) expect(opcode).toBe(Number(key));
});

test.each(opcodes)("the slots of %s are those of slots.ts", (name, opcode) => {
  const prefix = `${SHARED[name] ?? name}_`;
  for (const { name: slot, at } of INSTRUCTIONS[opcode as keyof typeof INSTRUCTIONS].slots) {
    const constant = prefix + slot.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    expect({ [constant]: (slots as Readonly<Record<string, number>>)[constant] }).toEqual({ [constant]: at });
  }
});

test("what an address reaches is a product of its instruction's own slots", () => {
  for (const { slots: all } of Object.values(INSTRUCTIONS)) {
    const names = all.map(({ name }) => name);
    for (const { of = [], holds } of all) {
      if (of.length > 0) expect(["read", "write"]).toContain(holds);
      for (const name of of) expect(names).toContain(name);
    }
  }
});

test.each([
  ["KIND_", (value: number) => valueName(op.REDUCE, "kind", value)],
  ["MODE_", (value: number) => MODES[value]],
  ["ELEMENT_", (value: number) => ELEMENTS[value]],
])("what is called %s in slots.ts has its name in print", (prefix, nameOf) => {
  const known = Object.entries(slots).filter(([name]) => name.startsWith(prefix));
  expect(known.length).toBeGreaterThan(1);
  for (const [name, value] of known) expect(nameOf(value)).toBe(name.slice(prefix.length).toLowerCase());
});

test("opcodes and steps have their names in print", () => {
  const names = new CodeNames();
  for (const [name, opcode] of opcodes) expect(names.opcode(opcode)).toBe(name.toLowerCase());
  const { MAP_CODES, mapSteps: _, ...codes } = mapCodes;
  for (const [name, code] of Object.entries(codes))
    expect({ [code]: STEPS[code]?.name }).toEqual({ [code]: name.toLowerCase() });
  expect(STEPS).toHaveLength(MAP_CODES);
});

test("every slot of slots.ts is in a description", () => {
  const described = new Set(
    opcodes.flatMap(([name, opcode]) =>
      INSTRUCTIONS[opcode as keyof typeof INSTRUCTIONS].slots.map(
        ({ name: slot }) => `${SHARED[name] ?? name}_${slot.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      ),
    ),
  );
  // What is no slot: where lists begin, how long things are, what slots may hold.
  const others = /_(FIRST|WORDS|STRIDE)$|^(AXIS|MODE|ELEMENT|REGISTER|KIND|REGISTERS)(_|$)/;
  const own = Object.keys(slots).filter((name) => !others.test(name) && !name.endsWith("_WORDS"));
  expect(own.filter((name) => !described.has(name))).toEqual([]);
});
