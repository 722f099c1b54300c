// CTC and its gradient (Graves et al. 2006): sums over all ways through a sequence's states, in logarithms. Each row of sums is kept relative
// to the largest of the row before it, whose total is kept in float64: so no length of a sequence costs digits. A way that is none has
// LOWEST, which is finite: no difference of two is NaN.
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
} from "./isa/slots";
import { expBelow, log, log1p } from "./math";
import { nextChunk, scratch, startClaims } from "./parallel";
import { hmax, lanesBelow, put } from "./simd";
import { scale } from "./softmax";
import { fill } from "./words";

const LOWEST: f32 = -3e38;
const IMPOSSIBLE: f32 = -1e38; // below it, there is no way

const PIECE = 2048; // states that go through scratch at a time: an even number
// Bytes in scratch: the row before from two states earlier on, the same where two may be skipped, what the labels have at this time, the
// largest of the three ways into each state, and the differences to it of all three.
const PIECE_BYTES = 4 * (PIECE + 16);
const SKIPPED = PIECE_BYTES;
const EMITTED = 2 * PIECE_BYTES;
const LARGEST = 3 * PIECE_BYTES;
const DIFFERENCES = 4 * PIECE_BYTES;

// Of the sequence under way.
let from: usize = 0; // its classes at the first time
let apart: i32 = 0; // bytes from one time to the next
let targets: usize = 0;
let blank: i32 = 0;
let states: i32 = 0;
let mirrored: bool = false; // whether states are counted from the last one on

/** to[n] = -ln of the sum over all ways; alphas[n, t, s] = ln of those up to state s at time t. */
export function ctc(pc: usize): void {
  const to = load<usize>(pc, 4 * CTC_TO);
  const sequences = load<i32>(pc, 4 * CTC_SEQUENCES);
  const row = 4 * load<i32>(pc, 4 * CTC_STATES);
  const block = load<i32>(pc, 4 * CTC_TIMES) * row;
  mirrored = false;
  startClaims();
  for (let n = nextChunk(); n < sequences; n = nextChunk()) {
    const steps = begin(pc, n);
    let next = load<usize>(pc, 4 * CTC_ALPHAS) + n * block;
    memory.fill(next, 0, block);
    let before: usize = 0;
    let shift: f32 = 0;
    let total: f64 = 0;
    for (let t = 0; t < steps; t++, before = next, next += row) {
      total += shift;
      shift = shiftOf(step(next, before, from + t * apart, shift));
    }
    store<f32>(to + 4 * n, steps < 0 ? NaN : lossOf(before, total));
  }
}

/** to[t, n, c] = -scale[n] times the share of the ways that are in a state of label c at time t. */
export function ctcGradient(pc: usize): void {
  const to = load<usize>(pc, 4 * CTC_TO) - load<usize>(pc, 4 * CTC_FROM);
  const sequences = load<i32>(pc, 4 * CTC_SEQUENCES);
  const times = load<i32>(pc, 4 * CTC_TIMES);
  const classes = load<i32>(pc, 4 * CTC_CLASSES);
  const row = 4 * load<i32>(pc, 4 * CTC_STATES);
  mirrored = true;
  startClaims();
  for (let n = nextChunk(); n < sequences; n = nextChunk()) {
    let steps = begin(pc, n);
    const factor = load<f32>(load<usize>(pc, 4 * CTC_SCALE) + 4 * n);
    if (factor === 0) steps = 0;
    const nothing: f32 = steps < 0 ? NaN : 0;
    for (let t = 0; t < times; t++) fill(to + from + t * apart, reinterpret<u32>(nothing), classes);
    const alphas = load<usize>(pc, 4 * CTC_ALPHAS) + n * times * row;
    let next = load<usize>(pc, 4 * CTC_WORK) + 2 * n * row;
    let spare = next + row;
    let before: usize = 0;
    let shift: f32 = 0;
    for (let t = steps - 1; t >= 0; t--) {
      const at = from + t * apart;
      shift = shiftOf(step(next, before, at, shift));
      shares(to + at, alphas + t * row, next, at, -factor, classes);
      before = next;
      next = spare;
      spare = before;
    }
  }
}

/** Turns to sequence n. @returns how many times it has, or -1 where a length or a label is none */
function begin(pc: usize, n: i32): i32 {
  const times = load<i32>(pc, 4 * CTC_TIMES);
  const classes = load<i32>(pc, 4 * CTC_CLASSES);
  const labels = load<i32>(pc, 4 * CTC_LABELS);
  const isBatchFirst = load<i32>(pc, 4 * CTC_BATCH_FIRST) !== 0;
  apart = 4 * classes * (isBatchFirst ? 1 : load<i32>(pc, 4 * CTC_SEQUENCES));
  from = load<usize>(pc, 4 * CTC_FROM) + 4 * n * classes * (isBatchFirst ? times : (1 as i32));
  targets = load<usize>(pc, 4 * CTC_TARGETS) + 4 * n * labels;
  blank = load<i32>(pc, 4 * CTC_BLANK);
  const steps = load<i32>(load<usize>(pc, 4 * CTC_INPUT_LENGTHS) + 4 * n);
  const length = load<i32>(load<usize>(pc, 4 * CTC_TARGET_LENGTHS) + 4 * n);
  if ((steps as u32) > (times as u32) || (length as u32) > (labels as u32)) return -1;
  for (let at = targets, end = targets + 4 * length; at < end; at += 4) {
    const label = load<u32>(at);
    if (label >= (classes as u32) || label === (blank as u32)) return -1;
  }
  states = 2 * length + 1;
  return steps;
}

/** Which class a state stands for. */
function labelOf(state: i32): i32 {
  const s = mirrored ? states - 1 - state : state;
  return s & 1 ? load<i32>(targets + 4 * (s >> 1)) : blank;
}

/** What the classes of a time have for a label: never infinite. */
function emitted(at: usize, label: i32): f32 {
  return max<f32>(load<f32>(at + 4 * label), LOWEST);
}

/** What is taken from the next row: the largest number of this one, if there is any way. */
function shiftOf(largest: f32): f32 {
  return largest < IMPOSSIBLE ? 0 : largest;
}

/**
 * One time: to[s] = emitted[s] + ln(e^x[s] + e^x[s - 1] + e^x[s - 2]) - shift, of the row x before, the last only where labels differ. Without a
 * row before, all ways begin in the first state. @returns the largest
 */
function step(to: usize, before: usize, at: usize, shift: f32): f32 {
  const lowest = f32x4.splat(LOWEST);
  const shifts = f32x4.splat(shift);
  const sums = scratch + DIFFERENCES;
  let largest = lowest;
  for (let first = 0; first < states; first += PIECE) {
    const count = min(PIECE, states - first);
    const bytes = (4 * count + 15) & ~15;
    enter(before, at, first, count);
    for (let x = scratch, d = sums, end = scratch + bytes; x < end; x += 16, d += 16) {
      const a = v128.load(x, 8);
      const b = v128.load(x, 4);
      const c = v128.load(x, SKIPPED);
      const most = f32x4.max(f32x4.max(a, b), f32x4.max(c, lowest));
      v128.store(x, most, LARGEST);
      v128.store(d, f32x4.sub(a, most));
      v128.store(d + bytes, f32x4.sub(b, most));
      v128.store(d + 2 * bytes, f32x4.sub(c, most));
    }
    expBelow(sums, sums, 3 * bytes, 0);
    for (let d = sums, end = sums + bytes; d < end; d += 16)
      v128.store(d, f32x4.add(f32x4.add(v128.load(d), v128.load(d + bytes)), v128.load(d + 2 * bytes)));
    log(sums, sums, bytes);
    for (let x = scratch, d = sums, left = count; left > 0; left -= 4, x += 16, d += 16, to += 16) {
      const sum = f32x4.add(f32x4.sub(v128.load(x, LARGEST), shifts), v128.load(d));
      const result = f32x4.max(f32x4.add(sum, v128.load(x, EMITTED)), lowest);
      put(to, result, left);
      largest = f32x4.max(largest, v128.bitselect(result, lowest, lanesBelow(left)));
    }
  }
  return hmax(largest);
}

/** Brings into scratch what the next sums of `count` states from `first` on are made of. */
function enter(before: usize, at: usize, first: i32, count: i32): void {
  const without = first === 0 ? 2 : 0; // states before the first
  fill(scratch, reinterpret<u32>(LOWEST), before === 0 ? count + 2 : without);
  if (before !== 0) memory.copy(scratch + 4 * without, before + 4 * (first + without - 2), 4 * (count + 2 - without));
  else if (first === 0) store<f32>(scratch, 0, 8);
  let older = blank;
  let old = first === 0 ? blank : labelOf(first - 1);
  for (let s = first, x = scratch; s < first + count; s++, x += 4) {
    const label = labelOf(s);
    store<f32>(x, emitted(at, label), EMITTED);
    store<f32>(x, label === older ? LOWEST : load<f32>(x), SKIPPED);
    older = old;
    old = label;
  }
}

/** The loss, from the last row, which is relative to `total`. Without a row, there is one way if there is one state. */
function lossOf(last: usize, total: f64): f32 {
  let a: f32 = states === 1 ? 0 : LOWEST;
  let b: f32 = LOWEST;
  if (last !== 0) {
    a = load<f32>(last + 4 * (states - 1));
    if (states > 1) b = load<f32>(last + 4 * (states - 2));
  }
  const largest = max<f32>(a, b);
  if (largest < IMPOSSIBLE) return Infinity;
  store<f32>(scratch, min<f32>(a, b));
  expBelow(scratch, scratch, 16, largest);
  log1p(scratch, scratch, 16);
  return <f32>-(total + largest + load<f32>(scratch));
}

/** The ways through state s at a time: those up to it, and those from it on. */
function through(alphas: usize, betas: usize, at: usize, s: i32): f32 {
  const others = load<f32>(alphas + 4 * (states - 1 - s)) - emitted(at, labelOf(s));
  return max<f32>(others + load<f32>(betas + 4 * s), LOWEST);
}

/** to[c] = factor times the share of the ways that are in a state of label c, for `to` of zeros. */
function shares(to: usize, alphas: usize, betas: usize, at: usize, factor: f32, classes: i32): void {
  let largest: f32 = LOWEST;
  for (let s = 0; s < states; s++) largest = max<f32>(largest, through(alphas, betas, at, s));
  let labels: f64 = 0;
  let blanks: f64 = 0;
  for (let first = 0; first < states; first += PIECE) {
    const count = min(PIECE, states - first);
    for (let i = 0; i < count; i++) store<f32>(scratch + 4 * i, through(alphas, betas, at, first + i));
    expBelow(scratch, scratch, (4 * count + 15) & ~15, largest);
    for (let i = 0; i < count; i++) {
      const share = load<f32>(scratch + 4 * i);
      if ((i & 1) === 0) blanks += share;
      else {
        const place = to + 4 * labelOf(first + i);
        labels += share;
        store<f32>(place, load<f32>(place) + share);
      }
    }
  }
  store<f32>(to + 4 * blank, <f32>blanks);
  scale(to, classes, largest < IMPOSSIBLE ? NaN : <f32>(factor / (labels + blanks)));
}
