// Verifies a program: buffers, instructions, and what they do to memory one after the other. For tests, and for programs from elsewhere;
// executors trust what compile made in their thread. Time is near-linear in the length of the code.
import { REGION_IO } from "../../assembly/isa/sizes.ts";
import { ProgramError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import { type DecodedLoop, decode, failure, type Line, type Touch } from "./decode.ts";
import { checkForm } from "./form.ts";
import { CodeNames } from "./names.ts";
import { filledWords, Places, regionStart } from "./places.ts";
import type { Program } from "./program.ts";
import { Barriers } from "./verify-barriers.ts";
import { checkBuffers } from "./verify-buffers.ts";
import { Panels } from "./verify-panels.ts";
import { Writes } from "./verify-writes.ts";

/**
 * Checks everything that an executor relies on: lengths and slots of instructions, addresses inside their buffers, registers of maps,
 * loops, panels; no read of what is not written, no write where none may be, a barrier wherever threads could meet, all outputs written.
 * @throws ProgramError naming the first instruction that breaks a rule
 *
 * @example
 * import { compile, input } from "simdgrad";
 * import { verifyProgram } from "simdgrad/debug";
 * const x = input([3]);
 * verifyProgram(compile({ inputs: { x }, outputs: { y: x.exp() } })); // => undefined
 */
export function verifyProgram(program: Program): void {
  checkForm(program, "verifyProgram: program");
  checkBuffers(program);
  const places = new Places(program);
  checkFlow(program, places, decode(program, places, new CodeNames()));
}

/** Goes through the code as it runs, loops once. */
function checkFlow(program: Program, places: Places, lines: readonly Line[]): void {
  const { code } = program;
  const names = new CodeNames();
  const fail = (line: Line, reason: string): never => {
    throw failure(program, line.number, line.opcode, reason, names);
  };
  const show = ({ line, slot, start }: Touch) =>
    `${names.slot(code, lines[line].at, slot)} at ${names.place(places, start)}`;
  const writes = new Writes((touch) => fail(lines[touch.line], `reads ${show(touch)}, which is not written before`));
  const panels = new Panels(code, fail);
  const barriers = new Barriers((touch, other, same) => {
    const action = `${touch.write ? "writes" : "reads"} ${show(touch)}`;
    const before = `${other.write ? "writes" : "reads"} ${show(other)}`;
    const reason = same
      ? `${action}, but also ${before}`
      : `${action}: no barrier since instruction ${other.line} ${before}`;
    return fail(lines[touch.line], reason);
  });
  const open: DecodedLoop[] = [];
  let skip = 0;
  for (const line of lines) {
    for (let loop = open.at(-1); loop?.end === line.at; loop = open.at(-1)) {
      open.pop();
      writes.leave(loop);
      panels.leave(loop);
      barriers.leave(loop, open.length, lines);
    }
    if (line.at < skip) continue;
    if (line.loop !== undefined && line.loop.count === 0) skip = line.loop.end;
    else if (line.loop !== undefined) {
      open.push(line.loop);
      writes.enter();
      panels.enter();
    } else {
      barriers.instruction(line);
      writes.instruction(line);
      panels.instruction(line);
    }
  }
  for (const { name, shape, dtype, offset } of program.outputs) {
    const start = regionStart(REGION_IO) + offset;
    if (!writes.covers(start, start + filledWords(sizeOf(shape), dtype)))
      throw new ProgramError(`output ${name} is not written`);
  }
}
