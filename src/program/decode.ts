// Decodes a program's code into lines, checking on the way all that one instruction tells by itself: lengths, sizes, loops, prefixes,
// and that what it touches while the loops around it run lies where it may.
import * as op from "../../assembly/isa/opcode.ts";
import { ALIGN, MAX_DEPTH } from "../../assembly/isa/sizes.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { ProgramError } from "../errors.ts";
import { type Access, accessesOf } from "./access.ts";
import { countedLength, lengthAt, mapOf, opcodeAt, visitAddresses, wordsAt } from "./addresses.ts";
import { INSTRUCTIONS, isPointer, type Opcode } from "./instructions.ts";
import { type Stretches, stretchesOf } from "./meet.ts";
import type { Names } from "./names.ts";
import { type Place, type Places, positionOf } from "./places.ts";
import type { Program } from "./program.ts";
import { checkMap } from "./verify-map.ts";
import { SIZES } from "./verify-sizes.ts";

/** A loop around an instruction. */
export interface DecodedLoop {
  readonly count: number;
  /** Number of the first instruction of its body, and the word after the last. */
  readonly first: number;
  readonly end: number;
}

/** What an instruction reads or writes through one address. */
export interface Touch extends Stretches {
  /** Number of the instruction. */
  readonly line: number;
  readonly slot: number;
  readonly write: boolean;
  readonly elementwise: boolean;
  /** It holds nothing when a program begins: arena and outputs. */
  readonly blank: boolean;
  readonly loops: readonly DecodedLoop[];
}

/** A decoded instruction. */
export interface Line {
  readonly number: number;
  readonly at: number;
  readonly opcode: number;
  readonly loops: readonly DecodedLoop[];
  /** The loop that a LOOP opens. */
  readonly loop?: DecodedLoop;
  readonly touches: readonly Touch[];
}

/** What of a program is decoded: labels are for errors. */
type Decoded = Pick<Program, "code"> & Partial<Pick<Program, "labels">>;

/** The error of an instruction. */
export function failure(program: Decoded, number: number, opcode: number, reason: string, names: Names): ProgramError {
  const label = program.labels?.[number] ? `, ${program.labels[number]}` : "";
  return new ProgramError(`instruction ${number} (${names.opcode(opcode)}${label}): ${reason}`);
}

/** All instructions of a program; `names`: what errors call them. @throws ProgramError for the first that cannot be */
export function decode(program: Decoded, places: Places, names: Names): Line[] {
  return new Decoder(program, places, names).lines();
}

/** Whether an address may be absent. */
function isOptional(code: Int32Array, at: number, number: number): boolean {
  return INSTRUCTIONS[opcodeAt(code, at) as Opcode].slots.some((each) => each.at === number && each.optional);
}

class Decoder {
  readonly #program: Decoded;
  readonly #code: Int32Array;
  readonly #places: Places;
  readonly #names: Names;
  readonly #lines: Line[] = [];
  readonly #loops: DecodedLoop[] = [];
  #at = 0;
  /** How the prefix just read moves slots of the next instruction: strides by depth. */
  #moves: ReadonlyMap<number, readonly number[]> = new Map();

  constructor(program: Decoded, places: Places, names: Names) {
    this.#program = program;
    this.#code = program.code;
    this.#places = places;
    this.#names = names;
  }

  lines(): Line[] {
    const code = this.#code;
    let ended = false;
    for (; this.#at < code.length; this.#at += lengthAt(code, this.#at)) {
      while (this.#loops.at(-1)?.end === this.#at) this.#loops.pop();
      if (ended) throw new ProgramError(`END is followed by ${code.length - this.#at} more words`);
      this.#lines.push(this.#line());
      ended = opcodeAt(code, this.#at) === op.END;
    }
    if (!ended) throw new ProgramError("the code does not end with END");
    const { labels } = this.#program;
    if (labels !== undefined && labels.length !== this.#lines.length)
      throw new ProgramError(`${labels.length} labels for ${this.#lines.length} instructions`);
    return this.#lines;
  }

  #fail(reason: string): never {
    throw failure(this.#program, this.#lines.length, opcodeAt(this.#code, this.#at), reason, this.#names);
  }

  #line(): Line {
    const code = this.#code;
    const at = this.#at;
    const opcode = opcodeAt(code, at);
    if (opcode >= op.OPCODES) this.#fail(`no instruction has this opcode`);
    this.#checkLength(opcode as Opcode);
    this.#checkSlots(opcode as Opcode);
    const line = { number: this.#lines.length, at, opcode, loops: [...this.#loops] };
    if (opcode === op.END && this.#loops.length > 0) this.#fail("inside a loop");
    if (opcode === op.LOOP) return { ...line, touches: [], loop: this.#open() };
    if (opcode === op.INDEX) this.#prefix();
    else {
      const touches = accessesOf(code, at).map((access) => this.#touch(access, line.number, line.loops));
      // Of such the compiler makes none; sizes that touch nothing may be endless.
      const writes = touches.filter(({ write }) => write);
      if (writes.length > 0 && writes.every(({ run }) => run === 0)) this.#fail("writes nothing");
      this.#moves = new Map();
      return { ...line, touches };
    }
    return { ...line, touches: [] };
  }

  #word(number: number): number {
    return this.#code[this.#at + number];
  }

  #checkLength(opcode: Opcode): void {
    const length = lengthAt(this.#code, this.#at);
    const end = this.#loops.at(-1)?.end ?? this.#code.length;
    const { words } = INSTRUCTIONS[opcode];
    if (length < words) this.#fail(`${length} words long, it takes ${words} at least`);
    if (this.#at + length > end)
      this.#fail(`reaches past the end of ${this.#loops.length > 0 ? "its loop" : "the code"}`);
    const wanted = countedLength(this.#code, this.#at);
    if (length !== wanted) this.#fail(`${length} words long, its counts give ${wanted}`);
  }

  /** Sizes are not negative, choices are choices, and all together make sense. */
  #checkSlots(opcode: Opcode): void {
    const { slots, epilogue } = INSTRUCTIONS[opcode];
    for (const each of slots) {
      const [value, { most = Number.POSITIVE_INFINITY }] = [this.#word(each.at), each];
      if (!isPointer(each) && ((value < 0 && !each.signed) || value > most))
        this.#fail(`${this.#names.slot(this.#code, this.#at, each.at)} is ${value}`);
    }
    const map = mapOf(this.#code, this.#at);
    const complaint =
      SIZES[opcode]?.(wordsAt(this.#code, this.#at)) ??
      (map < 0 ? undefined : checkMap(this.#code, map, epilogue !== undefined, this.#names));
    if (complaint !== undefined) this.#fail(complaint);
  }

  #open(): DecodedLoop {
    const depth = this.#loops.length;
    if (depth >= MAX_DEPTH) this.#fail(`loops nest deeper than ${MAX_DEPTH}`);
    if (this.#word(slot.LOOP_DEPTH) !== depth)
      this.#fail(`counts at depth ${this.#word(slot.LOOP_DEPTH)}, but ${depth} loops are around it`);
    const body = this.#at + lengthAt(this.#code, this.#at);
    const end = body + this.#word(slot.LOOP_BODY);
    if (end === body) this.#fail("has no body");
    if (end > (this.#loops.at(-1)?.end ?? this.#code.length)) this.#fail("its body reaches past what is around it");
    const loop = { count: this.#word(slot.LOOP_COUNT), first: this.#lines.length + 1, end };
    this.#loops.push(loop);
    return loop;
  }

  #prefix(): void {
    const code = this.#code;
    const next = this.#at + lengthAt(code, this.#at);
    if (this.#loops.length === 0) this.#fail("outside a loop");
    if (next === this.#loops.at(-1)?.end || opcodeAt(code, next) <= op.INDEX)
      this.#fail("no instruction follows that it could move");
    const addresses = new Set<number>();
    // The length of what follows is checked when its turn comes: its addresses are read only where they exist.
    if (opcodeAt(code, next) < op.OPCODES && next + lengthAt(code, next) <= code.length)
      visitAddresses(code, next, (position) => addresses.add(position - next));
    const moves = new Map<number, number[]>();
    for (let triple = 0; triple < this.#word(slot.INDEX_COUNT); triple++) {
      const number = slot.INDEX_FIRST + triple * slot.INDEX_STRIDE;
      const [moved, depth, stride] = [this.#word(number), this.#word(number + 1), this.#word(number + 2)];
      if (!addresses.has(moved)) this.#fail(`slot ${moved} of the next instruction is no address`);
      if (code[next + moved] === 0 && isOptional(code, next, moved))
        this.#fail(`slot ${moved} of the next instruction is absent`);
      if (depth < 0 || depth >= this.#loops.length)
        this.#fail(`moves with the loop at depth ${depth}, of ${this.#loops.length}`);
      const strides = moves.get(moved) ?? this.#loops.map(() => 0);
      strides[depth] += stride;
      moves.set(moved, strides);
    }
    this.#moves = moves;
  }

  #touch(access: Access, line: number, loops: readonly DecodedLoop[]): Touch {
    const { slot: number, write, whole, elementwise } = access;
    const address = positionOf(this.#word(number));
    const stretches = stretchesOf(access, address, this.#moves.get(number) ?? [], loops);
    const place = this.#placeOf(number, address, stretches.low, stretches.high);
    if (whole && !this.#moves.has(number) && address % ALIGN !== 0)
      this.#fail(`${this.#show(number)} begins no buffer`);
    if (write && !place.writable) this.#fail(`writes ${place.kind} ${place.name}`);
    const blank = place.kind === "arena" || place.kind === "output";
    return { ...stretches, line, slot: number, write, elementwise, blank, loops };
  }

  /** What holds all of low..high, and the address itself where nothing is touched. */
  #placeOf(number: number, address: number, low: number, high: number): Place {
    const place = this.#places.at(high > low ? low : address);
    if (place === undefined)
      this.#fail(
        `${this.#show(number)} ${low < address ? `reaches ${address - low} words before it, where` : "is where"} nothing lies`,
      );
    if (high > place.end)
      this.#fail(`${this.#show(number)} reaches ${high - place.end} words past the end of ${place.name}`);
    return place;
  }

  #show(number: number): string {
    const name = this.#names.slot(this.#code, this.#at, number);
    return `${name} at ${this.#names.place(this.#places, positionOf(this.#word(number)))}`;
  }
}
