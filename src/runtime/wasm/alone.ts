// Programs for a thread that has nobody to wait for.
import { BARRIER, LOOP } from "../../../assembly/isa/opcode.ts";
import { LOOP_BODY } from "../../../assembly/isa/slots.ts";
import { lengthAt, opcodeAt } from "../../program/addresses.ts";

/** The same program without barriers: even one that waits for nobody is a tenth of a small program's time. */
export function withoutBarriers(code: Int32Array): Int32Array {
  const kept = new Int32Array(code.length);
  let to = 0;
  const keep = (start: number, end: number) => {
    for (let at = start; at < end; ) {
      const length = lengthAt(code, at);
      const opcode = opcodeAt(code, at);
      if (opcode !== BARRIER) {
        kept.set(code.subarray(at, at + length), to);
        to += length;
      }
      at += length;
      if (opcode !== LOOP) continue;
      const body = to;
      const words = Math.max(0, code[at - length + LOOP_BODY]);
      keep(at, at + words);
      kept[body - length + LOOP_BODY] = to - body;
      at += words;
    }
  };
  keep(0, code.length);
  return kept.subarray(0, to);
}
