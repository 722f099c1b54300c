// What simdgrad/nn exports, with right arguments. Layers are made and run; initialisers make a first value.
import { constant, randomKey, type Shape, scalar } from "../../src/index.ts";
import * as functional from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const { evaluationContext } = nn;
const matrix = constant([
  [1, 2],
  [3, 4],
]);
const classes = constant(Int32Array.of(0, 1));
const context = a.instance(nn.trainingContext(0, scalar(0, "i32")));
const bias = { bias: a.flag(false) };
const epsilon = { epsilon: a.positive(1e-5), eps: a.positive(1e-5) };

// Activations

/** Those of a tensor alone, as their own texts say. */
const plain = Object.entries(functional)
  .filter(([, activation]) => /^function \w+\(\w+\)/.test(`${activation}`))
  .map(([name]) => name);
const alongAxis = ["glu", "swiglu", "softmax", "logSoftmax", "softmin"] as const;

const byName: Readonly<Record<string, (x: never, axis: never) => unknown>> = { ...nn } as never;
const activations: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(plain.map((name) => [name, call(byName[name], a.fitting(matrix))])),
  ...Object.fromEntries(alongAxis.map((name) => [name, call(byName[name], a.fitting(matrix), a.optional(a.place(0)))])),
  leakyRelu: call(nn.leakyRelu, a.fitting(matrix), a.optional(a.finite(0.1))),
  elu: call(nn.elu, a.fitting(matrix), a.optional(a.finite(0.1))),
  hardshrink: call(nn.hardshrink, a.fitting(matrix), a.optional(a.finite(0.1))),
  softshrink: call(nn.softshrink, a.fitting(matrix), a.optional(a.positive(0.1))),
  threshold: call(nn.threshold, a.fitting(matrix), a.finite(0.1), a.finite(20)),
  rrelu: call(
    nn.rrelu,
    a.fitting(matrix),
    a.optional(a.finite(0.1)),
    a.optional(a.positive(0.5)),
    a.optional(a.list(randomKey(0, "slopes") as never)),
  ),
  celu: call(nn.celu, a.fitting(matrix), a.optional(a.finite(0.1))),
  softplus: call(nn.softplus, a.fitting(matrix), a.optional(a.finite(0.1))),
  gelu: call(nn.gelu, a.fitting(matrix), a.optional(a.word("tanh"))),
  hardtanh: call(nn.hardtanh, a.fitting(matrix), a.optional(a.number(-2)), a.optional(a.number(2))),
  prelu: call(nn.prelu, a.fitting(matrix), a.tensor(constant([1, 2]))),
};

// Losses

const weights = a.also(
  a.list([1, 2]),
  ["a list", "two weights"],
  ["a list of sizes that are none", "any numbers are weights"],
);
const ofAll = { reduction: a.word("sum"), sampleWeight: weights };

function loss(run: Call["run"], own: Readonly<Record<string, a.Argument>> = {}, target: unknown = matrix): Call {
  return call(run, a.tensor(matrix), a.tensor(target), a.options({ ...ofAll, ...own }));
}

const margin = { margin: a.finite(0.5) };
const ofClasses = { weight: weights, ignoreIndex: a.also(a.seed(1), ["null", "none is ignored"]) };
const losses: Readonly<Record<string, Call>> = {
  binaryCrossEntropy: loss(nn.binaryCrossEntropy),
  binaryCrossEntropyWithLogits: loss(nn.binaryCrossEntropyWithLogits, {
    posWeight: a.also(
      weights,
      ["half", "one for all"],
      ["minus one", "one for all"],
      ["NaN", "one for all"],
      ["infinity", "one for all"],
    ),
  }),
  cosineEmbeddingLoss: call(
    nn.cosineEmbeddingLoss,
    a.tensor(matrix),
    a.tensor(matrix),
    a.tensor(constant([1, -1])),
    a.options({ ...ofAll, ...margin }),
  ),
  crossEntropy: loss(nn.crossEntropy, { ...ofClasses, labelSmoothing: a.positive(0.1) }, classes),
  diceLoss: loss(nn.diceLoss, { smooth: a.positive(1), squared: a.flag(true) }),
  focalLoss: loss(nn.focalLoss, {
    gamma: a.positive(2),
    alpha: a.also(a.positive(0.5), ["null", "no share"]),
  }),
  gaussianNllLoss: call(
    nn.gaussianNllLoss,
    a.tensor(matrix),
    a.tensor(matrix),
    a.tensor(matrix),
    a.options({ ...ofAll, full: a.flag(true), ...epsilon }),
  ),
  hingeEmbeddingLoss: loss(nn.hingeEmbeddingLoss, margin),
  hingeLoss: loss(nn.hingeLoss),
  huberLoss: loss(nn.huberLoss, { delta: a.also(a.positive(1), ["infinity", "squares alone"]) }),
  infoNce: call(nn.infoNce, a.tensor(matrix), a.tensor(matrix), a.options({ ...ofAll, temperature: a.positive(1) })),
  klDivLoss: call(
    nn.klDivLoss,
    a.tensor(matrix),
    a.tensor(matrix),
    a.options({ reduction: a.word("batchmean"), logTarget: a.flag(true), sampleWeight: weights }),
  ),
  l1Loss: loss(nn.l1Loss),
  logCoshLoss: loss(nn.logCoshLoss),
  marginRankingLoss: call(
    nn.marginRankingLoss,
    a.tensor(matrix),
    a.tensor(matrix),
    a.tensor(matrix),
    a.options({ ...ofAll, ...margin }),
  ),
  mseLoss: loss(nn.mseLoss),
  msleLoss: loss(nn.msleLoss),
  multiLabelMarginLoss: loss(nn.multiLabelMarginLoss, {}, constant(Int32Array.of(0, -1, 1, 0), { shape: [2, 2] })),
  multiLabelSoftMarginLoss: loss(nn.multiLabelSoftMarginLoss, { weight: weights }),
  multiMarginLoss: loss(nn.multiMarginLoss, { p: a.word(2), ...margin, weight: weights }, classes),
  softMarginLoss: loss(nn.softMarginLoss),
  nllLoss: loss(nn.nllLoss, ofClasses, classes),
  poissonNllLoss: loss(nn.poissonNllLoss, { logInput: a.flag(false), full: a.flag(true), ...epsilon }),
  quantileLoss: loss(nn.quantileLoss, { quantile: a.positive(0.5) }),
  smoothL1Loss: loss(nn.smoothL1Loss, { beta: a.positive(1) }),
  squaredHinge: loss(nn.squaredHinge),
  tripletMarginLoss: call(
    nn.tripletMarginLoss,
    a.tensor(matrix),
    a.tensor(matrix),
    a.tensor(matrix),
    a.options({
      ...ofAll,
      ...margin,
      p: a.also(a.positive(2), ["infinity", "the largest difference"]),
      swap: a.flag(true),
      ...epsilon,
    }),
  ),
};

// Layers, made and run

type Made = { forward(x: never, context: nn.Context): unknown };

function made(Kind: new (...args: never[]) => Made, ...args: readonly a.Argument[]): Call {
  return call((...given: readonly never[]) => new Kind(...given), ...args);
}

function ran(layer: Made, x: a.Argument, ...rest: readonly a.Argument[]): Call {
  return call((...given: readonly unknown[]) => Reflect.apply(layer.forward, layer, given), x, ...rest);
}

const x = a.tensor(matrix);
const sequences = a.tensor(
  constant([
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 9],
    ],
  ]),
);
const images = a.tensor(constant([1, 2, 3, 4, 5, 6, 7, 9], { shape: [2, 2, 1, 2] }));
const volumes = a.tensor(constant([1, 2, 3, 4, 5, 6, 7, 9], { shape: [2, 2, 1, 1, 2] }));
const batchNorm = {
  ...epsilon,
  momentum: a.also(a.positive(0.1), ["null", "the mean over all batches"]),
  affine: a.flag(false),
  trackRunningStats: a.flag(false),
};
const instanceNorm = { ...batchNorm, momentum: a.positive(0.1) };
const layers: Readonly<Record<string, Call>> = {
  AlphaDropout: made(nn.AlphaDropout, a.optional(a.positive(0.5))),
  "AlphaDropout.forward": ran(new nn.AlphaDropout(0.5), a.fitting(matrix), context),
  BatchNorm1d: made(nn.BatchNorm1d, a.whole(2), a.options(batchNorm)),
  "BatchNorm1d.forward": ran(new nn.BatchNorm1d(2), x, context),
  BatchNorm2d: made(nn.BatchNorm2d, a.whole(2), a.options(batchNorm)),
  "BatchNorm2d.forward": ran(new nn.BatchNorm2d(2), images, context),
  BatchNorm3d: made(nn.BatchNorm3d, a.whole(2), a.options(batchNorm)),
  "BatchNorm3d.forward": ran(new nn.BatchNorm3d(2), volumes, context),
  Bilinear: made(nn.Bilinear, a.whole(2), a.whole(2), a.whole(2), a.options(bias)),
  "Bilinear.forward": ran(new nn.Bilinear(2, 2, 2), a.list([matrix, matrix])),
  Branches: made(nn.Branches, a.list([nn.relu]), a.options({ axis: a.place(0), combine: a.callback(() => matrix) })),
  "Branches.forward": ran(
    new nn.Branches([nn.relu]),
    a.fitting(matrix),
    a.whatever("relu asks for no context")(context.value),
  ),
  Dropout: made(nn.Dropout, a.optional(a.positive(0.5))),
  "Dropout.forward": ran(new nn.Dropout(0.5), a.fitting(matrix), context),
  Dropout1d: made(nn.Dropout1d, a.optional(a.positive(0.5))),
  "Dropout1d.forward": ran(new nn.Dropout1d(0.5), sequences, context),
  Dropout2d: made(nn.Dropout2d, a.optional(a.positive(0.5))),
  "Dropout2d.forward": ran(new nn.Dropout2d(0.5), images, context),
  Dropout3d: made(nn.Dropout3d, a.optional(a.positive(0.5))),
  "Dropout3d.forward": ran(new nn.Dropout3d(0.5), volumes, context),
  DropPath: made(nn.DropPath, a.optional(a.positive(0.5))),
  "DropPath.forward": ran(new nn.DropPath(0.5), a.fitting(matrix), context),
  Embedding: made(
    nn.Embedding,
    a.whole(3),
    a.whole(2),
    a.options({
      paddingIdx: a.place(1),
      maxNorm: a.positive(1),
      normType: a.also(a.positive(2), ["infinity", "the largest"]),
    }),
  ),
  "Embedding.forward": ran(new nn.Embedding(3, 2), a.tensor(classes)),
  Flatten: made(nn.Flatten, a.optional(a.place(1))),
  "Flatten.forward": ran(new nn.Flatten(), a.fitting(matrix)),
  GaussianNoise: made(nn.GaussianNoise, a.positive(0.1)),
  "GaussianNoise.forward": ran(new nn.GaussianNoise(0.1), a.fitting(matrix), context),
  GroupNorm: made(nn.GroupNorm, a.whole(2), a.whole(2), a.options({ ...epsilon, affine: a.flag(false) })),
  "GroupNorm.forward": ran(new nn.GroupNorm(2, 2), images),
  Identity: made(nn.Identity),
  "Identity.forward": ran(new nn.Identity(), a.whatever("it gives what it is given")(matrix)),
  InstanceNorm1d: made(nn.InstanceNorm1d, a.whole(2), a.options(instanceNorm)),
  "InstanceNorm1d.forward": ran(new nn.InstanceNorm1d(2), sequences, context),
  InstanceNorm2d: made(nn.InstanceNorm2d, a.whole(2), a.options(instanceNorm)),
  "InstanceNorm2d.forward": ran(new nn.InstanceNorm2d(2), images, context),
  InstanceNorm3d: made(nn.InstanceNorm3d, a.whole(2), a.options(instanceNorm)),
  "InstanceNorm3d.forward": ran(new nn.InstanceNorm3d(2), volumes, context),
  LayerNorm: made(
    nn.LayerNorm,
    a.also(a.whole(2), ["a list", "the last axes"]),
    a.options({ ...epsilon, elementwiseAffine: a.flag(false), ...bias }),
  ),
  "LayerNorm.forward": ran(new nn.LayerNorm(2), x),
  Linear: made(nn.Linear, a.whole(2), a.whole(2), a.options(bias)),
  "Linear.forward": ran(new nn.Linear(2, 2), x),
  LocalResponseNorm: made(
    nn.LocalResponseNorm,
    a.whole(2),
    a.options({ alpha: a.positive(1), beta: a.positive(0.5), k: a.positive(1) }),
  ),
  "LocalResponseNorm.forward": ran(new nn.LocalResponseNorm(2), x),
  PReLU: made(nn.PReLU, a.optional(a.whole(1)), a.options({ init: a.finite(0.1) })),
  "PReLU.forward": ran(new nn.PReLU(), a.fitting(matrix)),
  Residual: made(nn.Residual, a.layer(nn.relu)),
  "Residual.forward": ran(
    new nn.Residual(nn.relu),
    a.fitting(matrix),
    a.whatever("relu asks for no context")(context.value),
  ),
  RMSNorm: made(
    nn.RMSNorm,
    a.also(a.whole(2), ["a list", "the last axes"]),
    a.options({ ...epsilon, elementwiseAffine: a.flag(false) }),
  ),
  "RMSNorm.forward": ran(new nn.RMSNorm(2), x),
  RReLU: made(nn.RReLU, a.optional(a.finite(0.1)), a.optional(a.positive(0.5))),
  "RReLU.forward": ran(new nn.RReLU(), a.fitting(matrix), context),
  Sequential: made(nn.Sequential, a.layer(nn.relu), a.layer(nn.tanh)),
  "Sequential.forward": ran(
    new nn.Sequential(nn.relu),
    a.fitting(matrix),
    a.whatever("relu asks for no context")(context.value),
  ),
  SpectralNorm: made(
    nn.SpectralNorm,
    a.instance(new nn.Linear(2, 2)),
    a.options({ ...epsilon, nPowerIterations: a.whole(2), dim: a.place(0) }),
  ),
  "SpectralNorm.forward": ran(new nn.SpectralNorm(new nn.Linear(2, 2)), x, context),
  WeightNorm: made(
    nn.WeightNorm,
    a.instance(new nn.Linear(2, 2)),
    a.options({ dim: a.also(a.place(0), ["null", "over all axes"]) }),
  ),
  "WeightNorm.forward": ran(
    new nn.WeightNorm(new nn.Linear(2, 2)),
    x,
    a.whatever("Linear asks for no context")(context.value),
  ),
};

// Initialisers, and a first value by each

const { init } = nn;

function first(
  make: (...args: never[]) => ReturnType<typeof init.zeros>,
  shape: Shape,
  ...args: readonly a.Argument[]
): Call {
  return call((...given: readonly never[]) => make(...given)(shape, randomKey(0, "w")), ...args);
}

const kaiming = a.options({ a: a.finite(0.1), mode: a.word("fanOut"), nonlinearity: a.word("tanh") });
const gain = a.optional(a.also(a.positive(1), ["minus one", "mirrored"]));
const named = [
  "zeros",
  "ones",
  "eye",
  "glorotUniform",
  "glorotNormal",
  "heUniform",
  "heNormal",
  "lecunUniform",
  "lecunNormal",
] as const;

export const initCalls: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(named.map((name) => [name, first(init[name], [2, 2])])),
  constant: first(init.constant, [2], a.finite(1)),
  uniform: first(init.uniform, [2], a.optional(a.finite(-2)), a.optional(a.finite(2))),
  normal: first(init.normal, [2], a.optional(a.finite(0)), a.optional(a.positive(1))),
  truncatedNormal: first(
    init.truncatedNormal,
    [2],
    a.optional(a.finite(0)),
    a.optional(a.positive(1)),
    a.optional(a.number(-2)),
    a.optional(a.number(2)),
  ),
  orthogonal: first(init.orthogonal, [2, 2], gain),
  identity: first(init.identity, [2, 2], gain),
  dirac: first(init.dirac, [2, 2, 3], a.optional(a.whole(1))),
  sparse: first(init.sparse, [2, 2], a.positive(0.5), a.optional(a.positive(0.1))),
  linearUniform: first(init.linearUniform, [2, 2], a.positive(2)),
  gain: call(init.gain, a.word("leakyRelu"), a.optional(a.finite(0.1))),
  xavierUniform: first(init.xavierUniform, [2, 2], gain),
  xavierNormal: first(init.xavierNormal, [2, 2], gain),
  kaimingUniform: first(init.kaimingUniform, [2, 2], kaiming),
  kaimingNormal: first(init.kaimingNormal, [2, 2], kaiming),
  varianceScaling: first(
    init.varianceScaling,
    [2, 2],
    a.options({ scale: a.positive(1), mode: a.word("fanAvg"), distribution: a.word("normal") }),
  ),
};

// Functions of models

const model = new nn.Sequential(new nn.Linear(2, 2), nn.relu);
const part = a.also(
  a.instance(model),
  ...(
    [
      "a list",
      "a list with a hole",
      "a list of digits",
      "a list of sizes that are none",
      "a list within itself",
      "a BigInt64Array",
      "an array that was transferred",
      "an object",
      "an object without a prototype",
      "an object with a constructor of its own",
      "data and shape",
      "a function",
      "a class",
      "a controller",
      "a date",
      "a tensor of another shape",
    ] as const
  ).map((name) => [name, "an object or a function may hold no variables"] as const),
);

const models: Readonly<Record<string, Call>> = {
  evaluationContext: call(nn.evaluationContext),
  fuseBatchNorm: call(nn.fuseBatchNorm, a.instance(new nn.Linear(2, 2)), a.instance(new nn.BatchNorm1d(2))),
  forward: call(
    nn.forward,
    a.layer(nn.relu),
    a.fitting(matrix),
    a.whatever("relu asks for no context")(evaluationContext()),
    a.whatever("a name is for messages alone")("layer"),
  ),
  parameters: call(nn.parameters, part),
  setTrainable: call(nn.setTrainable, part, a.flag(true)),
  summary: call(
    nn.summary,
    a.layer(model),
    a.also(a.shape([1, 2]), ["a tensor of another shape", "found by the model"]),
  ),
  withOptions: call(
    (loss: nn.Loss, options: never) => nn.withOptions(loss, options)(matrix, matrix),
    a.also(a.callback(nn.mseLoss), ["a function", "one that gives no tensor is found where it is used"]),
    a.options(ofAll),
  ),
  trainingContext: call(
    nn.trainingContext,
    a.seed(0),
    a.fitting(scalar(0, "i32")),
    a.optional(
      a.also(
        a.list([]),
        ["a list", "it is added to, not read"],
        ["a list with a hole", "it is added to, not read"],
        ["a list of digits", "it is added to, not read"],
        ["a list of sizes that are none", "it is added to, not read"],
        ["a list within itself", "it is added to, not read"],
      ),
    ),
  ),
  variables: call(nn.variables, part),
};

export const nnCalls: Readonly<Record<string, Call>> = { ...activations, ...losses, ...layers, ...models };
