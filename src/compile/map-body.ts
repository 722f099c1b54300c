// The body of a MAP: elementwise nodes as steps over registers, and operands with their modes.
import { COPY_BITS } from "../../assembly/isa/map-code.ts";
import {
  ELEMENT_BYTE,
  ELEMENT_WORD,
  MODE_FULL,
  MODE_SCALAR,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../assembly/isa/slots.ts";
import type { Address, Buffer, View } from "../program/lir.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Expression, expressionsOf } from "./expressions.ts";
import { operandsOf } from "./locations.ts";
import { type Domain, FULL, type Mode } from "./modes.ts";
import { addressOf } from "./scope.ts";

interface Step {
  readonly code: number;
  readonly target: number;
  readonly sources: readonly number[];
}

/** A map in the layout of slots.ts, from MAP_N on. */
export interface MapBody {
  readonly slots: readonly (number | Address)[];
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  /** Operands that no step reads once a result is being written: their memory may become a result's. */
  readonly replaceable: readonly Buffer[];
}

/** What a body is made from: nodes in order, where they go, and where their operands lie. */
export interface MapRequest {
  readonly nodes: readonly Tensor[];
  /** How operands (those of `operandsOf`) and results lie. */
  readonly domain: Domain;
  readonly results: ReadonlyMap<Tensor, View>;
  /** Where some of them go, too. */
  readonly also: readonly (readonly [node: Tensor, to: View])[];
  readonly viewOf: (tensor: Tensor) => View;
  /** A copy in the domain's shape, for the rare operands that no mode reads. */
  readonly copied: (operand: Tensor) => View;
  /** Multiply and add in one step where nothing else needs the product. */
  readonly contract: boolean;
}

interface Operand {
  readonly view: View;
  readonly mode: Mode;
  readonly element: number;
}

/** The map of some nodes: operands, each once; a register for every node; steps; and how all that stands in the slots. */
export function mapBody({ nodes, domain, results, also, viewOf, copied, contract }: MapRequest): MapBody {
  const operands: Operand[] = [];
  const registers = new Map<Tensor, number>();
  const known = new Map<string, number>();
  operandsOf(nodes).forEach((input, i) => {
    const view = domain.modes[i] === undefined ? copied(input) : viewOf(input);
    const mode = domain.modes[i] ?? FULL;
    const key = `${keyOf(view)} ${mode.mode} ${mode.div} ${mode.mod}`;
    const index = known.get(key) ?? operands.length;
    if (index === operands.length) {
      operands.push({ view, mode, element: input.dtype === "u8" ? ELEMENT_BYTE : ELEMENT_WORD });
      known.set(key, index);
    }
    registers.set(input, REGISTER_OPERAND + index);
  });
  const isScalar = (tensor: Tensor) => operandOf(registers.get(tensor), operands)?.mode.mode === MODE_SCALAR;
  const expressions = expressionsOf(nodes, (node) => results.has(node), isScalar, contract);
  const { steps, firstWrite } = allocate(expressions, results, operands, registers);
  also.forEach(([node], i) => {
    steps.push({ code: COPY_BITS, target: REGISTER_OUTPUT + results.size + i, sources: [registers.get(node) ?? 0] });
  });
  const written = [...results.values(), ...also.map(([, to]) => to)];
  const n = sizeOf(nodes[0].shape);
  const counts = operands.length | (written.length << 8) | (steps.length << 16);
  const slots: (number | Address)[] = [n, domain.columns, counts, 0];
  for (const { view, mode, element } of operands)
    slots.push(addressOf(view), mode.mode | (element << 8), mode.div, mode.mod);
  written.forEach((view, i) => {
    slots.push(addressOf(view), domain.rows[i] ?? 0);
  });
  // By index: WebKitGTK 2.50 compiled an array pattern here to a call of undefined, in one of many runs of all tests.
  for (const { code, target, sources } of steps) {
    const source = (i: number) => sources[i] ?? 0;
    slots.push(code | (target << 8) | (source(0) << 16) | (source(1) << 24), source(2) | (source(3) << 8));
  }
  return {
    slots,
    reads: operands.map(({ view }) => view.buffer),
    writes: written.map(({ buffer }) => buffer),
    replaceable: replaceable(operands, steps, firstWrite, n),
  };
}

/** The operand in a register; undefined where a step's result is in it. */
function operandOf(register: number | undefined, operands: readonly Operand[]): Operand | undefined {
  return operands[(register ?? 0) - REGISTER_OPERAND];
}

/** Buffers that are read as the map runs along them, each element before any result is written. */
function replaceable(operands: readonly Operand[], steps: readonly Step[], firstWrite: number, n: number): Buffer[] {
  const lastRead = new Map<Buffer | undefined, number>();
  steps.forEach(({ sources }, i) => {
    for (const register of sources) lastRead.set(operandOf(register, operands)?.view.buffer, i);
  });
  const isAll = ({ view: { buffer, start }, mode, element }: Operand) =>
    mode.mode === MODE_FULL && element === ELEMENT_WORD && start === 0 && buffer.size === n;
  return operands
    .map(({ view }) => view.buffer)
    .filter(
      (buffer) =>
        operands.every((other) => other.view.buffer !== buffer || isAll(other)) &&
        (lastRead.get(buffer) ?? -1) <= firstWrite,
    );
}

/** What tells two places in memory apart. */
function keyOf({ buffer, start }: View): string {
  return `${buffer.id}+${start}`;
}

/**
 * Steps with a register each: a result is computed in its output's, all else in a scratch register, which is free again after its last
 * reader. A result that is written over an operand waits until nobody reads this any more: until then it is in a scratch register, too, and
 * a step at the end copies it (`late`).
 */
function allocate(
  list: readonly Expression[],
  results: ReadonlyMap<Tensor, View>,
  operands: readonly Operand[],
  registers: Map<Tensor, number>,
): { steps: Step[]; firstWrite: number } {
  const outputs = [...results.keys()];
  const lastUse = new Map<Tensor, number>();
  list.forEach(({ inputs }, i) => {
    for (const input of inputs) lastUse.set(input, i);
  });
  const lastReads = new Map<string, number>();
  for (const [tensor, i] of lastUse) {
    const operand = operandOf(registers.get(tensor), operands);
    if (operand === undefined) continue;
    const place = keyOf(operand.view);
    lastReads.set(place, Math.max(i, lastReads.get(place) ?? -1));
  }
  const steps: Step[] = [];
  const late: Step[] = [];
  const free: number[] = [];
  let scratch = 0;
  let firstWrite: number | undefined;
  list.forEach(({ node, code, inputs }, i) => {
    const sources = inputs.map((input) => registers.get(input) as number);
    for (const input of new Set(inputs)) {
      const register = registers.get(input) as number;
      const isWaiting = late.some((step) => step.sources[0] === register);
      if (register < REGISTER_OPERAND && lastUse.get(input) === i && !isWaiting) free.push(register);
    }
    const output = results.get(node);
    const own = REGISTER_OUTPUT + outputs.indexOf(node);
    const isDirect = output !== undefined && (lastReads.get(keyOf(output)) ?? -1) <= i;
    const target = isDirect ? own : (free.pop() ?? scratch++);
    if (isDirect) firstWrite ??= steps.length;
    else if (output !== undefined) late.push({ code: COPY_BITS, target: own, sources: [target] });
    else if (!lastUse.has(node)) free.push(target);
    registers.set(node, target);
    steps.push({ code, target, sources });
  });
  return { firstWrite: firstWrite ?? steps.length, steps: [...steps, ...late] };
}

/** One scalar into all of a buffer. */
export function fillBody(to: Buffer, from: Buffer, n: number): Omit<MapBody, "replaceable"> {
  const operand = [{ buffer: from, words: 0 }, MODE_SCALAR, 1, 1];
  const step = [COPY_BITS | (REGISTER_OUTPUT << 8) | (REGISTER_OPERAND << 16), 0];
  const slots = [n, Math.max(1, n), 1 | (1 << 8) | (1 << 16), 0, ...operand, { buffer: to, words: 0 }, 0, ...step];
  return { slots, reads: [from], writes: [to] };
}
