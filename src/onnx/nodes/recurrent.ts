// RNN, LSTM and GRU: one loop a direction, what x projects to at all steps as one product before it, as the layers of simdgrad/nn have it.
// Weights stay as ONNX has them: gates of an LSTM i, o, f, c, of a GRU z, r, h.
import { concat } from "../../create.ts";
import { DataError } from "../../errors.ts";
import { elu, leakyRelu, relu, sigmoid, softplus, softsign, tanh } from "../../nn/functional.ts";
import { scan } from "../../ops/loop.ts";
import { sameShape, showShape } from "../../shape.ts";
import { arange, scalar, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** A function of sums in a step. */
type Activation = (x: Tensor) => Tensor;

/** What one step makes: the carries, h first, and what the way back reads rather than computing it again. */
interface Step {
  readonly next: readonly Tensor[];
  readonly read: readonly Tensor[];
}

/** Weights of a direction's steps, [gates x H, H] and [gates x H], peepholes [3 x H], and its activations. */
interface Direction {
  readonly r: Tensor;
  readonly recurrentBias: Tensor | undefined;
  readonly peepholes: Tensor | undefined;
  readonly activations: readonly Activation[];
}

/** What is the same of all directions. */
interface Recurrence {
  readonly hidden: number;
  /** Bounds of what activations of gates are given. */
  readonly clip: number | undefined;
  /** Of a GRU: whether h is projected before the gate r has its say. */
  readonly linearBeforeReset: boolean;
  /** Of an LSTM: whether the forget gate is 1 less the input gate. */
  readonly inputForget: boolean;
}

/** One step, of x as it was projected and of the carries. */
type Kind = (x: Tensor, carries: readonly Tensor[], direction: Direction, recurrence: Recurrence) => Step;

/** Gate i of H columns. */
function gate(x: Tensor, i: number, hidden: number): Tensor {
  return x.narrow(-1, i * hidden, hidden);
}

function plus(x: Tensor, bias: Tensor | undefined): Tensor {
  return bias === undefined ? x : x.add(bias);
}

function clipped(x: Tensor, { clip }: Recurrence): Tensor {
  return clip === undefined ? x : x.clamp(-clip, clip);
}

/** x W^T */
function product(x: Tensor, weights: Tensor): Tensor {
  return x.matmul(weights, { transposeB: true });
}

/** h' = f(x + R h) */
const rnn: Kind = (x, [h], { r, activations: [f] }, recurrence) => {
  const sum = clipped(x.add(product(h, r)), recurrence);
  return { next: [f(sum)], read: [sum] };
};

/** c' = f c + i g, h' = o h(c'); with peepholes, i and f see c, and o sees c'. */
const lstm: Kind = (x, [h, c], { r, peepholes, activations: [f, g, shownBy] }, recurrence) => {
  const { hidden, inputForget } = recurrence;
  const sum = x.add(product(h, r));
  const of = (at: number, seen?: Tensor, peephole = 0) => {
    const own = gate(sum, at, hidden);
    return peepholes === undefined || seen === undefined ? own : own.add(gate(peepholes, peephole, hidden).mul(seen));
  };
  const i = f(clipped(of(0, c, 0), recurrence));
  const forget = inputForget ? scalar(1).sub(i) : f(clipped(of(2, c, 2), recurrence));
  const candidate = g(clipped(of(3), recurrence));
  const next = forget.mul(c).add(i.mul(candidate));
  const o = f(clipped(of(1, next, 1), recurrence));
  const shown = shownBy(next);
  return { next: [o.mul(shown), next], read: [i, forget, candidate, o, shown] };
};

/** h' = (1 - z) n + z h */
const gru: Kind = (x, [h], { r, recurrentBias, activations: [f, g] }, recurrence) => {
  const { hidden, linearBeforeReset } = recurrence;
  const rows = (start: number, count: number) => r.narrow(0, start * hidden, count * hidden);
  const bias = (start: number, count: number) => recurrentBias?.narrow(0, start * hidden, count * hidden);
  const projected = linearBeforeReset ? plus(product(h, r), recurrentBias) : plus(product(h, rows(0, 2)), bias(0, 2));
  const [z, reset] = [0, 1].map((at) => f(clipped(gate(x, at, hidden).add(gate(projected, at, hidden)), recurrence)));
  const before = linearBeforeReset
    ? reset.mul(gate(projected, 2, hidden))
    : plus(product(reset.mul(h), rows(2, 1)), bias(2, 1));
  const n = g(clipped(gate(x, 2, hidden).add(before), recurrence));
  return { next: [n.add(z.mul(h.sub(n)))], read: [z, reset, n, projected] };
};

/** Steps, gates, carries and activations of each; whether the bias of h's projection is apart, inside a gate. */
const kinds = {
  RNN: { step: rnn, gates: 1, carries: 1, activations: ["Tanh"], apart: false },
  LSTM: { step: lstm, gates: 4, carries: 2, activations: ["Sigmoid", "Tanh", "Tanh"], apart: false },
  GRU: { step: gru, gates: 3, carries: 1, activations: ["Sigmoid", "Tanh"], apart: true },
} as const;

/** By lower case names; which take a number of activation_alpha and of activation_beta, and what these are where none are left. */
const activations: Readonly<
  Record<string, { alpha?: number; beta?: number; of: (alpha: number, beta: number) => Activation }>
> = {
  relu: { of: () => relu },
  tanh: { of: () => tanh },
  sigmoid: { of: () => sigmoid },
  softsign: { of: () => softsign },
  softplus: { of: () => (x) => softplus(x) },
  affine: { alpha: 1, beta: 0, of: (alpha, beta) => (x) => x.mul(alpha).add(beta) },
  leakyrelu: { alpha: 0.01, of: (alpha) => (x) => leakyRelu(x, alpha) },
  elu: { alpha: 1, of: (alpha) => (x) => elu(x, alpha) },
  thresholdedrelu: { alpha: 1, of: (alpha) => (x) => x.greater(alpha).select(x, 0) },
  scaledtanh: { alpha: 1, beta: 1, of: (alpha, beta) => (x) => tanh(x.mul(beta)).mul(alpha) },
  hardsigmoid: { alpha: 0.2, beta: 0.5, of: (alpha, beta) => (x) => x.mul(alpha).add(beta).clamp(0, 1) },
};

function activationsOf(node: Node, names: readonly string[]): Activation[] {
  const [alphas, betas] = ["activation_alpha", "activation_beta"].map((name) => [...node.floats(name, [])]);
  return names.map((name) => {
    const key = name.toLowerCase();
    if (!Object.hasOwn(activations, key)) throw new DataError(`there is no activation ${name}`);
    const { alpha, beta, of } = activations[key];
    const next = (list: number[], otherwise: number | undefined) =>
      otherwise === undefined ? 0 : (list.shift() ?? otherwise);
    return of(next(alphas, alpha), next(betas, beta));
  });
}

/** The part of a tensor that is of one direction, if there is one. */
function ofDirection(x: Tensor | undefined, direction: number): Tensor | undefined {
  return x?.narrow(0, direction, 1).squeeze(0);
}

function checkInput(x: Tensor | undefined, shape: readonly number[], what: string): void {
  if (x !== undefined && !sameShape(x.shape, shape))
    throw new DataError(`${what} is ${showShape(shape)} here, got ${showShape(x.shape)}`);
}

/** A rule for one of the kinds. */
function ruleOf(op: keyof typeof kinds) {
  const { step, gates, carries, activations: defaults, apart } = kinds[op];
  return (node: Node): (Value | undefined)[] => {
    const optional = (i: number) => (node.has(i) ? node.tensor(i) : undefined);
    const batchFirst = node.flag("layout");
    const turn = (x: Tensor | undefined) => (batchFirst ? x?.transpose(0, 1) : x);
    const given = node.tensor(0);
    if (given.shape.length !== 3) throw new DataError(`x has three axes, got ${showShape(given.shape)}`);
    const x = turn(given) as Tensor;
    const [w, r] = [node.tensor(1), node.tensor(2)];
    const [length, rows, width] = x.shape;
    const hidden = node.int("hidden_size", r.shape.at(-1));
    const side = node.text("direction", "forward");
    if (!["forward", "reverse", "bidirectional"].includes(side)) throw new DataError(`there is no direction ${side}`);
    const count = side === "bidirectional" ? 2 : 1;
    checkInput(w, [count, gates * hidden, width], "W");
    checkInput(r, [count, gates * hidden, hidden], "R");
    checkInput(optional(3), [count, 2 * gates * hidden], "B");
    checkInput(optional(4), [rows], "sequence_lens");
    const peepholes = carries === 2 ? optional(7) : undefined;
    checkInput(peepholes, [count, 3 * hidden], "P");
    const firsts = Array.from({ length: carries }, (_, i) => turn(optional(5 + i)));
    for (const first of firsts) checkInput(first, [count, rows, hidden], "an initial state");
    const list = node.texts("activations", Array.from({ length: count }, () => defaults).flat());
    if (list.length !== count * defaults.length) throw new DataError(`takes ${count * defaults.length} activations`);
    const functions = activationsOf(node, list);
    const recurrence: Recurrence = {
      hidden,
      clip: node.hasAttribute("clip") ? node.float("clip") : undefined,
      linearBeforeReset: op === "GRU" && node.flag("linear_before_reset"),
      inputForget: op === "LSTM" && node.flag("input_forget"),
    };
    const lengths = optional(4);
    // 1 where a sequence goes on.
    const mask = lengths && arange(length).unsqueeze(-1).less(lengths).unsqueeze(-1);

    const sides = Array.from({ length: count }, (_, at) => {
      const bias = ofDirection(optional(3), at);
      const [inputBias, recurrentBias] = [0, 1].map((i) => bias?.narrow(0, i * gates * hidden, gates * hidden));
      const projected = plus(product(x, ofDirection(w, at) as Tensor), inputBias);
      const direction: Direction = {
        r: ofDirection(r, at) as Tensor,
        recurrentBias: apart ? recurrentBias : undefined,
        peepholes: ofDirection(peepholes, at),
        activations: functions.slice(at * defaults.length, (at + 1) * defaults.length),
      };
      const { carries: ends, outputs } = scan(
        (found, [element, goesOn]) => {
          const { next, read } = step(element, found, direction, recurrence);
          if (goesOn === undefined) return { carries: next, outputs: [next[0], ...read] };
          const kept = (value: Tensor, otherwise: Tensor | number) =>
            goesOn.broadcastTo(value.shape).select(value, otherwise);
          return { carries: next.map((each, i) => kept(each, found[i])), outputs: [kept(next[0], 0), ...read] };
        },
        firsts.map((first) => ofDirection(first, at) ?? scalar(0).broadcastTo([rows, hidden])),
        [apart ? projected : plus(projected, recurrentBias), ...(mask === undefined ? [] : [mask])],
        { reverse: side === "reverse" || at === 1 },
      );
      return {
        y: outputs[0].unsqueeze(batchFirst ? 2 : 1),
        ends: ends.map((end) => end.unsqueeze(batchFirst ? 1 : 0)),
      };
    });

    const y = concat(
      sides.map((each) => each.y),
      batchFirst ? 2 : 1,
    );
    const ends = firsts.map((_, i) =>
      concat(
        sides.map((each) => each.ends[i]),
        batchFirst ? 1 : 0,
      ),
    );
    return [turn(y), ...ends].map((each) => each && Value.of(each, "float32"));
  };
}

export const recurrent: Rules = {
  RNN: ruleOf("RNN"),
  LSTM: ruleOf("LSTM"),
  GRU: ruleOf("GRU"),
};
