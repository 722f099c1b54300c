// What one thread runs: the same instructions without barriers, loops as long as what is left of their bodies.
import { expect, test } from "vitest";
import * as op from "../../assembly/isa/opcode.ts";
import { LOOP_BODY } from "../../assembly/isa/slots.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { Program } from "../../src/program/program.ts";
import { withoutBarriers } from "../../src/runtime/wasm/alone.ts";
import { dense, maps, nest, recurrent } from "../compile/programs.ts";

function opcodes(code: Int32Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < code.length; at += lengthAt(code, at)) found.push(opcodeAt(code, at));
  return found;
}

test.each<[string, () => Program]>([
  ["a product", dense],
  ["maps", maps],
  ["a recurrence", recurrent],
  ["loops in loops", () => nest(3)],
])("%s keeps everything but its barriers", (_name, make) => {
  const { code } = make();
  expect(opcodes(withoutBarriers(code))).toEqual(opcodes(code).filter((opcode) => opcode !== op.BARRIER));
});

test("loops end where their bodies end", () => {
  const code = withoutBarriers(nest(3).code);
  const ends: number[] = [];
  for (let at = 0; at < code.length; at += lengthAt(code, at))
    if (opcodeAt(code, at) === op.LOOP) ends.push(at + lengthAt(code, at) + code[at + LOOP_BODY]);
  const end = code.length - 1; // END is one word
  expect(ends).toEqual([end, end, end]);
});
