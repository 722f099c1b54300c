// Layers models as TensorFlow.js 4.22 saves them, with what it computes: small networks for each layer that it shares with simdgrad.
// npm run bench:peers && node test/golden/make-tfjs.mjs; another folder with @tensorflow/tfjs in its node_modules may be named.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const folder = process.argv[2] ?? "bench/peers";
const tf = createRequire(`${resolve(folder)}/`)("@tensorflow/tfjs");
tf.env().set("IS_TEST", true);
await tf.setBackend("cpu");

let state = 1;
/** Numbers from -1 to 1, the same in each run. */
function draw() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state / 2 ** 31 - 1) * 0.75;
}

const base64 = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
const drawn = (shape, kind) => {
  const size = shape.reduce((product, each) => product * each, 1);
  if (kind === "index") return Int32Array.from({ length: size }, () => Math.floor((draw() + 0.75) * 3));
  return Float32Array.from({ length: size }, () => draw());
};

const cases = [];

/** Writes a model down with random weights, inputs of so many rows, and what it makes of them. */
async function add(name, model, { rows = 2, kind = "number", optimizer = false, edit = (json) => json, zeros = 0 } = {}) {
  const fresh = (weight) => {
    const values = drawn(weight.shape);
    // Variances and the like are above 0.
    return tf.tensor(/variance/.test(weight.name) ? values.map((each) => Math.abs(each) + 0.5) : values, weight.shape);
  };
  if (!optimizer) model.setWeights(model.weights.map(fresh));
  const inputs = model.inputs.map(({ shape }) => {
    const full = [rows, ...shape.slice(1)].map((size) => size ?? 5);
    const data = drawn(full, kind);
    if (zeros > 0) for (let row = 0; row < rows; row++) data.fill(0, row * (data.length / rows) + zeros * (row + 1), (row + 1) * (data.length / rows));
    return { shape: full, data };
  });
  const tensors = inputs.map(({ shape, data }) => tf.tensor(data, shape, kind === "index" ? "int32" : "float32"));
  let saved;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
  });
  await model.save(handler, { includeOptimizer: optimizer });
  const results = [model.predict(tensors.length === 1 ? tensors[0] : tensors)].flat();
  const weights = new Uint8Array(Array.isArray(saved.weightData) ? saved.weightData[0] : saved.weightData);
  cases.push(
    edit({
      name,
      model: {
        format: saved.format,
        modelTopology: saved.modelTopology,
        ...(saved.trainingConfig ? { trainingConfig: saved.trainingConfig } : {}),
        weightsManifest: [{ paths: ["weights.bin"], weights: saved.weightSpecs }],
      },
      weights: base64(weights),
      inputs: inputs.map(({ shape, data }) => ({ shape, dtype: kind === "index" ? "i32" : "f32", data: base64(data) })),
      outputs: results.map((each) => ({ shape: each.shape, data: base64(each.dataSync()) })),
    }),
  );
}

const { layers } = tf;
const sequence = (inputShape, ...list) => {
  const model = tf.sequential();
  for (const [i, [kind, options = {}]] of list.entries())
    model.add(layers[kind](i === 0 ? { ...options, inputShape } : options));
  return model;
};

await add("dense", sequence([3], ["dense", { units: 4, activation: "relu" }], ["dense", { units: 2, useBias: false }]));
const activations = ["elu", "hardSigmoid", "linear", "relu", "relu6", "selu", "sigmoid", "softmax", "softplus", "softsign", "tanh", "swish", "mish", "gelu", "gelu_new", "logSoftmax"];
for (const activation of activations) await add(`activation ${activation}`, sequence([6], ["activation", { activation }]));
await add("dense of sequences", sequence([3, 4], ["dense", { units: 2, activation: "softmax" }]));

// Flatten after images: the weights of the dense layer go by channels last.
await add("flatten", sequence([4, 5, 2], ["conv2d", { filters: 3, kernelSize: 2 }], ["flatten"], ["dense", { units: 2 }]));

for (const padding of ["valid", "same"])
  for (const [strides, dilationRate, size] of [[1, 1, 7], [2, 1, 7], [2, 1, 8], [3, 1, 8], [1, 2, 7]]) {
    const options = { filters: 3, kernelSize: 3, strides, dilationRate, padding };
    await add(`conv1d ${padding} ${strides} ${dilationRate} ${size}`, sequence([size, 2], ["conv1d", options]));
    await add(`conv2d ${padding} ${strides} ${dilationRate} ${size}`, sequence([size, size - 1, 2], ["conv2d", { ...options, activation: "relu" }]));
    // TensorFlow.js leaves out the dilation of these.
    if (dilationRate === 1) await add(`depthwise ${padding} ${strides} ${dilationRate} ${size}`, sequence([size, size, 2], ["depthwiseConv2d", { kernelSize: 3, strides, padding, depthMultiplier: 2 }]));
    if (dilationRate === 1)
      await add(`separable ${padding} ${strides} ${size}`, sequence([size, size, 2], ["separableConv2d", { ...options, depthMultiplier: 2, activation: "tanh" }]));
    const pools = { poolSize: 3, strides, padding };
    if (dilationRate === 1) {
      await add(`maxPooling1d ${padding} ${strides} ${size}`, sequence([size, 2], ["maxPooling1d", pools]));
      await add(`averagePooling1d ${padding} ${strides} ${size}`, sequence([size, 2], ["averagePooling1d", pools]));
      await add(`maxPooling2d ${padding} ${strides} ${size}`, sequence([size, size - 1, 2], ["maxPooling2d", pools]));
      await add(`averagePooling2d ${padding} ${strides} ${size}`, sequence([size, size - 1, 2], ["averagePooling2d", pools]));
    }
  }
await add("conv2d of unequal sides", sequence([6, 7, 2], ["conv2d", { filters: 2, kernelSize: [2, 4], strides: [1, 2], padding: "same", useBias: false }]));
await add("conv3d", sequence([4, 5, 4, 2], ["conv3d", { filters: 2, kernelSize: 2, strides: 2, padding: "same" }]));
await add("maxPooling3d", sequence([4, 5, 4, 2], ["maxPooling3d", { poolSize: 2, padding: "same" }]));
await add("averagePooling3d", sequence([4, 5, 4, 2], ["averagePooling3d", { poolSize: 2, padding: "valid" }]));
await add("channels first", sequence([2, 5, 6], ["conv2d", { filters: 3, kernelSize: 3, dataFormat: "channelsFirst" }], ["maxPooling2d", { poolSize: 2, dataFormat: "channelsFirst" }]));
for (const padding of ["valid", "same"])
  for (const [kernelSize, strides] of [[3, 1], [3, 2], [2, 3], [4, 2]])
    await add(`conv2dTranspose ${padding} ${kernelSize} ${strides}`, sequence([4, 3, 2], ["conv2dTranspose", { filters: 3, kernelSize, strides, padding, activation: "relu" }]));
await add("conv3dTranspose", sequence([2, 3, 2, 2], ["conv3dTranspose", { filters: 2, kernelSize: 3, strides: 2, padding: "same" }]));

for (const kind of ["globalMaxPooling1d", "globalAveragePooling1d"]) await add(kind, sequence([5, 3], [kind]));
for (const kind of ["globalMaxPooling2d", "globalAveragePooling2d"]) await add(kind, sequence([4, 5, 3], [kind]));
await add("zeroPadding2d", sequence([3, 3, 2], ["zeroPadding2d", { padding: [[1, 2], [0, 3]] }]));
await add("cropping2d", sequence([6, 7, 2], ["cropping2D", { cropping: [[1, 2], [0, 3]] }]));
await add("upSampling2d", sequence([3, 2, 2], ["upSampling2d", { size: [2, 3] }]));
await add("upSampling2d bilinear", sequence([3, 4, 2], ["upSampling2d", { size: [2, 3], interpolation: "bilinear" }]));
await add("reshape", sequence([4, 3], ["reshape", { targetShape: [2, -1] }]));
await add("permute", sequence([4, 3, 2], ["permute", { dims: [3, 1, 2] }]));
await add("repeatVector", sequence([3], ["repeatVector", { n: 4 }]));
await add("rescaling", sequence([3], ["rescaling", { scale: 0.5, offset: -1 }]));

await add("reLU", sequence([5], ["reLU", { maxValue: 0.4 }]));
await add("leakyReLU", sequence([5], ["leakyReLU", { alpha: 0.1 }]));
await add("elu", sequence([5], ["elu", { alpha: 1 }]));
await add("thresholdedReLU", sequence([5], ["thresholdedReLU", { theta: 0.2 }]));
await add("softmax", sequence([3, 4], ["softmax", { axis: -1 }]));
await add("prelu", sequence([4, 3, 2], ["prelu", { sharedAxes: [1, 2] }]));
await add("prelu of each", sequence([4, 3], ["prelu"]));

for (const kind of ["dropout", "gaussianDropout", "alphaDropout"]) await add(kind, sequence([4], ["dense", { units: 3 }], [kind, { rate: 0.3 }]));
await add("spatialDropout1d", sequence([4, 3], ["spatialDropout1d", { rate: 0.3 }]));
await add("gaussianNoise", sequence([4], ["gaussianNoise", { stddev: 0.3 }]));

await add("batchNormalization of rows", sequence([4], ["batchNormalization"]));
await add("batchNormalization of images", sequence([4, 3, 2], ["conv2d", { filters: 3, kernelSize: 2 }], ["batchNormalization", { epsilon: 0.01 }], ["activation", { activation: "relu" }]));
await add("batchNormalization as it is", sequence([4, 3, 2], ["batchNormalization", { scale: false }], ["batchNormalization", { center: false }]));
// Along another axis than the last one TensorFlow.js (on the CPU) reads statistics in the wrong order.
await add("layerNormalization", sequence([3, 4], ["layerNormalization"]));
await add("layerNormalization of two axes", sequence([3, 4], ["layerNormalization", { axis: [1, 2], epsilon: 0.01 }]));
await add("layerNormalization without center", sequence([3, 4], ["layerNormalization", { center: false }]));

await add("embedding", sequence([5], ["embedding", { inputDim: 5, outputDim: 3 }]), { kind: "index" });
await add("masked embedding", sequence([5], ["embedding", { inputDim: 5, outputDim: 3, maskZero: true }], ["lstm", { units: 2, returnSequences: true }], ["gru", { units: 2 }]), { kind: "index", zeros: 2 });
await add("masking", sequence([5, 2], ["masking", { maskValue: 0 }], ["simpleRNN", { units: 3, returnSequences: true }]), { zeros: 4 });

for (const kind of ["lstm", "gru", "simpleRNN"]) {
  await add(kind, sequence([4, 3], [kind, { units: 2 }]));
  await add(`${kind} of all steps`, sequence([4, 3], [kind, { units: 2, returnSequences: true, useBias: false }]));
  await add(`${kind} backwards`, sequence([4, 3], [kind, { units: 2, returnSequences: true, goBackwards: true }]));
  await add(`${kind} with other activations`, sequence([4, 3], [kind, { units: 2, activation: "relu", ...(kind === "simpleRNN" ? {} : { recurrentActivation: "sigmoid" }) }]));
  await add(`${kind} with sigmoid`, sequence([4, 3], [kind, { units: 2, ...(kind === "simpleRNN" ? { activation: "sigmoid" } : { recurrentActivation: "sigmoid" }) }]));
  for (const mergeMode of ["concat", "sum", "mul", "ave"])
    for (const returnSequences of [true, false])
      await add(`bidirectional ${kind} ${mergeMode} ${returnSequences}`, sequence([4, 3], ["bidirectional", { layer: layers[kind]({ units: 2, returnSequences }), mergeMode }]));
}
await add("timeDistributed", sequence([3, 4], ["timeDistributed", { layer: layers.dense({ units: 2, activation: "tanh" }) }]));
await add("timeDistributed images", sequence([3, 4, 4, 2], ["timeDistributed", { layer: layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" }) }], ["timeDistributed", { layer: layers.flatten() }]));

/** A model of several inputs. */
const two = (shapes, f) => {
  const inputs = shapes.map((shape) => tf.input({ shape }));
  return tf.model({ inputs, outputs: f(...inputs) });
};
for (const kind of ["add", "multiply", "average", "maximum", "minimum"])
  await add(kind, two([[3, 2], [3, 2], [3, 2]], (a, b, c) => layers[kind]().apply([a, b, c])));
await add("concatenate", two([[3, 2], [3, 4]], (a, b) => layers.concatenate().apply([a, b])));
await add("concatenate of images", two([[4, 4, 2], [4, 4, 3]], (a, b) => layers.flatten().apply(layers.concatenate({ axis: 3 }).apply([layers.conv2d({ filters: 2, kernelSize: 1 }).apply(a), layers.conv2d({ filters: 3, kernelSize: 1 }).apply(b)]))));
await add("concatenate along the first axis", two([[3, 2], [4, 2]], (a, b) => layers.concatenate({ axis: 1 }).apply([a, b])));
await add("dot", two([[4], [4]], (a, b) => layers.dot({ axes: 1 }).apply([a, b])));
await add("dot of sequences", two([[3, 4], [5, 4]], (a, b) => layers.dot({ axes: [2, 2] }).apply([a, b])));
await add("cosine", two([[4], [4]], (a, b) => layers.dot({ axes: 1, normalize: true }).apply([a, b])));

// Shared layers, several outputs, models in models, states that are handed on.
await add("shared and nested", (() => {
  const x = tf.input({ shape: [4, 3] });
  const inner = tf.sequential({ name: "inner", layers: [layers.dense({ units: 2, inputShape: [3], name: "first" })] });
  const spread = layers.timeDistributed({ layer: inner }).apply(x);
  const both = layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }), mergeMode: "concat" }).apply(spread);
  const shared = layers.dense({ units: 4, name: "shared", activation: "relu" });
  const a = shared.apply(both);
  const b = layers.add().apply([a, layers.dense({ units: 4 }).apply(both)]);
  const [last, state] = layers.gru({ units: 2, returnState: true }).apply(b);
  const head = tf.sequential({ name: "head", layers: [layers.dense({ units: 2, inputShape: [2], name: "second" })] });
  return tf.model({ inputs: x, outputs: [head.apply(last), state, shared.apply(b)] });
})());
await add("a model called twice", (() => {
  const z = tf.input({ shape: [3] });
  const body = tf.model({ name: "body", inputs: z, outputs: layers.dense({ units: 3, activation: "tanh", name: "step" }).apply(z) });
  const [x, y] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
  return tf.model({ inputs: [x, y], outputs: layers.concatenate().apply([body.apply(body.apply(x)), body.apply(y)]) });
})());
await add("an encoder and a decoder", (() => {
  const [x, y] = [tf.input({ shape: [4, 3] }), tf.input({ shape: [3, 2] })];
  const [, h, c] = layers.lstm({ units: 2, returnState: true }).apply(x);
  return tf.model({ inputs: [x, y], outputs: layers.lstm({ units: 2, returnSequences: true }).apply(y, { initialState: [h, c] }) });
})());
await add("a residual block", (() => {
  const x = tf.input({ shape: [6, 6, 2] });
  const conv = (filters) => layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false });
  const y = layers.batchNormalization().apply(conv(2).apply(layers.reLU().apply(layers.batchNormalization().apply(conv(2).apply(x)))));
  return tf.model({ inputs: x, outputs: layers.globalAveragePooling2d({}).apply(layers.add().apply([x, y])) });
})());

// What an optimizer keeps: two steps were taken.
for (const [name, optimizer] of [["adam", tf.train.adam(0.01)], ["momentum", tf.train.momentum(0.1, 0.9)], ["rmsprop", tf.train.rmsprop(0.01)]]) {
  const model = sequence([3], ["dense", { units: 4, activation: "relu" }], ["dense", { units: 2 }]);
  model.setWeights(model.weights.map((weight) => tf.tensor(drawn(weight.shape), weight.shape)));
  model.compile({ loss: "meanSquaredError", optimizer });
  const [x, y] = [tf.tensor(drawn([4, 3]), [4, 3]), tf.tensor(drawn([4, 2]), [4, 2])];
  for (let step = 0; step < 2; step++) await model.trainOnBatch(x, y);
  await add(`optimizer ${name}`, model, { optimizer: true });
}

// The settings that say how weights begin have no meaning here: they are left out.
const rest = /_(initializer|regularizer|constraint)$/;
const lean = (_, value) =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([key]) => !rest.test(key)))
    : value;
writeFileSync("test/golden/tfjs.json", `[\n${cases.map((each) => JSON.stringify(each, lean)).join(",\n")}\n]\n`);
console.log(`${cases.length} models, TensorFlow.js ${tf.version.tfjs}`);
