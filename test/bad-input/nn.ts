// What simdgrad/nn exports, with right arguments. Layers are made and run; initialisers make a first value.
import { constant, randomKey, type Shape, scalar } from "../../src/index.ts";
import { KeyValueCache } from "../../src/nn/cache.ts";
import * as functional from "../../src/nn/functional.ts";
import * as nn from "../../src/nn/index.ts";
import { perAxis } from "../ops/convolutions.ts";
import { completed, resizing, sizesOf } from "../ops/pooling.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const { evaluationContext } = nn;
const matrix = constant([
  [1, 2],
  [3, 4],
]);
const classes = constant(Int32Array.of(0, 1));
const spoken = { blank: a.seed(1), inputLengths: a.list([1]), batchFirst: a.flag(true) };
const bag = constant(Int32Array.of(0, 0));
const context = a.instance(nn.trainingContext(0, scalar(0, "i32")));
const unused = a.optional(context);
const bias = { bias: a.flag(false) };
const epsilon = { epsilon: a.positive(1e-5), eps: a.positive(1e-5) };

const steps = constant([[[1, 2, 3]]]);
const recurrent = {
  numLayers: a.whole(2),
  ...bias,
  batchFirst: a.flag(true),
  dropout: a.beside(a.positive(0.5), { numLayers: 2 }),
  bidirectional: a.flag(true),
};

const transformer = {
  dimFeedforward: a.whole(4),
  dropout: a.positive(0.5),
  activation: a.also(a.word("gelu"), ["a function", "any function is one"]),
  layerNormEps: a.positive(1e-5),
  batchFirst: a.flag(true),
  normFirst: a.flag(true),
  ...bias,
};
const ofKeys = a.tensor(constant([[1]]));
const masked = {
  srcMask: ofKeys,
  srcKeyMask: ofKeys,
  tgtMask: ofKeys,
  tgtKeyMask: ofKeys,
  tgtIsCausal: a.flag(true),
  memoryMask: ofKeys,
  memoryKeyMask: ofKeys,
};
const decoded = {
  tgt: a.tensor(steps),
  memory: a.tensor(steps),
  keyMask: ofKeys,
  memoryMask: ofKeys,
  memoryKeyMask: ofKeys,
  mask: ofKeys,
  isCausal: a.flag(true),
  cache: a.instance(new KeyValueCache(4)),
};
const attention = {
  mask: a.tensor(matrix),
  isCausal: a.flag(true),
  bias: a.tensor(matrix),
  scale: a.finite(0.5),
  dropoutP: a.positive(0.5),
  context,
  tiled: a.flag(true),
};

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
  ctcLoss: call(
    nn.ctcLoss,
    a.tensor(
      constant([
        [
          [-1, -2],
          [-3, -1],
        ],
      ]),
    ),
    a.tensor(constant([[1], [1]], { dtype: "i32" })),
    a.list([1, 1]),
    a.list([1, 1]),
    a.options({
      ...ofAll,
      sampleWeight: weights,
      blank: a.seed(0),
      zeroInfinity: a.flag(true),
      batchFirst: a.flag(false),
    }),
  ),
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

// Layers of one to three spatial axes

const stride = { stride: sizesOf(2) };
const window = { ...stride, padding: sizesOf(1), ceilMode: a.flag(true) };
const returnIndices = { returnIndices: a.flag(true) };
const largest = a.options({ ...window, dilation: sizesOf(1), ...returnIndices });
const mean = a.options({ ...window, countIncludePad: a.flag(false), divisorOverride: a.positive(3) });
const output = a.also(a.whole(2), ["a list", "a size an axis"], ["null", "as it is"]);
const pads = a.also(a.place(1), ["a list", "two an axis"]);
const crops = a.also(a.whole(1), ["a list", "one an axis"]);

/** What layers of so many axes take when they are made, by the beginnings of their names. */
const ofAxes = (axes: number): Readonly<Record<string, readonly a.Argument[]>> => ({
  MaxPool: [sizesOf(2), largest],
  MaxUnpool: [
    sizesOf(2),
    a.options({
      ...stride,
      padding: sizesOf(1),
      outputSize: a.also(a.list(Array(axes).fill(4)), ["a list", "one an axis"]),
    }),
  ],
  AvgPool: [sizesOf(2), mean],
  AdaptiveAvgPool: [output],
  AdaptiveMaxPool: [output, a.options(returnIndices)],
  LPPool: [a.positive(2), sizesOf(2), a.options({ ...stride, ceilMode: a.flag(true) })],
  ZeroPad: [pads],
  ConstantPad: [pads, a.number(1)],
  ReflectionPad: [pads],
  ReplicationPad: [pads],
  CircularPad: [pads],
  Cropping: [crops],
});

/** Layers made, and run over a tensor with so many spatial axes, in the table below. */
function spatialLayers(): Record<string, Call> {
  const kinds = nn as unknown as Readonly<Record<string, new (...args: readonly unknown[]) => Made>>;
  const calls: Record<string, Call> = {};
  for (const axes of [1, 2, 3])
    for (const [start, args] of Object.entries(ofAxes(axes))) {
      const name = `${start}${axes}d`;
      if (!(name in kinds)) continue;
      calls[name] = made(kinds[name] as never, ...args);
      const layer = new kinds[name](...args.filter(({ options }) => options === undefined).map(({ value }) => value));
      const planes = constant(new Float32Array(4 ** axes), { shape: [1, 1, ...Array<number>(axes).fill(4)] });
      calls[`${name}.forward`] =
        start === "MaxUnpool"
          ? ran(layer, a.list([planes, planes.cast("i32")]), a.whatever("it asks for no context")(context.value))
          : ran(layer, /Constant|Zero/.test(start) ? a.fitting(planes) : a.tensor(planes), unused);
    }
  return calls;
}

const image = constant(new Float32Array(16), { shape: [1, 4, 2, 2] });
const x = a.tensor(matrix);
/** Images of so many axes, with two channels. */
function imagesOf(axes: number): a.Argument {
  const shape = [1, 2, ...Array<number>(axes).fill(3)];
  return a.tensor(constant(new Float32Array(2 * 3 ** axes), { shape }));
}

const convolutionLayers: Readonly<Record<string, Call>> = Object.fromEntries(
  [1, 2, 3].flatMap((axes) => {
    const [Conv, Transposed] = [
      [nn.Conv1d, nn.ConvTranspose1d] as const,
      [nn.Conv2d, nn.ConvTranspose2d] as const,
      [nn.Conv3d, nn.ConvTranspose3d] as const,
    ][axes - 1];
    const common = { stride: perAxis(axes, 1), dilation: perAxis(axes, 1), groups: a.whole(1), bias: a.flag(false) };
    const sizes = [a.whole(2), a.whole(2), perAxis(axes, 2)];
    const padding = { padding: perAxis(axes, 1) };
    const mode = { paddingMode: a.beside(a.word("circular"), { padding: 1 }) };
    const more = { outputPadding: perAxis(axes, 0) };
    return [
      [Conv.name, made(Conv, ...sizes, a.options({ ...common, ...padding, ...mode }))],
      [`${Conv.name}.forward`, ran(new Conv(2, 2, 2), imagesOf(axes))],
      [Transposed.name, made(Transposed, ...sizes, a.options({ ...common, ...padding, ...more }))],
      [`${Transposed.name}.forward`, ran(new Transposed(2, 2, 2), imagesOf(axes))],
    ];
  }),
);

const ofPatches = a.options({ dilation: perAxis(2, 1), padding: perAxis(2, 0), stride: perAxis(2, 1) });
const patchLayers: Readonly<Record<string, Call>> = {
  Unfold: made(nn.Unfold, perAxis(2, 2), ofPatches),
  "Unfold.forward": ran(new nn.Unfold(2), imagesOf(2)),
  Fold: made(nn.Fold, perAxis(2, 3), perAxis(2, 2), ofPatches),
  "Fold.forward": ran(new nn.Fold(3, 2), a.tensor(constant(new Float32Array(16), { shape: [1, 4, 4] }))),
};

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
const instanceNorm = { ...batchNorm, momentum: a.beside(a.positive(0.1), { trackRunningStats: true }) };
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
  ...convolutionLayers,
  ...patchLayers,
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
      normType: a.beside(a.also(a.positive(2), ["infinity", "the largest"]), { maxNorm: 1 }),
    }),
  ),
  "Embedding.forward": ran(new nn.Embedding(3, 2), a.tensor(classes)),
  EmbeddingBag: made(
    nn.EmbeddingBag,
    a.whole(3),
    a.whole(2),
    a.options({
      paddingIdx: a.place(1),
      maxNorm: a.positive(1),
      normType: a.beside(a.also(a.positive(2), ["infinity", "the largest"]), { maxNorm: 1 }),
      mode: a.word("max"),
    }),
  ),
  "EmbeddingBag.forward": ran(
    new nn.EmbeddingBag(3, 2, { mode: "sum" }),
    a.options({ index: a.tensor(bag), offsets: a.tensor(bag), perSampleWeights: a.tensor(constant([0.5, 2])) }, [
      "index",
      "offsets",
    ]),
  ),
  Flatten: made(nn.Flatten, a.optional(a.place(1))),
  "Flatten.forward": ran(new nn.Flatten(), a.fitting(matrix)),
  GaussianNoise: made(nn.GaussianNoise, a.positive(0.1)),
  "GaussianNoise.forward": ran(new nn.GaussianNoise(0.1), a.fitting(matrix), context),
  MultiheadAttention: made(
    nn.MultiheadAttention,
    a.whole(4),
    a.whole(2),
    a.options({ dropout: a.positive(0.5), ...bias, kdim: a.whole(3), vdim: a.whole(3), batchFirst: a.flag(true) }),
  ),
  "MultiheadAttention.forward": ran(new nn.MultiheadAttention(3, 1), a.fitting(steps), unused),
  Transformer: made(
    nn.Transformer,
    a.optional(a.whole(4)),
    a.optional(a.whole(2)),
    a.options({ ...transformer, numEncoderLayers: a.whole(1), numDecoderLayers: a.whole(1) }),
  ),
  "Transformer.forward": ran(
    new nn.Transformer(3, 1, { numEncoderLayers: 1, numDecoderLayers: 1 }),
    a.options({ src: a.tensor(steps), tgt: a.tensor(steps), ...masked }, ["src", "tgt"]),
    context,
  ),
  TransformerDecoder: made(
    nn.TransformerDecoder,
    a.list([new nn.TransformerDecoderLayer(3, 1)]),
    a.options({ norm: a.instance(new nn.LayerNorm(3)) }),
  ),
  "TransformerDecoder.forward": ran(
    new nn.TransformerDecoder([new nn.TransformerDecoderLayer(3, 1)]),
    a.options(decoded, ["tgt", "memory"]),
    context,
  ),
  TransformerDecoderLayer: made(nn.TransformerDecoderLayer, a.whole(4), a.whole(2), a.options(transformer)),
  "TransformerDecoderLayer.forward": ran(
    new nn.TransformerDecoderLayer(3, 1),
    a.options(decoded, ["tgt", "memory"]),
    context,
  ),
  TransformerEncoder: made(
    nn.TransformerEncoder,
    a.list([new nn.TransformerEncoderLayer(3, 1)]),
    a.options({ norm: a.instance(new nn.LayerNorm(3)) }),
  ),
  "TransformerEncoder.forward": ran(
    new nn.TransformerEncoder([new nn.TransformerEncoderLayer(3, 1)]),
    a.fitting(steps),
    context,
  ),
  TransformerEncoderLayer: made(nn.TransformerEncoderLayer, a.whole(4), a.whole(2), a.options(transformer)),
  "TransformerEncoderLayer.forward": ran(new nn.TransformerEncoderLayer(3, 1), a.fitting(steps), context),
  GRU: made(nn.GRU, a.whole(3), a.whole(2), a.options(recurrent)),
  "GRU.forward": ran(new nn.GRU(3, 2), a.fitting(steps), unused),
  GRUCell: made(nn.GRUCell, a.whole(3), a.whole(2), a.options(bias)),
  "GRUCell.forward": ran(new nn.GRUCell(2, 2), a.list([matrix, matrix])),
  LSTM: made(nn.LSTM, a.whole(3), a.whole(2), a.options({ ...recurrent, projSize: a.whole(1) })),
  "LSTM.forward": ran(new nn.LSTM(3, 2), a.fitting(steps), unused),
  LSTMCell: made(nn.LSTMCell, a.whole(3), a.whole(2), a.options(bias)),
  "LSTMCell.forward": ran(new nn.LSTMCell(2, 2), a.list([matrix, [matrix, matrix]])),
  RNN: made(nn.RNN, a.whole(3), a.whole(2), a.options({ ...recurrent, nonlinearity: a.word("relu") })),
  "RNN.forward": ran(new nn.RNN(3, 2), a.fitting(steps), unused),
  RNNCell: made(nn.RNNCell, a.whole(3), a.whole(2), a.options({ ...bias, nonlinearity: a.word("relu") })),
  "RNNCell.forward": ran(new nn.RNNCell(2, 2), a.list([matrix, matrix])),
  Stateful: made(nn.Stateful, a.instance(new nn.GRU(3, 2)), a.whole(2)),
  "Stateful.forward": ran(new nn.Stateful(new nn.GRU(3, 2), 1), a.fitting(steps), context),
  GroupNorm: made(nn.GroupNorm, a.whole(2), a.whole(2), a.options({ ...epsilon, affine: a.flag(false) })),
  "GroupNorm.forward": ran(new nn.GroupNorm(2, 2), images),
  Identity: made(nn.Identity),
  "Identity.forward": ran(new nn.Identity(), a.whatever("it gives what it is given")(matrix)),
  InstanceNorm1d: made(nn.InstanceNorm1d, a.whole(2), a.options(instanceNorm)),
  "InstanceNorm1d.forward": ran(new nn.InstanceNorm1d(2), sequences, unused),
  InstanceNorm2d: made(nn.InstanceNorm2d, a.whole(2), a.options(instanceNorm)),
  "InstanceNorm2d.forward": ran(new nn.InstanceNorm2d(2), images, unused),
  InstanceNorm3d: made(nn.InstanceNorm3d, a.whole(2), a.options(instanceNorm)),
  "InstanceNorm3d.forward": ran(new nn.InstanceNorm3d(2), volumes, unused),
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
  ...spatialLayers(),
  Upsample: made(
    class {
      readonly layer: nn.Upsample;
      constructor(options: never) {
        this.layer = new nn.Upsample(completed(options));
      }
      forward(x: never, context: nn.Context) {
        return this.layer.forward(x, context);
      }
    },
    a.options(resizing),
  ),
  "Upsample.forward": ran(new nn.Upsample({ scaleFactor: 2 }), a.tensor(image), unused),
  PixelShuffle: made(nn.PixelShuffle, a.whole(2)),
  "PixelShuffle.forward": ran(new nn.PixelShuffle(2), a.tensor(image), unused),
  PixelUnshuffle: made(nn.PixelUnshuffle, a.whole(2)),
  "PixelUnshuffle.forward": ran(new nn.PixelUnshuffle(2), a.tensor(image), unused),
  Unflatten: made(nn.Unflatten, a.place(1), a.shape([2, 1])),
  "Unflatten.forward": ran(new nn.Unflatten(1, [2, 1]), a.tensor(matrix)),
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

const attentions: Readonly<Record<string, Call>> = {
  rotaryPositions: call(
    nn.rotaryPositions,
    a.tensor(matrix),
    a.options({ base: a.positive(100), offset: a.whole(1), places: a.whole(4) }),
  ),
  scaledDotProductAttention: call(
    nn.scaledDotProductAttention,
    a.tensor(matrix),
    a.tensor(matrix),
    a.tensor(matrix),
    { ...a.options(attention), value: { context: context.value } }, // which dropoutP asks for
  ),
  sinusoidalPositions: call(nn.sinusoidalPositions, a.whole(2), a.whole(2), a.options({ base: a.positive(100) })),
};

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
  setTrainable: call(nn.setTrainable, part, a.flag(true), a.nothing),
  summary: call(
    nn.summary,
    a.layer(model),
    a.also(a.shape([1, 2]), ["a tensor of another shape", "found by the model"]),
  ),
  ctcBeamDecode: call(
    nn.ctcBeamDecode,
    a.list([-1, -2, -3, -4]),
    a.list([2, 2]),
    a.options({ ...spoken, beamWidth: a.whole(2) }),
  ),
  ctcGreedyDecode: call(nn.ctcGreedyDecode, a.list([-1, -2, -3, -4]), a.list([2, 2]), a.options(spoken)),
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

export const nnCalls: Readonly<Record<string, Call>> = {
  ...activations,
  ...losses,
  ...layers,
  ...attentions,
  ...models,
};
