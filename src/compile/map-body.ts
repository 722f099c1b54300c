// The body of a MAP: elementwise nodes as steps over registers, operands with their modes, products and sums contracted.
import {
  ADD,
  AFFINE,
  BLEND,
  COPY_BITS,
  DIV,
  LINEAR,
  MUL,
  MULTIPLY_ADD,
  QUOTIENT_ADD,
  SCALED_ADD,
  SQRT,
  SQRT_AFFINE,
} from "../../assembly/isa/map-code.ts";
import {
  ELEMENT_BYTE,
  ELEMENT_WORD,
  MODE_FULL,
  MODE_SCALAR,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../assembly/isa/slots.ts";
import { ProgramError } from "../errors.ts";
import type { Address, Buffer, View } from "../program/lir.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
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

export function mapBody({ nodes, domain, results, also, viewOf, copied, contract }: MapRequest): MapBody {
  const operands: Operand[] = [];
  const registers = new Map<Tensor, number>();
  const operandKeys = new Map<string, number>();
  operandsOf(nodes).forEach((input, i) => {
    const view = domain.modes[i] === undefined ? copied(input) : viewOf(input);
    const mode = domain.modes[i] ?? FULL;
    const key = `${keyOf(view)} ${mode.mode} ${mode.div} ${mode.mod}`;
    const index = operandKeys.get(key) ?? operands.length;
    if (index === operands.length) {
      operands.push({ view, mode, element: input.dtype === "u8" ? ELEMENT_BYTE : ELEMENT_WORD });
      operandKeys.set(key, index);
    }
    registers.set(input, REGISTER_OPERAND + index);
  });

  const outputs = nodes.filter((node) => results.has(node));
  const { steps, firstWrite } = stepsOf(nodes, results, outputs, operands, registers, contract);
  also.forEach(([node], i) => {
    steps.push({ code: COPY_BITS, target: REGISTER_OUTPUT + outputs.length + i, sources: [registers.get(node) ?? 0] });
  });
  const written = [...outputs.map((node) => results.get(node) as View), ...also.map(([, to]) => to)];
  const lastRead = new Map<Buffer, number>();
  steps.forEach(({ sources }, i) => {
    for (const register of sources)
      if (register >= REGISTER_OPERAND && register < REGISTER_OUTPUT)
        lastRead.set(operands[register - REGISTER_OPERAND].view.buffer, i);
  });
  const n = sizeOf(nodes[0].shape);
  const isAll = ({ view: { buffer, start }, mode, element }: Operand) =>
    mode.mode === MODE_FULL && element === ELEMENT_WORD && start === 0 && buffer.size === n;
  const replaceable = operands.filter((operand) => {
    const { buffer } = operand.view;
    const onlyAll = operands.every((other) => other.view.buffer !== buffer || isAll(other));
    return isAll(operand) && onlyAll && (lastRead.get(buffer) ?? -1) <= firstWrite;
  });
  const counts = operands.length | (written.length << 8) | (steps.length << 16);
  const slots: (number | Address)[] = [n, domain.columns, counts, 0];
  for (const { view, mode, element } of operands)
    slots.push(addressOf(view), mode.mode | (element << 8), mode.div, mode.mod);
  written.forEach((view, i) => {
    slots.push(addressOf(view), domain.rows[i] ?? 0);
  });
  for (const { code, target, sources } of steps) {
    const source = (i: number) => (i < sources.length ? sources[i] : 0);
    slots.push(code | (target << 8) | (source(0) << 16) | (source(1) << 24), source(2) | (source(3) << 8));
  }
  return {
    slots,
    reads: operands.map(({ view }) => view.buffer),
    writes: written.map(({ buffer }) => buffer),
    replaceable: replaceable.map(({ view }) => view.buffer),
  };
}

/** What tells two places in memory apart. */
function keyOf({ buffer, start }: View): string {
  return `${buffer.id}+${start}`;
}

/** One scalar into all of a buffer. */
export function fillBody(to: Buffer, from: Buffer, n: number): Omit<MapBody, "replaceable"> {
  const operand = [{ buffer: from, words: 0 }, MODE_SCALAR, 1, 1];
  const step = [COPY_BITS | (REGISTER_OUTPUT << 8) | (REGISTER_OPERAND << 16), 0];
  const slots = [n, Math.max(1, n), 1 | (1 << 8) | (1 << 16), 0, ...operand, { buffer: to, words: 0 }, 0, ...step];
  return { slots, reads: [from], writes: [to] };
}

/** A step that computes a node. */
interface Expression {
  readonly node: Tensor;
  readonly code: number;
  readonly inputs: readonly Tensor[];
}

/** Expressions: every node's code and sources, with what only one sum reads drawn into it: products, and what they multiply. */
function expressions(
  nodes: readonly Tensor[],
  results: ReadonlyMap<Tensor, View>,
  isScalar: (tensor: Tensor) => boolean,
  contract: boolean,
): Expression[] {
  const uses = new Map<Tensor, number>();
  for (const { inputs } of nodes) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  const codeOf = ({ op, inputs, dtype, shape }: Tensor): number => {
    if (op.lowering.kind !== "map") throw new ProgramError(`${op.name}: is not elementwise`);
    return op.lowering.code(inputs, { dtype, shape });
  };
  const codes = new Map(nodes.map((node) => [node, codeOf(node)]));
  const isPassing = (node: Tensor, code: number) =>
    contract && codes.get(node) === code && uses.get(node) === 1 && !results.has(node);
  const drawn = new Set<Tensor>();
  const draw = (node: Tensor) => {
    drawn.add(node);
    return node.inputs;
  };
  /** The factors of a product, a scalar last. */
  const factors = (product: Tensor) => {
    const [x, y] = draw(product);
    return isScalar(x) ? ([y, x] as const) : ([x, y] as const);
  };
  const sum = (node: Tensor, x: Tensor, y: Tensor): Expression => {
    if (isPassing(x, MUL) && isPassing(y, MUL)) {
      const [[a, b], [c, d]] = [factors(x), factors(y)];
      return { node, code: isScalar(b) && isScalar(d) ? BLEND : LINEAR, inputs: [a, b, c, d] };
    }
    const [product, rest] = isPassing(x, MUL) ? [x, y] : [y, x];
    if (!isPassing(product, MUL)) return { node, code: ADD, inputs: [x, y] };
    const [a, b] = factors(product);
    if (!isScalar(b)) return { node, code: MULTIPLY_ADD, inputs: [a, b, rest] };
    if (!isScalar(rest)) {
      if (isPassing(a, DIV)) return { node, code: QUOTIENT_ADD, inputs: [...draw(a), b, rest] };
      return { node, code: SCALED_ADD, inputs: [a, b, rest] };
    }
    if (isPassing(a, SQRT)) return { node, code: SQRT_AFFINE, inputs: [...draw(a), b, rest] };
    return { node, code: AFFINE, inputs: [a, b, rest] };
  };
  const list = nodes.map((node): Expression => {
    const code = codes.get(node) as number;
    const [x, y] = node.inputs;
    return code === ADD && x !== y ? sum(node, x, y) : { node, code, inputs: node.inputs };
  });
  return list.filter(({ node }) => !drawn.has(node));
}

function stepsOf(
  nodes: readonly Tensor[],
  results: ReadonlyMap<Tensor, View>,
  outputs: readonly Tensor[],
  operands: readonly Operand[],
  registers: Map<Tensor, number>,
  contract: boolean,
): { steps: Step[]; firstWrite: number } {
  const isScalar = (tensor: Tensor) => {
    const register = registers.get(tensor) ?? -1;
    return register >= REGISTER_OPERAND && operands[register - REGISTER_OPERAND].mode.mode === MODE_SCALAR;
  };
  const list = expressions(nodes, results, isScalar, contract);
  const lastUse = new Map<Tensor, number>();
  list.forEach(({ inputs }, i) => {
    for (const input of inputs) lastUse.set(input, i);
  });
  // A result written over an operand must wait until the operand's last reader is done.
  const lastReads = new Map<string, number>();
  for (const [tensor, i] of lastUse) {
    const register = registers.get(tensor) ?? -1;
    if (register < REGISTER_OPERAND || register >= REGISTER_OUTPUT) continue;
    const place = keyOf(operands[register - REGISTER_OPERAND].view);
    lastReads.set(place, Math.max(i, lastReads.get(place) ?? -1));
  }
  const steps: Step[] = [];
  const late: Step[] = [];
  const free: number[] = [];
  let scratch = 0;
  let firstWrite = Number.POSITIVE_INFINITY;
  list.forEach(({ node, code, inputs }, i) => {
    const sources = inputs.map((input) => registers.get(input) as number);
    inputs.forEach((input, j) => {
      const register = sources[j];
      const again = inputs.indexOf(input) < j;
      if (register >= REGISTER_OPERAND || again || lastUse.get(input) !== i) return;
      if (!late.some((step) => step.sources[0] === register)) free.push(register);
    });
    const output = results.get(node);
    const direct = output !== undefined && (lastReads.get(keyOf(output)) ?? -1) <= i;
    const own = REGISTER_OUTPUT + outputs.indexOf(node);
    const target = direct ? own : (free.pop() ?? scratch++);
    if (output !== undefined && !direct) late.push({ code: COPY_BITS, target: own, sources: [target] });
    if (direct) firstWrite = Math.min(firstWrite, steps.length);
    registers.set(node, target);
    if (target < REGISTER_OPERAND && !lastUse.has(node) && output === undefined) free.push(target);
    steps.push({ code, target, sources });
  });
  return { steps: [...steps, ...late], firstWrite: Math.min(firstWrite, steps.length) };
}
