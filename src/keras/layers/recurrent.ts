// Recurrent layers: Keras' gates in the order of the layers here, which run where their equations are Keras'; a loop of its own runs what
// they do not have: other activations, the reset gate before the product, masks, dropout of states.
import { concat } from "../../create.ts";
import { flip } from "../../functions/movement.ts";
import type { Context, Module } from "../../nn/module.ts";
import { GRU, LSTM, RNN } from "../../nn/recurrent.ts";
import { scan } from "../../ops/loop.ts";
import { uniform } from "../../ops/random.ts";
import { scalar, type Tensor } from "../../tensor.ts";
import { type Activation, activationOf } from "../activations.ts";
import { fault, Unsupported } from "../fault.ts";
import { hold, type LayerFile, type Made, type Weights } from "../layer-file.ts";
import { gateBiases, gates } from "../layouts.ts";
import { asLast, Value } from "../value.ts";

type Kind = "LSTM" | "GRU" | "SimpleRNN";

/** Gates of each kind, by the order here: i, f, g, o; r, z, n of Keras' z, r, h. */
const ORDERS: Readonly<Record<Kind, readonly number[]>> = { LSTM: [0, 1, 2, 3], GRU: [1, 0, 2], SimpleRNN: [0] };

/** The weights of a layer, as it holds them. */
type Held = LSTM["stack"]["layers"][number][number];

/** A recurrent layer that can be run in both directions. */
interface Unit {
  readonly layer: LSTM | GRU | RNN;
  readonly returnsSequences: boolean;
  readonly returnsState: boolean;
  readonly isBackward: boolean;
  run(x: Value, state: readonly Tensor[] | undefined, context: Context): Ran;
}

/** Outputs of all steps [N, T, units] in the order in which they were made, and the last state. */
interface Ran {
  readonly outputs: Tensor;
  readonly state: readonly Tensor[];
}

/** What Keras' loop does with the numbers of one step. */
interface Cell {
  readonly kind: Kind;
  readonly f: (x: Tensor) => Tensor;
  readonly gate: (x: Tensor) => Tensor;
  readonly isResetAfter: boolean;
}

export function recurrent(kind: Kind): (file: LayerFile) => Made {
  return (file) => {
    const unit = unitOf(kind, file);
    return {
      part: unit.layer,
      call(inputs, context, named) {
        const [x, ...more] = inputs;
        if (x === undefined) throw fault("takes a sequence, got nothing");
        const state = stateOf(kind, more, named);
        const { outputs, state: ends } = unit.run(x, state, context);
        const result = shown(outputs, unit, x.mask);
        return unit.returnsState ? [result, ...ends.map((each) => asLast(each))] : result;
      },
    };
  };
}

/** All steps, or the last one. */
function shown(outputs: Tensor, unit: Unit, mask: Tensor | undefined): Value {
  if (unit.returnsSequences) return asLast(outputs, mask);
  return asLast(outputs.narrow(1, outputs.shape[1] - 1, 1).squeeze(1));
}

/** The first state, handed over as further inputs or by its name. */
function stateOf(kind: Kind, more: readonly Value[], named: Readonly<Record<string, unknown>>): Tensor[] | undefined {
  const given = [...more, ...(Array.isArray(named.initial_state) ? named.initial_state : [])].filter(
    (each) => each instanceof Value,
  );
  const wanted = kind === "LSTM" ? 2 : 1;
  if (given.length > 0 && given.length !== wanted) throw fault(`takes a state of ${wanted}, got ${given.length}`);
  return given.length === 0 ? undefined : given.map(({ last }) => last);
}

/** Reads one layer in one direction. */
function unitOf(kind: Kind, file: LayerFile, weights: Weights = file.weights.inside("cell")): Unit {
  const { settings } = file;
  const order = ORDERS[kind];
  for (const key of ["stateful", "time_major", "zero_output_for_mask"]) settings.refuse(key);
  const [f, gate] = [activationOf(settings, "activation", "tanh"), gateActivation(kind, file)];
  if (!f.isElementwise || !gate.isElementwise) throw new Unsupported(`activation "${f.name}", "${gate.name}"`);
  const isResetAfter = kind === "GRU" && settings.flag("reset_after", settings.dialect !== "tensorflow.js");
  const biasRank = isResetAfter ? 2 : 1;
  const { kernel, recurrent_kernel, bias } = file.read(
    { kernel: 2, recurrent_kernel: 2, bias: settings.flag("use_bias", true) ? biasRank : undefined },
    weights,
  );
  const [inputs, columns] = kernel.shape;
  const units = columns / order.length;
  if (settings.whole("units", units) !== units) throw fault(`${settings.where}: its kernel has ${columns} columns`);
  file.shaped("recurrent_kernel", recurrent_kernel, [units, columns]);
  file.shaped("bias", bias, isResetAfter ? [2, columns] : [columns]);
  const layer = layerOf(kind, inputs, units, bias !== undefined, f.name);
  const held = layer.stack.layers[0][0];
  file.link("kernel", kernel, held.ih, gates(order), weights);
  file.link("recurrent_kernel", recurrent_kernel, held.hh, gates(order), weights);
  const biases = held.biasIh && held.biasHh ? [held.biasIh, held.biasHh] : undefined;
  file.link("bias", bias, biases, gateBiases(order, isResetAfter), weights);
  // Keras has one bias, of which one of both here is enough.
  if (!isResetAfter) hold(held.biasHh, 0);
  const cell = { kind, f: f.f, gate: gate.f, isResetAfter };
  const isOurs = isLayers(kind, f.name, gate.name, isResetAfter);
  const rates = [rateOf(file, "dropout"), rateOf(file, "recurrent_dropout")];
  return {
    layer,
    returnsSequences: settings.flag("return_sequences", false),
    returnsState: settings.flag("return_state", false),
    isBackward: settings.flag("go_backwards", false),
    run(x, state, context) {
      const sequence = this.isBackward ? flip(x.last, 1) : x.last;
      const mask = x.mask && (this.isBackward ? flip(x.mask, 1) : x.mask);
      const [ofInput, ofState] = rates.map((rate) => (context.training ? rate : 0));
      const input = ofInput > 0 ? sequence.mul(kept(ofInput, [sequence.shape[0], 1, inputs], context)) : sequence;
      const h = ofState > 0 ? kept(ofState, [sequence.shape[0], units], context) : undefined;
      return isOurs && mask === undefined && h === undefined
        ? byLayer(layer, input, state, context)
        : byLoop(cell, held, input, state, mask, h);
    },
  };
}

/** The layer here that holds the weights. */
function layerOf(kind: Kind, inputs: number, units: number, bias: boolean, activation: string): Unit["layer"] {
  const options = { batchFirst: true, bias };
  if (kind === "LSTM") return new LSTM(inputs, units, options);
  if (kind === "GRU") return new GRU(inputs, units, options);
  return new RNN(inputs, units, { ...options, nonlinearity: activation === "relu" ? "relu" : "tanh" });
}

/** Whether the equations of that layer are Keras'. */
function isLayers(kind: Kind, activation: string, gate: string, isResetAfter: boolean): boolean {
  if (kind === "SimpleRNN") return activation === "relu" || activation === "tanh";
  return activation === "tanh" && gate === "sigmoid" && (kind === "LSTM" || isResetAfter);
}

function gateActivation(kind: Kind, { settings }: LayerFile): Activation {
  if (kind === "SimpleRNN") return { name: "sigmoid", f: (x) => x.sigmoid(), isElementwise: true };
  const otherwise = settings.dialect === "tensorflow.js" ? "hard_sigmoid" : "sigmoid";
  return activationOf(settings, "recurrent_activation", otherwise);
}

function rateOf({ settings }: LayerFile, key: string): number {
  const rate = settings.number(key, 0);
  if (rate < 0 || rate >= 1) throw settings.wrong(key, "at least 0 and below 1");
  return rate;
}

/** What elements are multiplied by: 0 for a share of them. */
function kept(rate: number, shape: readonly number[], context: Context): Tensor {
  return uniform(context.key(), shape)
    .less(1 - rate)
    .select(scalar(1 / (1 - rate)).broadcastTo(shape), 0);
}

function byLayer(layer: Unit["layer"], input: Tensor, given: readonly Tensor[] | undefined, context: Context): Ran {
  const state = given?.map((each) => each.unsqueeze(0));
  const run = layer as Module<unknown, { readonly output: Tensor; readonly state: Tensor | readonly Tensor[] }>;
  const first = state === undefined ? {} : { state: layer instanceof LSTM ? state : state[0] };
  const { output, state: ends } = run.forward({ input, ...first }, context);
  return { outputs: output, state: ([ends].flat() as Tensor[]).map((each) => each.squeeze(0)) };
}

/** Keras' loop. Steps that a mask hides leave the state as it is, and give once more what was given before. */
function byLoop(
  cell: Cell,
  held: Held,
  input: Tensor,
  given: readonly Tensor[] | undefined,
  mask: Tensor | undefined,
  keptState: Tensor | undefined,
): Ran {
  const [rows, , units] = [input.shape[0], input.shape[1], held.hh.shape[1]];
  const zeros = scalar(0).broadcastTo([rows, units]);
  const first = given ?? (cell.kind === "LSTM" ? [zeros, zeros] : [zeros]);
  const product = input.permute([1, 0, 2]).matmul(held.ih, { transposeB: true });
  const projected = held.biasIh === undefined ? product : product.add(held.biasIh);
  const masks = mask === undefined ? [] : [mask.permute([1, 0]).unsqueeze(-1)];
  const { carries, outputs } = scan(
    (found, [x, seen]) => {
      const [before, ...state] = found;
      const next = stepped(cell, held, x, state, keptState);
      if (seen === undefined) return { carries: [next[0], ...next], outputs: [next[0]] };
      const chosen = (a: Tensor, b: Tensor) => seen.broadcastTo(a.shape).select(a, b);
      const shown = chosen(next[0], before);
      return { carries: [shown, ...next.map((each, i) => chosen(each, state[i]))], outputs: [shown] };
    },
    [zeros, ...first],
    [projected, ...masks],
  );
  return { outputs: outputs[0].permute([1, 0, 2]), state: carries.slice(1) };
}

/** One step, given what the input projects to. */
function stepped(cell: Cell, held: Held, x: Tensor, state: readonly Tensor[], keptState: Tensor | undefined): Tensor[] {
  const [before] = state;
  const h = keptState === undefined ? before : before.mul(keptState);
  if (cell.kind === "GRU") return [gruStep(cell, held, x, h, before)];
  const product = h.matmul(held.hh, { transposeB: true });
  const sum = x.add(held.biasHh === undefined ? product : product.add(held.biasHh));
  return cell.kind === "LSTM" ? lstmStep(cell, sum, state[1]) : [cell.f(sum)];
}

function lstmStep({ f, gate }: Cell, sum: Tensor, before: Tensor): Tensor[] {
  const units = sum.shape[1] / 4;
  const [i, forget, g, o] = [0, 1, 2, 3].map((at) => sum.narrow(1, at * units, units));
  const c = gate(forget)
    .mul(before)
    .add(gate(i).mul(f(g)));
  return [gate(o).mul(f(c)), c];
}

/** Gates r, z, n: the reset gate before the product with the state, as first written (Cho et al. 2014), or after it. */
function gruStep({ f, gate, isResetAfter }: Cell, held: Held, x: Tensor, h: Tensor, before: Tensor): Tensor {
  const units = x.shape[1] / 3;
  const part = (tensor: Tensor, axis: number, at: number, count = 1) => tensor.narrow(axis, at * units, count * units);
  const bias = (tensor: Tensor, at: number, count: number) =>
    held.biasHh === undefined ? tensor : tensor.add(part(held.biasHh, 0, at, count));
  const both = bias(h.matmul(part(held.hh, 0, 0, 2), { transposeB: true }), 0, 2);
  const r = gate(part(x, 1, 0).add(part(both, 1, 0)));
  const z = gate(part(x, 1, 1).add(part(both, 1, 1)));
  const last = part(held.hh, 0, 2);
  const n = isResetAfter
    ? r.mul(bias(h.matmul(last, { transposeB: true }), 2, 1))
    : bias(r.mul(h).matmul(last, { transposeB: true }), 2, 1);
  const candidate = f(part(x, 1, 2).add(n));
  return z.mul(before).add(z.neg().add(1).mul(candidate));
}

/** How both directions become one. */
const MERGES: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  concat: (a, b) => concat([a, b], -1),
  sum: (a, b) => a.add(b),
  ave: (a, b) => a.add(b).mul(0.5),
  mul: (a, b) => a.mul(b),
};

export function bidirectional(file: LayerFile): Made {
  const { settings } = file;
  const mode = settings.get("merge_mode") === undefined ? undefined : settings.text("merge_mode", "concat");
  if (mode !== undefined && !Object.hasOwn(MERGES, mode)) throw new Unsupported(`merge_mode "${mode}"`);
  const [forward, backward] = sidesOf(file);
  return {
    part: { forward: forward.layer, backward: backward.layer },
    call(inputs, context, named) {
      const [x, ...more] = inputs;
      if (x === undefined) throw fault("takes a sequence, got nothing");
      const given = stateOfBoth(more, named);
      const ran = [forward, backward].map((unit, i) => unit.run(x, given?.[i], context));
      // Both in the order of the sequence.
      const outputs = ran.map(({ outputs: own }, i) => (i === 1 && forward.returnsSequences ? flip(own, 1) : own));
      const shownBoth = outputs.map((own, i) => shown(own, [forward, backward][i], x.mask));
      const merged =
        mode === undefined
          ? shownBoth
          : [asLast(MERGES[mode](shownBoth[0].last, shownBoth[1].last), shownBoth[0].mask)];
      const states = forward.returnsState ? ran.flatMap(({ state }) => state.map((each) => asLast(each))) : [];
      const all = [...merged, ...states];
      return all.length === 1 ? all[0] : all;
    },
  };
}

/** First states of both directions, one after the other. */
function stateOfBoth(more: readonly Value[], named: Readonly<Record<string, unknown>>): Tensor[][] | undefined {
  const listed = Array.isArray(named.initial_state) ? named.initial_state : [];
  const given = [...more, ...listed].filter((each) => each instanceof Value).map(({ last }) => last);
  if (given.length === 0) return undefined;
  if (given.length % 2 !== 0) throw fault(`takes states of both directions, got ${given.length}`);
  return [given.slice(0, given.length / 2), given.slice(given.length / 2)];
}

function sidesOf(file: LayerFile): readonly [Unit, Unit] {
  const { settings } = file;
  const own = settings.get("layer");
  const forward = sideOf(file, own, "forward");
  if (forward.isBackward) throw new Unsupported("a layer in it that goes backwards");
  return [forward, { ...sideOf(file, settings.get("backward_layer") ?? own, "backward"), isBackward: true }];
}

/** One direction: a layer inside, by the name that Keras gives it there. */
function sideOf(file: LayerFile, config: unknown, side: "forward" | "backward"): Unit {
  const named = (name: string) => `${side}_${name.replace(/^(forward|backward)_/, "")}`;
  const inner = file.inner(config, (name) => file.weights.inside(`${side}_layer`, named(name)));
  const { className } = inner;
  if (className !== "LSTM" && className !== "GRU" && className !== "SimpleRNN")
    throw new Unsupported(`a layer of class ${className} in it`);
  return unitOf(className, inner);
}
