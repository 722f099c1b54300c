// Verifies a program: buffers, instructions, and what they do to memory one after the other. For tests, and for programs from elsewhere;
// executors trust what compile made in their thread. Time is near-linear in the length of the code.
import { ALIGN, REGION_IO } from "../../assembly/isa/sizes.ts";
import { ProgramError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import { type DecodedLoop, decode, failure, type Line, type Touch } from "./decode.ts";
import { checkForm } from "./form.ts";
import { CodeNames } from "./names.ts";
import { filledWords, Places, regionStart } from "./places.ts";
import type { Program, ProgramConstant, ProgramSlot } from "./program.ts";
import { Barriers } from "./verify-barriers.ts";
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
  checkFlow(program, places, decode(program, places));
}

function checkBuffers(program: Program): void {
  const { variables, inputs, outputs, constants, stateWords, ioWords, constantWords } = program;
  if (variables.length > 0 && variables[0].offset !== ALIGN)
    throw new ProgramError(`the first variable lies at word ${variables[0].offset}, not ${ALIGN}`);
  checkOffsets("variable", variables, ALIGN, stateWords);
  checkDistinct(
    "two variables have the key",
    variables.map(({ key }) => key),
  );
  checkOffsets("input", inputs, 0, ioWords);
  checkOffsets("output", outputs, 0, ioWords);
  checkOffsets(
    "slot",
    [...inputs, ...outputs].sort((a, b) => a.offset - b.offset),
    0,
    ioWords,
  );
  checkDistinct(
    "two inputs or outputs are called",
    [...inputs, ...outputs].map(({ name }) => name),
  );
  checkLog(program);
  checkOffsets("constant", constants.map(constantSlot), 0, constantWords);
}

/** Padded, aligned, ascending, apart and inside the region. */
function checkOffsets(kind: string, slots: readonly ProgramSlot[], start: number, words: number): void {
  let end = start;
  for (const { name, shape, dtype, offset, words: size } of slots) {
    const fail = (reason: string): never => {
      throw new ProgramError(`${kind} ${name}: ${reason}`);
    };
    const needed = filledWords(sizeOf(shape), dtype);
    if (size % ALIGN !== 0) fail(`${size} words are not padded`);
    if (size < needed) fail(`has ${size} words for ${needed}`);
    if (offset % ALIGN !== 0) fail(`word ${offset} is not aligned`);
    if (offset < end) fail(`word ${offset} is not beyond what comes before it`);
    end = offset + size;
    if (end > words) fail(`ends at word ${end} of ${words}`);
  }
}

function constantSlot({ offset, words, dtype, data, rounded }: ProgramConstant, i: number): ProgramSlot {
  const arrays = { f32: [Float32Array, Float64Array], i32: [Int32Array], u8: [Uint8Array] }[dtype];
  if (!arrays.some((array) => data instanceof array))
    throw new ProgramError(`constant ${i}: ${dtype} in a ${data.constructor.name}`);
  if (rounded !== undefined && (dtype !== "f32" || data.length !== 1 || typeof rounded !== "number"))
    throw new ProgramError(`constant ${i}: only an f32 scalar has a rounded value`);
  return { name: `${i}`, shape: [data.length], dtype, offset, words };
}

function checkDistinct(complaint: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new ProgramError(`${complaint} ${name}`);
    seen.add(name);
  }
}

/** The scalars that are logged: all scalar outputs, side by side. */
function checkLog({ outputs, logged, logOffset }: Program): void {
  const scalars = outputs.filter(({ shape }) => shape.length === 0);
  if (scalars.map(({ name }) => name).join() !== logged.join())
    throw new ProgramError(`logs ${logged.join()}, its scalar outputs are ${scalars.map(({ name }) => name).join()}`);
  scalars.forEach(({ name, offset }, i) => {
    if (offset !== logOffset + i * ALIGN)
      throw new ProgramError(`${name} is logged from word ${logOffset + i * ALIGN}, but lies at ${offset}`);
  });
}

/** Goes through the code as it runs, loops once. */
function checkFlow(program: Program, places: Places, lines: readonly Line[]): void {
  const { code } = program;
  const fail = (line: Line, reason: string): never => {
    throw failure(program, line.number, line.opcode, reason);
  };
  const show = ({ line, slot, start }: Touch) =>
    `${new CodeNames().slot(code, lines[line].at, slot)} at ${places.show(start)}`;
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
