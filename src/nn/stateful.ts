// Recurrent layers that go on: what a step's sequences end with is what those of the next step begin with.
import { checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import { aTensor, Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { aSize } from "./layers.ts";
import { type Context, checkForward, type Module } from "./module.ts";
import { GRU, LSTM, RNN, type SequenceInput } from "./recurrent.ts";
import { aFloat } from "./takes.ts";

/** Stretches of sequences with what there is to know of them. */
export interface StatefulInput extends Pick<SequenceInput<never>, "input" | "lengths"> {
  /** Where it is not 0, another sequence begins, from zeros: [N] of any dtype. Default: all go on. */
  readonly fresh?: Tensor;
}

/** Any of the three, for records. */
interface Recurrent {
  forward(
    x: SequenceInput<Tensor | readonly Tensor[]>,
    context: Context,
  ): { readonly output: Tensor; readonly state: Tensor | readonly Tensor[] };
}

/**
 * An RNN, GRU or LSTM that trains on long sequences stretch by stretch: each step of a training begins where the one before ended, row by
 * row, and gradients end where the step begins (truncated back-propagation through time, Williams and Peng 1990). The state is variables h and
 * c, [layers, rows, hiddenSize], beside those of the layer. Evaluations and predictions, of any number of rows, begin at zeros.
 * @throws ArgumentError for other layers and those of both directions; forward throws ShapeError for other rows while training
 *
 * @example
 * import { input, scalar, stopGradient } from "simdgrad";
 * import { LSTM, Stateful, trainingContext, variables } from "simdgrad/nn";
 * const layer = new Stateful(new LSTM(8, 16, { batchFirst: true }), 32);
 * [...variables(layer).keys()].slice(-2); // => ["h", "c"]
 * const assigned = [];
 * layer.forward(input([32, 50, 8]), trainingContext(0, scalar(0, "i32"), assigned)).shape; // => [32, 50, 16]
 * assigned.length; // => 2
 */
export class Stateful implements Module<Tensor | StatefulInput> {
  readonly layer: RNN | GRU | LSTM;
  readonly rows: number;
  /** h, or h and c. */
  readonly state: readonly Variable[];

  constructor(layer: RNN | GRU | LSTM, rows: number) {
    const isOne = layer instanceof RNN || layer instanceof GRU || layer instanceof LSTM;
    must(isOne, layer, "Stateful: layer", "an RNN, a GRU or an LSTM");
    aSize(rows, "Stateful: rows");
    const { layers, widths } = layer.stack;
    if (layers[0].length > 1)
      throw new ArgumentError("Stateful: a layer of both directions cannot go on: one of its loops begins at the end");
    this.layer = layer;
    this.rows = rows;
    this.state = widths.map(
      (width, i) => new Variable([layers.length, rows, width], 0, { label: "hc"[i], trainable: false }),
    );
    for (const each of this.state) each.sharing = "own";
  }

  /** The names of the layer, then h and c. */
  children(): Iterable<readonly [string, unknown]> {
    return [...this.layer.children(), ...this.state.map((each): [string, Variable] => [each.label, each])];
  }

  forward(x: Tensor | StatefulInput, context: Context): Tensor {
    const { input, fresh, lengths } = recordOf(x);
    checkForward(input, context, "Stateful");
    aFloat(input, "Stateful", "input");
    const rows = input.shape[this.layer.stack.batchFirst ? 0 : 1];
    if (fresh !== undefined && !sameShape(fresh.shape, [rows]))
      throw new ShapeError(`Stateful: fresh of ${rows} sequences is [${rows}], got ${showShape(fresh.shape)}`);
    const layer = this.layer as unknown as Recurrent;
    if (!context.training) return layer.forward({ input, lengths }, context).output;
    if (rows !== this.rows && input.shape.length === 3)
      throw new ShapeError(
        `Stateful: ${this.rows} sequences go on from step to step, got ${rows}: ${showShape(input.shape)}`,
      );
    const goesOn = fresh?.cast("f32").equal(0).unsqueeze(-1);
    const first = this.state.map((each) => {
      const before = context.current(each);
      return goesOn === undefined ? before : goesOn.broadcastTo(each.shape).select(before, 0);
    });
    const { output, state } = layer.forward({ input, lengths, state: first.length === 1 ? first[0] : first }, context);
    for (const [i, end] of [state].flat().entries()) context.assign(this.state[i], end as Tensor);
    return output;
  }
}

/** What the layer was given, as a record. */
function recordOf(given: Tensor | StatefulInput): StatefulInput {
  if (given instanceof Tensor) return { input: given };
  must(isRecord(given), given, "Stateful: x", "a tensor, or an object { input, fresh, lengths } of tensors");
  checkOptions(given, "Stateful", { input: aTensor, fresh: aTensor, lengths: aTensor }, "input");
  return given;
}
