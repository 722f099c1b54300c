// Recurrent layers: PyTorch's equations, names, layouts and order of gates. A layer's loop is one `scan`; what its input projects to at all
// steps is one product before it, and the gradients of its weights are products after it.
import { aBoolean, aFraction, aWholeNumber, checkOptions, isRecord, must, oneOf } from "../check.ts";
import { concat } from "../create.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { scan } from "../ops/loop.ts";
import { checkDType, sameShape, showShape } from "../shape.ts";
import { arange, aTensor, scalar, Tensor, tensors } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { relu, sigmoid, tanh } from "./functional.ts";
import { linearUniform } from "./init.ts";
import { knownNumbers } from "./known.ts";
import { aDepth, aSize } from "./layers.ts";
import { aContext, type Context, type Module } from "./module.ts";
import { refuseTensors } from "./records.ts";
import { Dropout } from "./regularization.ts";
import { aFloat } from "./takes.ts";

/** What one step makes. */
interface Step {
  /** The carries, h first. */
  readonly next: readonly Tensor[];
  /** What the way back reads rather than computing it again. */
  readonly read: readonly Tensor[];
}

/** What one step does with what x projects to, W_hh h + b_hh where that is apart, else the sum of both, and the carries. */
interface Kind {
  readonly gates: number;
  /** h alone, or h and c. */
  readonly carries: 1 | 2;
  /** The bias of h's projection is inside a gate: it cannot join the input's. */
  readonly apart?: true;
  readonly step: (x: Tensor, projected: Tensor, carries: readonly Tensor[]) => Step;
}

/** One of `gates` equal parts of the last axis. */
function gate(x: Tensor, i: number, gates: number): Tensor {
  const size = x.shape[x.shape.length - 1] / gates;
  return x.narrow(-1, i * size, size);
}

/** h' = f(W_ih x + b_ih + W_hh h + b_hh). (Elman 1990) */
function elman(nonlinearity: "tanh" | "relu"): Kind {
  const f = nonlinearity === "tanh" ? tanh : relu;
  return { gates: 1, carries: 1, step: (_, sum) => ({ next: [f(sum)], read: [sum] }) };
}

/** Gates i, f, g, o: c' = f c + i g, h' = o tanh c'. (Hochreiter and Schmidhuber 1997; forget gate Gers et al. 2000) */
const lstm: Kind = {
  gates: 4,
  carries: 2,
  step(_, sum, [, c]) {
    const [i, f, g, o] = [sigmoid, sigmoid, tanh, sigmoid].map((of, at) => of(gate(sum, at, 4)));
    const next = f.mul(c).add(i.mul(g));
    const shown = tanh(next);
    return { next: [o.mul(shown), next], read: [i, f, g, o, shown] };
  },
};

/** Gates r, z, n = tanh(x_n + r h_n): h' = (1 - z) n + z h. (Cho et al. 2014; the bias of h_n inside, as cuDNN and PyTorch) */
const gru: Kind = {
  gates: 3,
  carries: 1,
  apart: true,
  step(x, h, [before]) {
    const r = sigmoid(gate(x, 0, 3).add(gate(h, 0, 3)));
    const z = sigmoid(gate(x, 1, 3).add(gate(h, 1, 3)));
    const n = tanh(gate(x, 2, 3).add(r.mul(gate(h, 2, 3))));
    return { next: [n.add(z.mul(before.sub(n)))], read: [r, z, n, h] };
  },
};

/** The parameters of one layer in one direction. */
interface Weights {
  readonly ih: Variable;
  readonly hh: Variable;
  readonly biasIh: Variable | undefined;
  readonly biasHh: Variable | undefined;
  /** Of a projection, W_hr. */
  readonly hr: Variable | undefined;
}

function weightsOf(kind: Kind, inputSize: number, hiddenSize: number, bias: boolean, projSize = 0): Weights {
  const start = linearUniform(hiddenSize);
  const rows = kind.gates * hiddenSize;
  const make = (label: string, ...shape: number[]) => new Variable(shape, start, { label });
  return {
    ih: make("weight_ih", rows, inputSize),
    hh: make("weight_hh", rows, projSize || hiddenSize),
    biasIh: bias ? make("bias_ih", rows) : undefined,
    biasHh: bias ? make("bias_hh", rows) : undefined,
    hr: projSize > 0 ? make("weight_hr", projSize, hiddenSize) : undefined,
  };
}

/** PyTorch's names, with what is behind them. */
function namesOf({ ih, hh, biasIh, biasHh, hr }: Weights, suffix = ""): [string, Variable][] {
  const all = { weight_ih: ih, weight_hh: hh, bias_ih: biasIh, bias_hh: biasHh, weight_hr: hr };
  return Object.entries(all).flatMap(([name, variable]): [string, Variable][] =>
    variable === undefined ? [] : [[`${name}${suffix}`, variable]],
  );
}

function plus(x: Tensor, bias: Tensor | undefined): Tensor {
  return bias === undefined ? x : x.add(bias);
}

/** W_ih x and all biases that can join it, for x [..., in]. */
function projected({ apart }: Kind, { ih, biasIh, biasHh }: Weights, x: Tensor): Tensor {
  const product = plus(x.matmul(ih, { transposeB: true }), biasIh);
  return apart ? product : plus(product, biasHh);
}

/** One step, given what x projects to. */
function stepped(kind: Kind, { hh, biasHh, hr }: Weights, x: Tensor, carries: readonly Tensor[]): Step {
  const h = carries[0].matmul(hh, { transposeB: true });
  const projected = kind.apart ? plus(h, biasHh) : x.add(h);
  const { next, read } = kind.step(x, projected, carries);
  const [first, ...others] = next;
  return { next: [hr === undefined ? first : first.matmul(hr, { transposeB: true }), ...others], read };
}

/** Options of RNN, LSTM and GRU. */
export interface RecurrentOptions {
  /** Layers one over the other, each reading the outputs of the one below. Default 1. */
  readonly numLayers?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Sequences are [N, T, features] instead of [T, N, features]. Default false. */
  readonly batchFirst?: boolean;
  /** While training, the share of outputs that are zeroed between two layers, of which there must be two. Default 0. */
  readonly dropout?: number;
  /** A second loop runs from the end of the sequence; outputs of both are side by side. Default false. */
  readonly bidirectional?: boolean;
}

/** Sequences with what there is to know of them. */
export interface SequenceInput<State> {
  /** [T, N, inputSize], or [N, T, inputSize] with `batchFirst`. */
  readonly input: Tensor;
  /** Where the loops begin: [layers x directions, N, hiddenSize]. Default zeros. */
  readonly state?: State;
  /**
   * Steps of each sequence, i32 [N], from 1 to T: what is behind them is not read, gives outputs of zero and leaves the state as it is.
   * A constant outside is refused; as data, longer ones count as T, and those below 1 as none.
   */
  readonly lengths?: Tensor;
}

/** What a recurrent layer gives for a SequenceInput. */
export interface SequenceOutput<State> {
  /** Of the last layer at every step: [T, N, directions x hiddenSize], batch first if the input is. */
  readonly output: Tensor;
  /** Where the loops end, in the layout of the first state. */
  readonly state: State;
}

const optionChecks = {
  numLayers: aDepth,
  bias: aBoolean,
  batchFirst: aBoolean,
  dropout: aFraction,
  bidirectional: aBoolean,
};

interface Sizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly projSize?: number;
}

/** What the three layers share. */
class Stack {
  readonly name: string;
  readonly kind: Kind;
  readonly inputSize: number;
  /** Of h, of c. */
  readonly widths: readonly number[];
  readonly batchFirst: boolean;
  readonly dropout: Dropout;
  /** By layer, then by direction. */
  readonly layers: readonly (readonly Weights[])[];

  constructor(name: string, kind: Kind, { inputSize, hiddenSize, projSize = 0 }: Sizes, options: RecurrentOptions) {
    aSize(inputSize, `${name}: inputSize`);
    aSize(hiddenSize, `${name}: hiddenSize`);
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } = options;
    this.name = name;
    this.kind = kind;
    this.inputSize = inputSize;
    this.widths = [projSize || hiddenSize, hiddenSize].slice(0, kind.carries);
    this.batchFirst = batchFirst;
    if (dropout > 0 && numLayers === 1)
      throw new ArgumentError(`${name}: dropout is between layers: it means nothing for one`);
    this.dropout = new Dropout(dropout);
    const directions = bidirectional ? 2 : 1;
    this.layers = Array.from({ length: numLayers }, (_, layer) => {
      const width = layer === 0 ? inputSize : directions * this.widths[0];
      return Array.from({ length: directions }, () => weightsOf(kind, width, hiddenSize, bias, projSize));
    });
  }

  names(): [string, Variable][] {
    return this.layers.flatMap((directions, layer) =>
      directions.flatMap((weights, direction) => namesOf(weights, `_l${layer}${direction === 1 ? "_reverse" : ""}`)),
    );
  }

  /** Outputs of the last layer, and the carries at the end: h of all layers, c of all. */
  run(
    { input, state, lengths }: SequenceInput<readonly Tensor[]>,
    context: Context | undefined,
  ): SequenceOutput<Tensor[]> {
    const { batchFirst, kind, widths, layers } = this;
    const x = batchFirst ? input.permute([1, 0, 2]) : input;
    const [length, rows] = x.shape;
    const count = layers.length * layers[0].length;
    const first = state ?? widths.map((width) => scalar(0).broadcastTo([count, rows, width]));
    // 1 where a sequence goes on.
    const masks = lengths && arange(length).unsqueeze(-1).less(lengths).unsqueeze(-1);
    const ends: Tensor[][] = widths.map(() => []);
    let at = 0;
    // What stands behind an end may be anything, NaN too: no product sees it.
    let sequence = masks === undefined ? x : masks.broadcastTo(x.shape).select(x, 0);
    for (const [layer, directions] of layers.entries()) {
      const below = layer === 0 || context === undefined ? sequence : this.dropout.forward(sequence, context);
      const sides = directions.map((weights, direction) => {
        const initial = first.map((each) => each.narrow(0, at, 1).squeeze(0));
        at++;
        const { carries, outputs } = scan(
          (found, [projection, mask]) => {
            const { next, read } = stepped(kind, weights, projection, found);
            if (mask === undefined) return { carries: next, outputs: [next[0], ...read] };
            return {
              carries: next.map((each, i) => mask.broadcastTo(each.shape).select(each, found[i])),
              outputs: [mask.broadcastTo(next[0].shape).select(next[0], 0), ...read],
            };
          },
          initial,
          [projected(kind, weights, below), ...(masks === undefined ? [] : [masks])],
          { reverse: direction === 1 },
        );
        for (const [i, carry] of carries.entries()) ends[i].push(carry.unsqueeze(0));
        return outputs[0];
      });
      sequence = sides.length === 1 ? sides[0] : concat(sides, -1);
    }
    return {
      output: batchFirst ? sequence.permute([1, 0, 2]) : sequence,
      state: ends.map((each) => (each.length === 1 ? each[0] : concat(each, 0))),
    };
  }

  /** @throws ShapeError, DTypeError naming what does not fit, ArgumentError for what is no context where one is needed */
  check({ input, state, lengths }: SequenceInput<unknown>, context: Context | undefined): void {
    const { name, batchFirst, inputSize, widths, layers } = this;
    aTensor(input, `${name}: input`);
    checkDType(input, ["f32"], name);
    refuseTensors(context, name, "{ input, state }");
    if (this.dropout.p > 0 || context !== undefined) aContext(context, `${name}: context`);
    const expected = batchFirst ? `[N, T, ${inputSize}]` : `[T, N, ${inputSize}]`;
    if (input.shape.length !== 3 || input.shape[2] !== inputSize)
      throw new ShapeError(`${name}: takes sequences ${expected}, got ${showShape(input.shape)}`);
    const [length, rows] = batchFirst ? [input.shape[1], input.shape[0]] : input.shape;
    if (length < 1) throw new ShapeError(`${name}: a sequence of no steps: ${showShape(input.shape)}`);
    if (lengths !== undefined) {
      aTensor(lengths, `${name}: lengths`);
      if (lengths.dtype !== "i32") throw new DTypeError(`${name}: lengths are i32, got ${lengths.dtype}`);
      if (!sameShape(lengths.shape, [rows]))
        throw new ShapeError(`${name}: lengths of ${rows} sequences are [${rows}], got ${showShape(lengths.shape)}`);
      checkLengths(lengths, length, name);
    }
    if (state === undefined) return;
    const list = widths.length === 1 ? [state] : state;
    tensors(list, `${name}: state`);
    const parts = list as readonly Tensor[];
    must(parts.length === widths.length, state, `${name}: state`, "a pair [h, c]");
    parts.forEach(({ shape }, i) => {
      const wanted = [layers.length * layers[0].length, rows, widths[i]];
      if (!sameShape(shape, wanted))
        throw new ShapeError(`${name}: state ${"hc"[i]} is ${showShape(wanted)} here, got ${showShape(shape)}`);
    });
  }
}

/** @throws ArgumentError for a constant length that no sequence has */
function checkLengths(lengths: Tensor, most: number, name: string): void {
  for (const [row, each] of knownNumbers(lengths)?.entries() ?? [])
    must(each >= 1 && each <= most, each, `${name}: lengths: row ${row}`, `from 1 to ${most}, the steps there are`);
}

/** What a layer was given, as a record. */
function recordOf<State>(given: Tensor | SequenceInput<State>, name: string): SequenceInput<State> {
  if (given instanceof Tensor) return { input: given };
  must(isRecord(given), given, `${name}: x`, "a tensor, or an object { input, state, lengths } of tensors");
  const shapesAreCheckedLater = () => undefined;
  checkOptions(given, name, { input: aTensor, state: shapesAreCheckedLater, lengths: aTensor }, "input");
  return given;
}

/** A layer of one carry. */
abstract class OneCarry implements Module {
  readonly stack: Stack;

  constructor(stack: Stack) {
    this.stack = stack;
  }

  /** PyTorch's names: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, those of the other direction with `_reverse`. */
  children(): Iterable<readonly [string, Variable]> {
    return this.stack.names();
  }

  forward(x: Tensor, context?: Context): Tensor;
  forward(x: SequenceInput<Tensor>, context?: Context): SequenceOutput<Tensor>;
  forward(x: Tensor | SequenceInput<Tensor>, context?: Context): Tensor | SequenceOutput<Tensor> {
    const { stack } = this;
    const given = recordOf(x, stack.name);
    stack.check(given, context);
    const { state } = given;
    const { output, state: ends } = stack.run({ ...given, state: state && [state] }, context);
    return x instanceof Tensor ? output : { output, state: ends[0] };
  }
}

/**
 * h' = tanh(W_ih x + b_ih + W_hh h + b_hh) along sequences x [T, N, inputSize], as torch.nn.RNN: a tensor gives the outputs of all steps
 * [T, N, hiddenSize], a record { input, state, lengths } gives { output, state }. Weights start uniform within 1 / sqrt(hiddenSize).
 * @throws ArgumentError for sizes below 1 and for dropout of one layer; forward throws ShapeError where input, state or lengths do not fit
 *
 * @example
 * import { evaluationContext, RNN } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new RNN(8, 16, { bidirectional: true }).forward(input([5, 3, 8]), evaluationContext()).shape; // => [5, 3, 32]
 */
export class RNN extends OneCarry {
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: RecurrentOptions & { readonly nonlinearity?: "tanh" | "relu" } = {},
  ) {
    checkOptions(options, "RNN", { ...optionChecks, nonlinearity: oneOf("tanh", "relu") });
    super(new Stack("RNN", elman(options.nonlinearity ?? "tanh"), { inputSize, hiddenSize }, options));
  }
}

/**
 * A gated recurrent unit along sequences x [T, N, inputSize], as torch.nn.GRU (Cho et al. 2014), gates r, z, n: a tensor gives the outputs
 * of all steps [T, N, hiddenSize], a record { input, state, lengths } gives { output, state }.
 * @throws ArgumentError for sizes below 1 and for dropout of one layer; forward throws ShapeError where input, state or lengths do not fit
 *
 * @example
 * import { evaluationContext, GRU } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const { output, state } = new GRU(8, 16).forward({ input: input([5, 3, 8]) }, evaluationContext());
 * output.shape; // => [5, 3, 16]
 * state.shape; // => [1, 3, 16]
 */
export class GRU extends OneCarry {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    checkOptions(options, "GRU", optionChecks);
    super(new Stack("GRU", gru, { inputSize, hiddenSize }, options));
  }
}

/** The state of an LSTM: h and c. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/**
 * Long short-term memory along sequences x [T, N, inputSize], as torch.nn.LSTM (Hochreiter and Schmidhuber 1997), gates i, f, g, o: a
 * tensor gives the outputs of all steps [T, N, hiddenSize], a record { input, state: [h, c], lengths } gives { output, state: [h, c] }. With
 * `projSize`, h is W_hr times what it else would be (Sak et al. 2014).
 * @throws ArgumentError for sizes below 1, dropout of one layer, a projection not smaller than hiddenSize; forward throws ShapeError where
 * input, state or lengths do not fit
 *
 * @example
 * import { evaluationContext, LSTM, variables } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const layer = new LSTM(8, 16, { batchFirst: true });
 * const { output, state: [h, c] } = layer.forward({ input: input([3, 5, 8]) }, evaluationContext());
 * output.shape; // => [3, 5, 16]
 * c.shape; // => [1, 3, 16]
 * [...variables(layer).keys()]; // => ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
 */
export class LSTM implements Module {
  readonly stack: Stack;

  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions & { readonly projSize?: number } = {}) {
    checkOptions(options, "LSTM", { ...optionChecks, projSize: aWholeNumber(0) });
    const { projSize = 0 } = options;
    aSize(hiddenSize, "LSTM: hiddenSize");
    must(projSize < hiddenSize, projSize, "LSTM: projSize", `below hiddenSize ${hiddenSize}`);
    this.stack = new Stack("LSTM", lstm, { inputSize, hiddenSize, projSize }, options);
  }

  /** PyTorch's names: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_hr_l0, those of the other direction with `_reverse`. */
  children(): Iterable<readonly [string, Variable]> {
    return this.stack.names();
  }

  forward(x: Tensor, context?: Context): Tensor;
  forward(x: SequenceInput<LSTMState>, context?: Context): SequenceOutput<LSTMState>;
  forward(x: Tensor | SequenceInput<LSTMState>, context?: Context): Tensor | SequenceOutput<LSTMState> {
    const given = recordOf(x, "LSTM");
    this.stack.check(given, context);
    const { output, state } = this.stack.run(given, context);
    return x instanceof Tensor ? output : { output, state: state as unknown as LSTMState };
  }
}

/** What the three cells share. */
class Cell {
  readonly name: string;
  readonly kind: Kind;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly weights: Weights;

  constructor(name: string, kind: Kind, inputSize: number, hiddenSize: number, options: { readonly bias?: boolean }) {
    aSize(inputSize, `${name}: inputSize`);
    aSize(hiddenSize, `${name}: hiddenSize`);
    this.name = name;
    this.kind = kind;
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.weights = weightsOf(kind, inputSize, hiddenSize, options.bias ?? true);
  }

  /** @throws ArgumentError unless it is one */
  pair<State>(given: readonly [x: Tensor, state: State]): readonly [x: Tensor, state: State] {
    must(Array.isArray(given) && given.length === 2, given, `${this.name}: x`, "a pair of x and the state");
    return given;
  }

  step(x: Tensor, carries: readonly Tensor[]): readonly Tensor[] {
    const { name, kind, inputSize, hiddenSize, weights } = this;
    aFloat(x, name);
    tensors(carries, `${name}: state`);
    if (x.shape.length !== 2 || x.shape[1] !== inputSize)
      throw new ShapeError(`${name}: takes x [N, ${inputSize}], got ${showShape(x.shape)}`);
    must(carries.length === kind.carries, carries, `${name}: state`, kind.carries === 1 ? "h" : "a pair [h, c]");
    for (const { shape } of carries)
      if (!sameShape(shape, [x.shape[0], hiddenSize]))
        throw new ShapeError(`${name}: the state is [${x.shape[0]}, ${hiddenSize}] here, got ${showShape(shape)}`);
    return stepped(kind, weights, projected(kind, weights, x), carries).next;
  }
}

abstract class OneCarryCell implements Module<readonly [x: Tensor, h: Tensor]> {
  readonly cell: Cell;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  /** PyTorch's names: weight_ih, weight_hh, bias_ih, bias_hh. */
  children(): Iterable<readonly [string, Variable]> {
    return namesOf(this.cell.weights);
  }

  forward(pair: readonly [x: Tensor, h: Tensor], _context?: Context): Tensor {
    const [x, h] = this.cell.pair(pair);
    return this.cell.step(x, [h])[0];
  }
}

/**
 * One step of RNN: from a pair x [N, inputSize], h [N, hiddenSize] to the next h, as torch.nn.RNNCell; for loops of one's own by `scan`.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other shapes
 *
 * @example
 * import { input } from "simdgrad";
 * import { RNNCell } from "simdgrad/nn";
 * new RNNCell(8, 16).forward([input([3, 8]), input([3, 16])]).shape; // => [3, 16]
 */
export class RNNCell extends OneCarryCell {
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: { readonly bias?: boolean; readonly nonlinearity?: "tanh" | "relu" } = {},
  ) {
    checkOptions(options, "RNNCell", { bias: aBoolean, nonlinearity: oneOf("tanh", "relu") });
    super(new Cell("RNNCell", elman(options.nonlinearity ?? "tanh"), inputSize, hiddenSize, options));
  }
}

/**
 * One step of GRU: from a pair x [N, inputSize], h [N, hiddenSize] to the next h, as torch.nn.GRUCell.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other shapes
 *
 * @example
 * import { input } from "simdgrad";
 * import { GRUCell } from "simdgrad/nn";
 * new GRUCell(8, 16).forward([input([3, 8]), input([3, 16])]).shape; // => [3, 16]
 */
export class GRUCell extends OneCarryCell {
  constructor(inputSize: number, hiddenSize: number, options: { readonly bias?: boolean } = {}) {
    checkOptions(options, "GRUCell", { bias: aBoolean });
    super(new Cell("GRUCell", gru, inputSize, hiddenSize, options));
  }
}

/**
 * One step of LSTM: from x [N, inputSize] and a pair h, c [N, hiddenSize] to the next pair, as torch.nn.LSTMCell.
 * @throws ArgumentError for sizes below 1; forward throws ShapeError for other shapes
 *
 * @example
 * import { input } from "simdgrad";
 * import { LSTMCell } from "simdgrad/nn";
 * const [h, c] = new LSTMCell(8, 16).forward([input([3, 8]), [input([3, 16]), input([3, 16])]]);
 * c.shape; // => [3, 16]
 */
export class LSTMCell implements Module<readonly [x: Tensor, state: LSTMState], LSTMState> {
  readonly cell: Cell;

  constructor(inputSize: number, hiddenSize: number, options: { readonly bias?: boolean } = {}) {
    checkOptions(options, "LSTMCell", { bias: aBoolean });
    this.cell = new Cell("LSTMCell", lstm, inputSize, hiddenSize, options);
  }

  /** PyTorch's names: weight_ih, weight_hh, bias_ih, bias_hh. */
  children(): Iterable<readonly [string, Variable]> {
    return namesOf(this.cell.weights);
  }

  forward(pair: readonly [x: Tensor, state: LSTMState], _context?: Context): LSTMState {
    const [x, state] = this.cell.pair(pair);
    return this.cell.step(x, state) as unknown as LSTMState;
  }
}
