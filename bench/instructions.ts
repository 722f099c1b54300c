// Instructions of a program with their time on one thread. The profiler times a loop as one; here each instruction of a body is timed in
// a loop of its own, and the loop's time is dealt to them in proportion.
import * as op from "../assembly/isa/opcode.ts";
import { LOOP_BODY, LOOP_COUNT } from "../assembly/isa/slots.ts";
import { profile } from "../src/debug/index.ts";
import type { Program } from "../src/index.ts";
import { lengthAt, opcodeAt } from "../src/program/addresses.ts";

/** An instruction that computes: no barrier, no loop, no prefix. */
export interface Timed {
  readonly at: number;
  readonly label: string;
  /** Loops around it, by their places, the outermost first. */
  readonly loops: readonly number[];
  /** Of running it once. */
  readonly microseconds: number;
}

type Build = "relaxed" | "portable";
type Place = Omit<Timed, "microseconds"> & { readonly number: number; readonly prefix: number | undefined };

const STEPS = 101;
const STEPS_OF_A_BODY = 21;

/** In the order of the code. */
export async function timedInstructions(program: Program, build: Build): Promise<Timed[]> {
  const places = placesOf(program);
  const whole = await timesOf(program, build, STEPS);
  const bodies = new Map<number, number>();
  const alone = new Map<Place, number>();
  for (const place of places) {
    const [outermost] = place.loops;
    if (outermost === undefined) continue;
    const time = (await timesOf(only(program, place), build, STEPS_OF_A_BODY)).get(0) ?? 0;
    alone.set(place, time);
    bodies.set(outermost, (bodies.get(outermost) ?? 0) + time);
  }
  const numbers = new Map(numbersOf(program.code));
  return places.map((place): Timed => {
    const { at, label, loops, number } = place;
    const [outermost] = loops;
    if (outermost === undefined) return { at, label, loops, microseconds: whole.get(number) ?? 0 };
    const share = (alone.get(place) ?? 0) / (bodies.get(outermost) || 1);
    const runs = loops.reduce((product, loop) => product * program.code[loop + LOOP_COUNT], 1);
    return { at, label, loops, microseconds: (share * (whole.get(numbers.get(outermost) ?? -1) ?? 0)) / runs };
  });
}

/** Microseconds of what the profiler times by itself, by its number. */
async function timesOf(program: Program, build: Build, steps: number): Promise<Map<number, number>> {
  const rows = await profile(program, { build, steps });
  return new Map(rows.map(({ instruction, microseconds }) => [instruction, microseconds]));
}

/** Where each instruction is, loops and barriers included, and its number. */
function* numbersOf(code: Int32Array): Generator<readonly [at: number, number: number]> {
  for (let at = 0, number = 0; at < code.length; at += lengthAt(code, at)) yield [at, number++];
}

function placesOf({ code, labels }: Program): Place[] {
  const places: Place[] = [];
  const loops: { readonly at: number; readonly end: number }[] = [];
  let prefix: number | undefined;
  for (const [at, number] of numbersOf(code)) {
    const opcode = opcodeAt(code, at);
    while ((loops.at(-1)?.end ?? Infinity) <= at) loops.pop();
    if (opcode === op.LOOP) loops.push({ at, end: at + lengthAt(code, at) + code[at + LOOP_BODY] });
    else if (![op.BARRIER, op.END, op.INDEX].includes(opcode))
      places.push({ at, label: labels[number], loops: loops.map((loop) => loop.at), number, prefix });
    prefix = opcode === op.INDEX ? at : undefined;
  }
  return places;
}

/** The program with this instruction alone, in its loops. */
function only(program: Program, { at, label, loops, prefix }: Place): Program {
  const words = (place: number) => [...program.code.subarray(place, place + lengthAt(program.code, place))];
  let code = [...(prefix === undefined ? [] : words(prefix)), ...words(at)];
  for (const loop of loops.toReversed()) {
    const header = words(loop);
    header[LOOP_BODY] = code.length;
    code = [...header, ...code];
  }
  return { ...program, code: Int32Array.from([...code, op.END | (1 << 8)]), labels: [label] };
}
