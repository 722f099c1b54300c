// CTC and its gradient in JavaScript. Twin of assembly/ctc.ts, which says how rows of sums are kept.
import {
  CTC_ALPHAS,
  CTC_BATCH_FIRST,
  CTC_BLANK,
  CTC_CLASSES,
  CTC_FROM,
  CTC_INPUT_LENGTHS,
  CTC_LABELS,
  CTC_SCALE,
  CTC_SEQUENCES,
  CTC_STATES,
  CTC_TARGET_LENGTHS,
  CTC_TARGETS,
  CTC_TIMES,
  CTC_TO,
  CTC_WORK,
} from "../../../assembly/isa/slots.ts";
import type { JsMemory } from "./memory.ts";

const LOWEST = -3e38;
const IMPOSSIBLE = -1e38; // below it, there is no way

/** What is known of a sequence: where its classes of the first time lie, and how far those of the next; a class for each state. */
interface Sequence {
  readonly steps: number;
  readonly from: number;
  readonly apart: number;
  readonly labels: readonly number[];
}

/** Of sequence n; undefined where a length or a label is none. */
function sequenceAt({ i }: JsMemory, code: Int32Array, at: number, n: number): Sequence | undefined {
  const [times, classes, most, blank] = [CTC_TIMES, CTC_CLASSES, CTC_LABELS, CTC_BLANK].map((slot) => code[at + slot]);
  const steps = i[code[at + CTC_INPUT_LENGTHS] + n];
  const length = i[code[at + CTC_TARGET_LENGTHS] + n];
  if (steps < 0 || steps > times || length < 0 || length > most) return undefined;
  const first = code[at + CTC_TARGETS] + n * most;
  const labels = [blank];
  for (let k = 0; k < length; k++) {
    const label = i[first + k];
    if (label < 0 || label >= classes || label === blank) return undefined;
    labels.push(label, blank);
  }
  return { steps, ...placeOf(code, at, n), labels };
}

function placeOf(code: Int32Array, at: number, n: number): Pick<Sequence, "from" | "apart"> {
  const [times, classes] = [code[at + CTC_TIMES], code[at + CTC_CLASSES]];
  const isBatchFirst = code[at + CTC_BATCH_FIRST] !== 0;
  return {
    from: code[at + CTC_FROM] + n * classes * (isBatchFirst ? times : 1),
    apart: classes * (isBatchFirst ? 1 : code[at + CTC_SEQUENCES]),
  };
}

export function ctc(memory: JsMemory, code: Int32Array, at: number): void {
  const { f } = memory;
  const [times, states] = [code[at + CTC_TIMES], code[at + CTC_STATES]];
  for (let n = 0; n < code[at + CTC_SEQUENCES]; n++) {
    const alphas = code[at + CTC_ALPHAS] + n * times * states;
    f.fill(0, alphas, alphas + times * states);
    const sequence = sequenceAt(memory, code, at, n);
    const loss = sequence === undefined ? Number.NaN : forward(memory, sequence, alphas, states);
    f[code[at + CTC_TO] + n] = loss;
  }
}

/** Writes the rows of alphas. @returns the loss */
function forward({ f }: JsMemory, { steps, from, apart, labels }: Sequence, alphas: number, states: number): number {
  let row = startOf(labels);
  let shift = 0;
  let total = 0;
  for (let t = 0; t < steps; t++) {
    total += shift;
    row = next(f, row, labels, from + t * apart, shift);
    for (const [s, sum] of row.entries()) f[alphas + t * states + s] = sum;
    shift = shiftOf(row);
  }
  const last = logSum([row[row.length - 1], row[row.length - 2] ?? LOWEST]);
  return last < IMPOSSIBLE ? Number.POSITIVE_INFINITY : -(total + last);
}

export function ctcGradient(memory: JsMemory, code: Int32Array, at: number): void {
  const { f } = memory;
  const [times, states, classes] = [code[at + CTC_TIMES], code[at + CTC_STATES], code[at + CTC_CLASSES]];
  const sequences = code[at + CTC_SEQUENCES];
  // What stands in WORK is the other executors' own; here it must be no NaN.
  f.fill(0, code[at + CTC_WORK], code[at + CTC_WORK] + 2 * sequences * states);
  for (let n = 0; n < sequences; n++) {
    const { from, apart } = placeOf(code, at, n);
    const to = from + code[at + CTC_TO] - code[at + CTC_FROM];
    const scale = f[code[at + CTC_SCALE] + n];
    const sequence = scale === 0 ? undefined : sequenceAt(memory, code, at, n);
    const nothing = scale === 0 || sequence !== undefined ? 0 : Number.NaN;
    for (let t = 0; t < times; t++) f.fill(nothing, to + t * apart, to + t * apart + classes);
    const alphas = code[at + CTC_ALPHAS] + n * times * states;
    if (sequence !== undefined) backward(memory, sequence, alphas, states, to, classes, -scale);
  }
}

function backward(
  { f }: JsMemory,
  { steps, from, apart, labels }: Sequence,
  alphas: number,
  states: number,
  to: number,
  classes: number,
  factor: number,
): void {
  const turned = labels.toReversed();
  let row = startOf(labels);
  let shift = 0;
  for (let t = steps - 1; t >= 0; t--) {
    const [emitted, target] = [from + t * apart, to + t * apart];
    row = next(f, row, turned, emitted, shift);
    shift = shiftOf(row);
    const through = labels.map((label, s) => {
      const others = f[alphas + t * states + s] - Math.max(f[emitted + label], LOWEST);
      return Math.max(others + row[row.length - 1 - s], LOWEST);
    });
    const largest = largestOf(through);
    let total = 0;
    for (const [s, label] of labels.entries()) {
      const share = Math.exp(through[s] - largest);
      f[target + label] += share;
      total += share;
    }
    const scale = largest < IMPOSSIBLE ? Number.NaN : factor / total;
    for (let c = 0; c < classes; c++) f[target + c] *= scale;
  }
}

/** The row before the first time: all ways begin in the first state. */
function startOf(labels: readonly number[]): number[] {
  return labels.map((_, s) => (s === 0 ? 0 : LOWEST));
}

function shiftOf(row: readonly number[]): number {
  const largest = largestOf(row);
  return largest < IMPOSSIBLE ? 0 : largest;
}

/** The row after this one: a state is reached from itself, from the one before and, where labels differ, from the one before that. */
function next(
  f: JsMemory["f"],
  row: readonly number[],
  labels: readonly number[],
  emitted: number,
  shift: number,
): number[] {
  return labels.map((label, s) => {
    const ways = [row[s], row[s - 1] ?? LOWEST, s > 1 && labels[s - 2] !== label ? row[s - 2] : LOWEST];
    return Math.max(Math.max(f[emitted + label], LOWEST) + logSum(ways) - shift, LOWEST);
  });
}

function logSum(values: readonly number[]): number {
  const largest = largestOf(values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/** LOWEST at least. */
function largestOf(values: readonly number[]): number {
  return values.reduce((largest, value) => Math.max(largest, value), LOWEST);
}
