// Memory that was given back is used again: a machine with little of it holds any number of programs one after the other.
import { expect, it } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import { OPCODES } from "../../assembly/isa/opcode.ts";
import { ArgumentError, MemoryError, ProgramError } from "../../src/errors.ts";
import type { Program } from "../../src/program/program.ts";
import { createJsMachine } from "../../src/runtime/js/machine.ts";
import { Space } from "../../src/runtime/space.ts";
import { a, Encoder, full, o } from "./encode.ts";

function program(inputSize: number, arenaSize: number): Program {
  const e = new Encoder();
  const x = e.input("x", [inputSize]);
  const t = e.arena(arenaSize);
  e.map({ n: 1, operands: [full(x)], outputs: [t], steps: [[code.COPY_BITS, o(0), a(0)]] });
  return e.program();
}

/** A space of so many words. */
function spaceOf(words: number): Space {
  const machine = createJsMachine("float32");
  return new Space({ ...machine, limit: machine.start + words }, false);
}

it("keeps one arena, which grows in place of the old one and shrinks with the programs", () => {
  const space = spaceOf(1200);
  const ids = [100, 300, 500, 700, 900].map((arena) => space.load(program(16, arena)));
  expect(() => space.load(program(16, 1200))).toThrow(MemoryError);
  for (const id of ids.slice(1)) space.unload(id);
  space.load(program(800, 16));
  expect(() => space.load(program(400, 16))).toThrow(MemoryError);
});

it("reuses the memory of programs that were unloaded", () => {
  const space = spaceOf(2000);
  for (let round = 0; round < 50; round++) {
    const kept = space.load(program(100 + 10 * round, 64));
    const gone = space.load(program(800, 200));
    space.unload(kept);
    space.unload(gone);
  }
});

it("leaves everything as it was when a program does not fit", () => {
  const space = spaceOf(1000);
  const id = space.load(program(100, 400));
  space.write({ program: id, name: "x" }, new Array(100).fill(3));
  expect(() => space.load(program(100, 2000))).toThrow(MemoryError);
  expect([...space.read({ program: id, name: "x" })]).toEqual(new Array(100).fill(3));
  expect(() => space.load(program(100, 300))).not.toThrow();
});

it("keeps nothing of programs that it refuses", () => {
  const space = spaceOf(2000);
  const held = space.load(program(100, 100));
  for (let round = 0; round < 50; round++) {
    const e = new Encoder();
    e.variable(`refused ${round}`, [200]);
    e.input("x", [200]);
    e.arena(150);
    const none = { ...e.program(), code: Int32Array.of(OPCODES | (1 << 8)) };
    expect(() => space.load(none)).toThrow(ProgramError);
    expect(() => space.load({ ...program(200, 150), needs: ["refused"] })).toThrow(ArgumentError);
    expect(() => space.read({ variable: `refused ${round}` })).toThrow(ArgumentError);
  }
  space.write({ program: held, name: "x" }, new Array(100).fill(3));
  space.load(program(1500, 100));
});

it("grows by any number of words and keeps what is there", () => {
  for (const precision of ["float32", "float64"] as const) {
    const machine = createJsMachine(precision);
    machine.memory.f[machine.start - 1] = 0.5;
    for (let words = machine.start; words < 1e6; words += 12_345) {
      machine.grow(words);
      expect(machine.memory.f.length).toBeGreaterThanOrEqual(words);
    }
    expect(machine.memory.f[machine.start - 1]).toBe(0.5);
  }
});
