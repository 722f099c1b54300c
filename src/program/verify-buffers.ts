// What the buffers of a program must keep to, whatever its code does: aligned, apart, inside their regions, and called differently.
import { ALIGN } from "../../assembly/isa/sizes.ts";
import { ProgramError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import { filledWords } from "./places.ts";
import type { Program, ProgramConstant, ProgramSlot } from "./program.ts";

/** @throws ProgramError for the first buffer that is not as it must be */
export function checkBuffers(program: Program): void {
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

/** @throws ProgramError unless slots are padded, aligned, ascending, apart and inside the region */
export function checkOffsets(kind: string, slots: readonly ProgramSlot[], start: number, words: number): void {
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
