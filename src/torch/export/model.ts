// From a model's graphs to model.py: one function that predicts, and one that trains where that is another one.

import { input } from "../../create.ts";
import { ArgumentError, SimdgradError } from "../../errors.ts";
import { type Layer, partsOf, trainingContext } from "../../nn/module.ts";
import type { Known } from "../../onnx/export/counted.ts";
import { allOf, knownUnder, numbersOf } from "../../onnx/export/known.ts";
import { BATCHES, type Signature } from "../../onnx/export/signature.ts";
import { rootsOf, type Trace, type Tracing, tracesOf } from "../../onnx/export/trace.ts";
import { findTwins, type Twins } from "../../onnx/export/twins.ts";
import type { Weights } from "../../onnx/export/weights.ts";
import type { Op } from "../../op.ts";
import type { ConstantAttrs } from "../../ops/leaf.ts";
import { permuteIndexOp, uniformOp } from "../../ops/random.ts";
import { ofAnySize, showShape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { Variable } from "../../variable.ts";
import { Code, NAME, type Source } from "./code.ts";
import { type Constant, ModelFile } from "./file.ts";
import { helpers, READING } from "./helpers.ts";
import { isBatchNorm, isOfTorch, ofTorch, ownOf, type Plan, planOf, standIn, writeStandIn } from "./layers.ts";
import { customsUnder, naturalOf } from "./natural.ts";
import { bare, identifier, plain, quoted, quotedPath, TYPES, tuple } from "./python.ts";
import { ruleOf } from "./rules.ts";

/** What inputs are not called: names that lines have already, and the one that targets have in the data of train_ddp.py. */
const OTHERS = /^(self|torch|nn|F|batch|device|math|targets)$/;

const DRAWS: ReadonlySet<Op> = new Set([uniformOp as Op, permuteIndexOp as Op]);

/** Attributes that torch gives a new value in modules, or looks for there. */
const HELD: ReadonlySet<string> = new Set(["training", "_ddp_params_and_buffers_to_ignore"]);

/** The text of model.py, and constants that are too large for it. */
export interface Written {
  readonly text: string;
  readonly constants: ReadonlyMap<string, Constant>;
}

/** One way to run the model. */
interface Body {
  readonly lines: readonly string[];
}

/** What both ways are written from. */
interface Given {
  readonly signature: Signature;
  readonly weights: Weights;
  readonly paths: ReadonlyMap<object, string>;
  readonly file: ModelFile;
  readonly arguments: readonly string[];
}

export async function writtenModel(
  model: Layer<unknown, unknown>,
  signature: Signature,
  weights: Weights,
): Promise<Written> {
  const paths = partsOf(model);
  checkPaths(paths, weights);
  const names = new Set([...weights.values()].map(({ name }) => name.split(".")[0]));
  const file = new ModelFile((name) => names.has(name));
  const taken = new Set<string>();
  const own = signature.leaves.map(({ name }) => {
    let free = identifier(name);
    while (taken.has(free) || free in helpers || OTHERS.test(free)) free += "_";
    taken.add(free);
    return free;
  });
  const given: Given = { signature, weights, paths, file, arguments: own };
  const predicting = await bodyOf(tracesOf(model, signature, watchingFor(given)), given);
  const training = await trainingBody(model, given).catch((error: unknown) => {
    if (error instanceof SimdgradError) return error;
    throw error;
  });
  const named = typeof model === "function" ? model.name : model.constructor.name;
  const title = named === "" || named === "Object" ? "A model" : named;
  return { text: textOf(title, given, predicting, training), constants: file.constants };
}

/** @throws ArgumentError where two parts of the model have one path, and for names that modules of torch's cannot hold */
function checkPaths(paths: ReadonlyMap<object, string>, weights: Weights): void {
  const seen = new Set<string>();
  for (const [part, path] of paths) {
    if (!(part instanceof Variable) && !isOfTorch(part)) continue;
    if (seen.has(path))
      throw new ArgumentError(
        `${NAME}: two parts of the model have the path ${path}, as a field "a.b" and a field "b" in "a" have: give one of them another name`,
      );
    seen.add(path);
  }
  const held = [...weights.values()].find(({ name }) => name.split(".").some((part) => HELD.has(part)));
  if (held !== undefined)
    throw new ArgumentError(
      `${NAME}: ${held.name} has a name in its path that each module of torch's has itself (${[...HELD].join(", ")}): give the field another name`,
    );
}

/** What a step that trains does, with new values of running statistics. */
async function trainingBody(model: Layer<unknown, unknown>, given: Given): Promise<Body> {
  // Running statistics that a layer of torch's keeps by itself are its own affair.
  const kept = new Set<Variable>();
  for (const layer of given.paths.keys())
    if (isBatchNorm(layer) && placeOf(layer, given) !== undefined)
      for (const [, variable] of ownOf(layer)) kept.add(variable);
  const contextFor = (assignments: Trace["assignments"][number][]) => {
    const context = trainingContext(0, input([], "i32", "step"), assignments);
    const assign: typeof context.assign = (variable, value) => {
      if (!kept.has(variable)) context.assign(variable, value);
    };
    return { ...context, assign };
  };
  return bodyOf(tracesOf(model, given.signature, { ...watchingFor(given), contextFor }), given, true);
}

/** Which layers are looked for, and what stands for some of them. */
function watchingFor(given: Given): Tracing {
  return {
    isWatched: isOfTorch,
    standIn: (run) => (isBatchNorm(run.layer) && placeOf(run.layer, given) === undefined ? run.result : standIn(run)),
  };
}

/** The path of a layer of torch's; undefined where its weights have other names: those that lie elsewhere, too. */
function placeOf(layer: object, { paths, weights }: Given): string | undefined {
  const path = paths.get(layer) ?? "";
  const isOwn = ownOf(layer).every(([name, variable]) => weights.get(variable)?.name === `${path}.${name}`);
  return path !== "" && isOwn ? path : undefined;
}

/** The lines of one way to run. */
async function bodyOf(all: readonly Trace[], given: Given, isTraining = false): Promise<Body> {
  const { signature, weights, file } = given;
  // Those that only bear witness must not decide what is computed beforehand.
  const traces = all.slice(0, BATCHES.length);
  const twins = new Map<Tensor, Twins>();
  findTwins(traces.map(rootsOf), twins, NAME);
  const [{ inputs, outputs, assignments }] = traces;
  const plans = plansOf(traces[0], twins, given);
  const results = [...outputs, ...assignments].map(([, tensor]) => tensor);
  const known = await knownUnder(results, twins, plans, NAME);
  const needsOf = (tensor: Tensor) => {
    // What draws is drawn by torch, whatever the key is.
    if (known.has(tensor) || DRAWS.has(tensor.op)) return [];
    if (tensor.op === ofTorch) return tensor.inputs.slice(0, 1);
    return plans.get(tensor)?.needs;
  };
  const natural = await naturalOf(customsUnder(results, needsOf));
  const source: Source = {
    batches: signature.batch === undefined ? [] : traces.map(({ batch }) => batch),
    twins,
    needsOf,
    emit: (code, tensor) => {
      if (!isTraining && tensor.op === uniformOp && !known.has(tensor))
        throw new ArgumentError(
          `${NAME}: what predicts draws random numbers by a key that goes in, which torch has not`,
        );
      emit(code, tensor, plans, known, natural, given);
    },
  };
  const code = new Code(file, source);
  return ofAnySize(() => {
    for (const [i, tensor] of inputs.entries()) code.giveInput(tensor, given.arguments[i]);
    code.write(results);
    const texts = results.map((each) => code.text(each));
    const [told, values] = [texts.slice(0, outputs.length), texts.slice(outputs.length)];
    if (values.length > 0)
      code.inside("with torch.no_grad():", () => {
        for (const [i, [variable]] of assignments.entries()) {
          const name = weights.get(variable)?.name;
          if (name === undefined) throw hidden(variable);
          code.line(`self[${quotedPath(name)}].copy_(${values[i]})`);
        }
      });
    code.line(`return ${told.map(bare).join(", ")}`);
    return { lines: [...beginning(code, given), ...code.lines] };
  });
}

/** Lines that inputs are looked at in. */
function beginning(code: Code, { signature: { leaves, batch }, arguments: names }: Given): string[] {
  const lines: string[] = [];
  const sized = leaves.findIndex(({ shape }) => shape.some((size) => size === batch));
  if (code.usesBatch) lines.push(`batch = ${names[sized]}.shape[${leaves[sized].shape.indexOf(batch as string)}]`);
  if (code.usesDevice) lines.push(`device = ${names[0]}.device`);
  for (const [i, { dtype }] of leaves.entries()) if (dtype === "i32") lines.push(`${names[i]} = ${names[i]}.int()`);
  return lines;
}

/** A plan with the path of its layer. */
type Placed = Plan & { readonly path: string };

/** Plans for tensors that layers of torch's gave, of the first batch. */
function plansOf({ runs }: Trace, twins: ReadonlyMap<Tensor, Twins>, given: Given): Map<Tensor, Placed> {
  const plans = new Map<Tensor, Placed>();
  for (const run of runs) {
    const [plan, path] = [planOf(run), placeOf(run.layer, given)];
    // What is not reached may be anything.
    if (plan === undefined || path === undefined || !plan.results.some((each) => twins.has(each))) continue;
    for (const result of plan.results) if (!plans.has(result)) plans.set(result, { ...plan, path });
  }
  return plans;
}

function emit(
  code: Code,
  tensor: Tensor,
  plans: ReadonlyMap<Tensor, Placed>,
  known: Map<Tensor, Known>,
  natural: ReadonlySet<Tensor>,
  given: Given,
): void {
  const { file, weights } = given;
  const plan = plans.get(tensor);
  const { lowering } = tensor.op;
  const isConstant = lowering.kind === "leaf" && lowering.place === "constant";
  const numbers =
    known.get(tensor) ??
    (isConstant ? code.twinsOf(tensor).map(({ attrs }) => numbersOf(attrs as ConstantAttrs)) : undefined);
  if (numbers !== undefined && code.giveKnown(tensor, allOf(numbers, code.twinsOf(tensor).length))) return;
  if (numbers !== undefined && isConstant)
    throw new ArgumentError(
      `${NAME}: a constant of ${tensor.dtype}${showShape(tensor.shape)} has other numbers for every batch; give it as an input, or write sizes that are all numbers`,
    );
  if (numbers !== undefined) {
    known.delete(tensor);
    code.write(tensor.inputs);
  }
  if (tensor.op === ofTorch) {
    const path = placeOf((tensor.attrs as { readonly layer: object }).layer, given) ?? "";
    writeStandIn(code, tensor, (made) => file.layer(path, made));
  } else if (plan !== undefined) plan.write(code, () => file.layer(plan.path, plan.made));
  else if (tensor instanceof Variable) {
    const name = weights.get(tensor)?.name;
    if (name === undefined) throw hidden(tensor);
    code.giveName(tensor, `self[${quotedPath(name)}]`);
  } else if (natural.has(tensor)) code.same(tensor, tensor.inputs[0]);
  else {
    const rule = ruleOf.get(tensor.op);
    if (rule === undefined) throw new ArgumentError(`${NAME}: there is no rule for ${tensor.op.name}`);
    rule(code, code.nodeOf(tensor));
  }
}

function hidden(tensor: Tensor): ArgumentError {
  return new ArgumentError(
    `${NAME}: ${tensor.label || tensor.op.name} ${showShape(tensor.shape)} is no input and in no field of the model (private ones and closures hide theirs)`,
  );
}

/** Lines of the constructor: layers of torch's, and weights that none of them has. */
function constructorOf({ weights, paths, file }: Given): string[] {
  const lines: string[] = [];
  const frozen: string[] = [];
  const layerOf = new Map<string, string>();
  for (const [part, path] of paths)
    if (file.layers.has(path) && isOfTorch(part))
      for (const [name] of ownOf(part)) layerOf.set(`${path}.${name}`, path);
  const open = new Map(file.layers);
  const placeLayer = (path: string) => {
    const made = open.get(path);
    if (made !== undefined) lines.push(`place(self, ${quotedPath(path)}, ${made})`);
    open.delete(path);
  };
  for (const [variable, { name }] of weights) {
    const { shape, dtype, trainable, isParameter } = variable;
    if (isParameter && !trainable) frozen.push(name);
    const layer = layerOf.get(name);
    if (layer !== undefined) {
      placeLayer(layer);
      continue;
    }
    const empty = `torch.zeros(${tuple(shape)}, dtype=${TYPES[dtype]})`;
    const made = isParameter ? `nn.Parameter(torch.zeros(${tuple(shape)}))` : empty;
    lines.push(`place(self, ${quotedPath(name)}, ${made})`);
  }
  // Some have no weights.
  for (const path of [...open.keys()]) placeLayer(path);
  for (const name of frozen) lines.push(`self[${quotedPath(name)}].requires_grad_(False)`);
  if (file.constants.size > 0) lines.push('constants = read_weights(os.path.join(HERE, "constants.safetensors"))');
  for (const [name, made] of file.made) lines.push(`self.register_buffer(${quoted(name)}, ${made}, persistent=False)`);
  return lines;
}

function textOf(title: string, given: Given, predicting: Body, training: Body | SimdgradError): string {
  const { signature, file, arguments: names } = given;
  const isSame = "lines" in training && training.lines.join("\n") === predicting.lines.join("\n");
  const indented = (lines: readonly string[], by: string) => lines.map((line) => by + line);
  const takes = signature.leaves.map(
    ({ shape, dtype }, i) =>
      `${names[i]}: ${TYPES[dtype].slice(6)} [${shape.map((size) => plain(`${size}`)).join(", ")}]`,
  );
  const sizes = signature.leaves.map(({ shape }) =>
    tuple(shape.map((size) => (typeof size === "number" ? size : "None"))),
  );
  const list = ["self", ...names].join(", ");
  const forward = isSame
    ? [`    def forward(${list}):`, ...indented(predicting.lines, "        ")]
    : [
        `    def forward(${list}):`,
        `        return self.${"lines" in training ? "train_step" : "cannot_train"}(${names.join(", ")}) if self.training else self.predict(${names.join(", ")})`,
        "",
        `    def predict(${list}):`,
        ...indented(predicting.lines, "        "),
        "",
        ...("lines" in training
          ? [`    def train_step(${list}):`, ...indented(training.lines, "        ")]
          : [
              "    def cannot_train(self, *given):",
              `        raise NotImplementedError(${quoted(`this model trains in simdgrad alone: ${training.message}; model.eval() predicts`)})`,
            ]),
      ];
  const parts = [
    `"""${plain(title).replaceAll("_", " ")} of simdgrad, in PyTorch. It takes ${takes.join("; ")}.`,
    "",
    "model = load() has the weights that lie beside this file; write_weights(path, model.state_dict()) writes such a file.",
    '"""',
    "import json",
    "import math",
    "import os",
    "import struct",
    "",
    "import torch",
    "from torch import nn",
    "from torch.nn import functional as F",
    "",
    READING,
    ...[...file.helpers].flatMap((name) => ["", helpers[name], ""]),
    "",
    "class Model(nn.Module):",
    `    inputs = ${JSON.stringify(names)}`,
    `    dtypes = [${signature.leaves.map(({ dtype }) => TYPES[dtype]).join(", ")}]`,
    `    shapes = [${sizes.join(", ")}]`,
    "",
    "    def __init__(self):",
    "        super().__init__()",
    ...indented(constructorOf(given), "        "),
    "",
    "    def __getitem__(self, path):",
    '        """The layer or weight of a path of the state dictionary."""',
    "        part = self",
    '        *outer, name = path.split(".")',
    "        for each in outer:",
    "            part = part._modules[each]",
    "        kept = [part._parameters, part._buffers, part._modules]",
    "        return next(each[name] for each in kept if name in each)",
    "",
    ...forward,
    "",
    "",
    "def load(path=None):",
    '    """The model with weights of a safetensors file; by default those that lie beside this one."""',
    "    model = Model()",
    '    model.load_state_dict(read_weights(path or os.path.join(HERE, "weights.safetensors")))',
    "    return model",
    "",
  ];
  return parts.join("\n").replaceAll("\n\n\n\n", "\n\n\n");
}
