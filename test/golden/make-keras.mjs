// .keras files as Keras 3 saves them (keras/src/saving/saving_lib.py, serialization_lib.py, save_own_variables of layers), written with h5wasm, and
// what their models compute: by TensorFlow.js where it has the layers as Keras 3 has them, else by Keras' formulas in float64.
// npm run bench:peers && node test/golden/make-keras.mjs; another folder with @tensorflow/tfjs in its node_modules may be named.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { zipSync } from "fflate";
import h5wasm from "h5wasm/node";

await h5wasm.ready;
const tf = createRequire(`${resolve(process.argv[2] ?? "bench/peers")}/`)("@tensorflow/tfjs");
tf.env().set("IS_TEST", true);
await tf.setBackend("cpu");

let state = 7;
function draw() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state / 2 ** 31 - 1) * 0.75;
}
const sizeOf = (shape) => shape.reduce((product, each) => product * each, 1);
const drawn = (...shape) => ({ data: Float32Array.from({ length: sizeOf(shape) }, draw), shape });
const above = (...shape) => ({ data: Float32Array.from({ length: sizeOf(shape) }, () => Math.abs(draw()) + 0.5), shape });
const base64 = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

/** Arrays by their paths as an HDF5 file, as h5py writes it by HDF5 1 ("earliest") or 2 ("v108"). */
function hdf5(arrays, libver) {
  const path = join(tmpdir(), `keras-${process.pid}.h5`);
  const file = new h5wasm.File(path, "w", { libver: [libver, "latest"] });
  const groups = new Set();
  for (const [name, { data, shape, dtype = "<f" }] of Object.entries(arrays)) {
    const parts = name.split("/");
    for (let i = 1; i < parts.length; i++) {
      const group = parts.slice(0, i).join("/");
      if (!groups.has(group)) file.create_group(group);
      groups.add(group);
    }
    if (data === undefined) continue;
    file.get(parts.slice(0, -1).join("/")).create_dataset({ name: parts.at(-1), data, shape, dtype });
  }
  file.flush();
  file.close();
  const bytes = Uint8Array.from(readFileSync(path));
  rmSync(path);
  return bytes;
}

/** An object as Keras 3 writes it. */
const object = (module, class_name, config) => ({ module, class_name, config, registered_name: null });
const policy = object("keras", "DTypePolicy", { name: "float32" });
const layer = (class_name, name, config = {}) => object("keras.layers", class_name, { name, trainable: true, dtype: policy, ...config });
const inputLayer = (name, shape, dtype = "float32") => layer("InputLayer", name, { batch_shape: [null, ...shape], dtype, sparse: false });
const sequential = (name, ...layers) => object("keras", "Sequential", { name, trainable: true, dtype: policy, layers, build_input_shape: layers[0].config.batch_shape });

/** A tensor that a call reads. */
const tensor = (name, call = 0, output = 0) => ({ class_name: "__keras_tensor__", config: { shape: [null], dtype: "float32", keras_history: [name, call, output] } });
const called = (each, ...calls) => ({ ...each, name: each.config.name, inbound_nodes: calls });
const call = (args, kwargs = {}) => ({ args, kwargs });
const functional = (name, layers, inputs, outputs) => object("keras.src.models.functional", "Functional", { name, trainable: true, layers, input_layers: inputs, output_layers: outputs });

const cases = [];

function add(name, config, arrays, inputs, outputs, { libver = "earliest", level = 0, version = "3.11.3" } = {}) {
  const text = (value) => new TextEncoder().encode(JSON.stringify(value));
  const file = zipSync(
    { "metadata.json": text({ keras_version: version, date_saved: "2026-11-29@12:00:00" }), "config.json": text(config), "model.weights.h5": hdf5(arrays, libver) },
    { level, mtime: new Date(1980, 0, 1) },
  );
  cases.push({
    name,
    file: base64(file),
    inputs: inputs.map(({ data, shape }) => ({ shape, dtype: data instanceof Int32Array ? "i32" : "f32", data: base64(data) })),
    outputs: outputs.map(({ data, shape }) => ({ shape, data: base64(Float32Array.from(data)) })),
  });
}

/** What a model of TensorFlow.js with these weights makes of an input. */
function byTensorFlow(layers, weights, x) {
  const model = tf.sequential();
  for (const each of layers) model.add(each);
  model.setWeights(weights.map(({ data, shape }) => tf.tensor(data, shape)));
  const y = model.predict(tf.tensor(x.data, x.shape));
  return { data: y.dataSync(), shape: y.shape };
}

// Images: classes are counted (dense, dense_1, conv2d, conv2d_1), whatever layers are called; a generator of random numbers is a layer's, too.
{
  const [k1, b1, gamma, beta, mean, variance, k2, b2, k3, b3, k4, b4] = [drawn(3, 3, 2, 4), drawn(4), drawn(4), drawn(4), drawn(4), above(4), drawn(3, 3, 4, 3), drawn(3), drawn(12, 5), drawn(5), drawn(5, 2), drawn(2)];
  const x = drawn(2, 8, 8, 2);
  const arrays = {
    "layers/conv2d/vars/0": k1, "layers/conv2d/vars/1": b1,
    "layers/batch_normalization/vars/0": gamma, "layers/batch_normalization/vars/1": beta, "layers/batch_normalization/vars/2": mean, "layers/batch_normalization/vars/3": variance,
    "layers/conv2d_1/vars/0": k2, "layers/conv2d_1/vars/1": b2,
    "layers/flatten/vars": {}, "layers/max_pooling2d/vars": {},
    "layers/dense/vars/0": k3, "layers/dense/vars/1": b3, "layers/dense_1/vars/0": k4, "layers/dense_1/vars/1": b4,
    "layers/dropout/vars": {}, "layers/dropout/seed_generator/vars/0": { data: Uint32Array.of(1, 2), shape: [2], dtype: "<I" },
  };
  const model = sequential("images",
    inputLayer("picture", [8, 8, 2]),
    layer("Conv2D", "stem", { filters: 4, kernel_size: [3, 3], strides: [1, 1], padding: "same", data_format: "channels_last", dilation_rate: [1, 1], groups: 1, activation: "linear", use_bias: true }),
    layer("BatchNormalization", "norm", { axis: -1, momentum: 0.99, epsilon: 0.001, center: true, scale: true, synchronized: false }),
    layer("Activation", "act", { activation: "relu" }),
    layer("MaxPooling2D", "pool", { pool_size: [2, 2], padding: "valid", strides: [2, 2], data_format: "channels_last" }),
    layer("Conv2D", "second", { filters: 3, kernel_size: [3, 3], strides: [2, 2], padding: "same", data_format: "channels_last", dilation_rate: [1, 1], groups: 1, activation: object("builtins", "function", "relu"), use_bias: true }),
    layer("Flatten", "flat", { data_format: "channels_last" }),
    layer("Dropout", "drop", { rate: 0.3, seed: null, noise_shape: null }),
    layer("Dense", "hidden", { units: 5, activation: "tanh", use_bias: true }),
    layer("Dense", "head", { units: 2, activation: "softmax", use_bias: true }),
  );
  const y = byTensorFlow([
    tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", inputShape: [8, 8, 2] }), tf.layers.batchNormalization(), tf.layers.activation({ activation: "relu" }), tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }), tf.layers.flatten(), tf.layers.dense({ units: 5, activation: "tanh" }), tf.layers.dense({ units: 2, activation: "softmax" }),
    // trainable weights come first there
  ], [k1, b1, gamma, beta, k2, b2, k3, b3, k4, b4, mean, variance], x);
  add("images", model, arrays, [x], [y]);
  add("images, compressed, by HDF5 2", model, arrays, [x], [y], { libver: "v108", level: 6 });

  // The same with what Adam keeps: step, rate, then momentum and velocity of one parameter after the other.
  const trained = [k1, b1, gamma, beta, k2, b2, k3, b3, k4, b4];
  const kept = { "optimizer/vars/0": { data: Int32Array.of(12), shape: [], dtype: "<i" }, "optimizer/vars/1": { data: Float32Array.of(0.001), shape: [] } };
  for (const [i, { shape }] of trained.entries()) {
    kept[`optimizer/vars/${2 + 2 * i}`] = drawn(...shape);
    kept[`optimizer/vars/${3 + 2 * i}`] = above(...shape);
  }
  const optimizer = object("keras.optimizers", "Adam", { name: "adam", learning_rate: 0.001, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false });
  add("images with Adam", { ...model, compile_config: { optimizer, loss: "sparse_categorical_crossentropy" } }, { ...arrays, ...kept }, [x], [y]);
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** Rows [n, k] times a matrix [k, m] and a bias, in float64. */
function rowsTimes(rows, { data, shape: [k, m] }, bias) {
  return rows.map((row) => Array.from({ length: m }, (_, j) => row.reduce((sum, each, i) => sum + each * data[i * m + j], bias ? bias[j] : 0)));
}
const rowsOf = ({ data, shape }) => {
  const width = shape.at(-1);
  return Array.from({ length: data.length / width }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
};
const flat = (rows, ...shape) => ({ data: rows.flat(Infinity), shape });

// GRU with its reset gate after the product, LSTM with sigmoids, both directions: Keras 3's standard.
{
  const [n, t, f, u] = [2, 4, 3, 2];
  const x = drawn(n, t, f);
  const gruOf = (sequence, kernel, recurrent, bias) => {
    const [own, other] = [Array.from(bias.data.subarray(0, 3 * u)), Array.from(bias.data.subarray(3 * u))];
    let h = Array(u).fill(0);
    return sequence.map((row) => {
      const [a] = rowsTimes([row], kernel, own);
      const [b] = rowsTimes([h], recurrent, other);
      h = h.map((before, i) => {
        const z = sigmoid(a[i] + b[i]);
        const r = sigmoid(a[u + i] + b[u + i]);
        return z * before + (1 - z) * Math.tanh(a[2 * u + i] + r * b[2 * u + i]);
      });
      return h;
    });
  };
  const sequences = (each) => Array.from({ length: n }, (_, i) => rowsOf(each).slice(i * t, (i + 1) * t));
  const [k, r, b] = [drawn(f, 3 * u), drawn(u, 3 * u), drawn(2, 3 * u)];
  const settings = { units: u, activation: "tanh", recurrent_activation: "sigmoid", use_bias: true, dropout: 0, recurrent_dropout: 0, return_sequences: true, return_state: false, go_backwards: false, stateful: false, unroll: false, reset_after: true, seed: null };
  const y = sequences(x).map((sequence) => gruOf(sequence, k, r, b));
  add("GRU", sequential("gru model", inputLayer("x", [t, f]), layer("GRU", "gru", settings)), { "layers/gru/cell/vars/0": k, "layers/gru/cell/vars/1": r, "layers/gru/cell/vars/2": b }, [x], [flat(y, n, t, u)]);

  const [k2, r2, b2] = [drawn(f, 3 * u), drawn(u, 3 * u), drawn(2, 3 * u)];
  const both = sequences(x).map((sequence) => {
    const ahead = gruOf(sequence, k, r, b);
    const back = gruOf(sequence.toReversed(), k2, r2, b2).toReversed();
    return ahead.map((row, i) => [...row, ...back[i]]);
  });
  const inside = { ...layer("GRU", "forward_gru", settings) };
  const behind = { ...layer("GRU", "backward_gru", { ...settings, go_backwards: true }) };
  const side = (name, ...own) => Object.fromEntries(own.map((each, i) => [`layers/bidirectional/${name}/cell/vars/${i}`, each]));
  add("GRU in both directions", sequential("both", inputLayer("x", [t, f]), layer("Bidirectional", "bi", { merge_mode: "concat", layer: inside, backward_layer: behind })), { ...side("forward_layer", k, r, b), ...side("backward_layer", k2, r2, b2) }, [x], [flat(both, n, t, 2 * u)]);

  const weights = [drawn(f, 4 * u), drawn(u, 4 * u), drawn(4 * u)];
  const last = byTensorFlow([tf.layers.lstm({ units: u, recurrentActivation: "sigmoid", inputShape: [t, f] })], weights, x);
  add("LSTM", sequential("lstm model", inputLayer("x", [t, f]), layer("LSTM", "memory", { ...settings, return_sequences: false, unit_forget_bias: true })), Object.fromEntries(weights.map((each, i) => [`layers/lstm/cell/vars/${i}`, each])), [x], [last]);
}

// Attention of two heads, a sum and a norm: as a graph, its tensors by place and by name.
{
  const [n, t, d, heads, size] = [2, 3, 4, 2, 3];
  const x = drawn(n, t, d);
  const [q, k, v] = [0, 1, 2].map(() => [drawn(d, heads, size), drawn(heads, size)]);
  const o = [drawn(heads, size, d), drawn(d)];
  const [gamma, beta] = [drawn(d), drawn(d)];
  const project = (rows, [kernel, bias]) => rowsTimes(rows, { data: kernel.data, shape: [d, heads * size] }, bias.data);
  const result = Array.from({ length: n }, (_, row) => {
    const rows = rowsOf(x).slice(row * t, (row + 1) * t);
    const [qs, ks, vs] = [q, k, v].map((each) => project(rows, each));
    const joined = rows.map((_, i) =>
      Array.from({ length: heads }, (_, h) => {
        const part = (list) => list.slice(h * size, (h + 1) * size);
        const scores = ks.map((key) => part(qs[i]).reduce((sum, each, j) => sum + each * part(key)[j], 0) / Math.sqrt(size));
        const top = Math.max(...scores.slice(0, i + 1));
        const shares = scores.map((score, j) => (j > i ? 0 : Math.exp(score - top)));
        const sum = shares.reduce((a, b) => a + b);
        return part(Array(heads * size).fill(0)).map((_, j) => shares.reduce((total, share, s) => total + (share / sum) * part(vs[s])[j], 0));
      }).flat(),
    );
    const attended = rowsTimes(joined, { data: o[0].data, shape: [heads * size, d] }, o[1].data);
    return rows.map((own, i) => {
      const added = own.map((each, j) => each + attended[i][j]);
      const mean = added.reduce((a, b) => a + b) / d;
      const variance = added.reduce((sum, each) => sum + (each - mean) ** 2, 0) / d;
      return added.map((each, j) => ((each - mean) / Math.sqrt(variance + 1e-3)) * gamma.data[j] + beta.data[j]);
    });
  });
  const attention = layer("MultiHeadAttention", "attention", { num_heads: heads, key_dim: size, value_dim: size, dropout: 0, use_bias: true, output_shape: null, attention_axes: null, flash_attention: null, seed: null });
  const norm = layer("LayerNormalization", "norm", { axis: -1, epsilon: 0.001, center: true, scale: true });
  const sum = object("keras.src.ops.numpy", "Add", { name: "add" });
  const model = functional("attention model", [
    called(inputLayer("x", [t, d])),
    called(attention, call([tensor("x"), tensor("x")], { use_causal_mask: true, attention_mask: null, return_attention_scores: false })),
    called(sum, call([tensor("x"), tensor("attention")])),
    called(norm, call([tensor("add")])),
  ], [["x", 0, 0]], [["norm", 0, 0]]);
  const at = (name, [kernel, bias]) => ({ [`layers/multi_head_attention/${name}/vars/0`]: kernel, [`layers/multi_head_attention/${name}/vars/1`]: bias });
  const norms = { "layers/layer_normalization/vars/0": gamma, "layers/layer_normalization/vars/1": beta };
  add("attention", model, { ...at("query_dense", q), ...at("key_dense", k), ...at("value_dense", v), ...at("output_dense", o), ...norms }, [x], [flat(result, n, t, d)]);
  add("attention, by an earlier version", model, { ...at("_query_dense", q), ...at("_key_dense", k), ...at("_value_dense", v), ...at("_output_dense", o), ...norms }, [x], [flat(result, n, t, d)], { version: "3.0.5" });
}

// What Keras 3 has of its own: another hard sigmoid, group and root mean square norms, numbers that were counted before, a norm along another axis.
{
  const x = drawn(3, 6);
  const [mean, variance] = [drawn(6), above(6)];
  const scale = drawn(6);
  const rows = rowsOf(x).map((row) => {
    const scaled = row.map((each, i) => (each - mean.data[i]) / Math.sqrt(variance.data[i]));
    const root = Math.sqrt(scaled.reduce((sum, each) => sum + each * each, 0) / 6 + 1e-6);
    return scaled.map((each, i) => Math.min(1, Math.max(0, ((each / root) * scale.data[i]) / 6 + 0.5)));
  });
  add("hard sigmoid and norms", sequential("norms", inputLayer("x", [6]),
    layer("Normalization", "counted", { axis: [-1], invert: false, mean: null, variance: null }),
    layer("RMSNormalization", "rms", { axis: -1, epsilon: 1e-6 }),
    layer("Activation", "act", { activation: "hard_sigmoid" }),
  ), { "layers/normalization/vars/0": mean, "layers/normalization/vars/1": variance, "layers/normalization/vars/2": { data: Int32Array.of(9), shape: [], dtype: "<i" }, "layers/rms_normalization/vars/0": scale }, [x], [flat(rows, 3, 6)]);

  const images = drawn(2, 3, 2, 4);
  const [gamma, beta] = [drawn(4), drawn(4)];
  const grouped = Array.from({ length: 2 }, (_, n) => {
    const own = rowsOf(images).slice(n * 6, (n + 1) * 6);
    return own.map((row) => row.map((each, c) => {
      const members = own.flatMap((other) => other.slice(2 * Math.floor(c / 2), 2 * Math.floor(c / 2) + 2));
      const middle = members.reduce((a, b) => a + b) / members.length;
      const spread = members.reduce((sum, value) => sum + (value - middle) ** 2, 0) / members.length;
      return ((each - middle) / Math.sqrt(spread + 1e-3)) * gamma.data[c] + beta.data[c];
    }));
  });
  add("group norm", sequential("groups", inputLayer("x", [3, 2, 4]), layer("GroupNormalization", "group", { groups: 2, axis: -1, epsilon: 0.001, center: true, scale: true })),
    { "layers/group_normalization/vars/0": gamma, "layers/group_normalization/vars/1": beta }, [images], [flat(grouped, 2, 3, 2, 4)], { libver: "v108" });

  const [g2, b2, m2, v2] = [drawn(3), drawn(3), drawn(3), above(3)];
  const along = Array.from({ length: 2 }, (_, n) => Array.from({ length: 3 }, (_, c) => Array.from({ length: 5 }, (_, i) => [n, c, i])));
  const sequence = drawn(2, 3, 5);
  const values = along.flat(2).map(([n, c, i]) => ((sequence.data[(n * 3 + c) * 5 + i] - m2.data[c]) / Math.sqrt(v2.data[c] + 0.001)) * g2.data[c] + b2.data[c]);
  add("batch norm along the first axis", sequential("first", inputLayer("x", [3, 5]), layer("BatchNormalization", "norm", { axis: [1], momentum: 0.9, epsilon: 0.001, center: true, scale: true })),
    Object.fromEntries([g2, b2, m2, v2].map((each, i) => [`layers/batch_normalization/vars/${i}`, each])), [sequence], [flat(values, 2, 3, 5)]);
}

// A model in a model, twice called, two inputs, results by name; one-dimensional padding and cropping, a transposed convolution of sequences.
{
  const [k, b, k2] = [drawn(3, 3), drawn(3), drawn(6, 2)];
  const body = sequential("body", inputLayer("z", [3]), layer("Dense", "step", { units: 3, activation: "tanh", use_bias: true }));
  const [x, y] = [drawn(2, 3), drawn(2, 3)];
  const step = (rows) => rowsTimes(rows, k, b.data).map((row) => row.map(Math.tanh));
  const joined = step(step(rowsOf(x))).map((row, i) => [...row, ...step(rowsOf(y))[i]]);
  const head = layer("Dense", "head", { units: 2, activation: "linear", use_bias: false });
  const model = functional("two", [
    called(inputLayer("x", [3])), called(inputLayer("y", [3])),
    called(body, call([tensor("x")]), call([tensor("body", 0)]), call([tensor("y")])),
    called(layer("Concatenate", "join", { axis: -1 }), call([[tensor("body", 1), tensor("body", 2)]])),
    called(head, call([tensor("join")])),
  ], { x: ["x", 0, 0], y: ["y", 0, 0] }, { both: ["join", 0, 0], head: ["head", 0, 0] });
  add("a model in a model", model, { "layers/sequential/layers/dense/vars/0": k, "layers/sequential/layers/dense/vars/1": b, "layers/dense/vars/0": k2 }, [x, y], [flat(joined, 2, 6), flat(rowsTimes(joined, k2), 2, 2)]);

  const [kernel, bias] = [drawn(3, 2, 2), drawn(2)];
  const sequence = drawn(1, 4, 2);
  // [1, 6, 2] after padding, of which 5 are left, twice as long, minus what "same" cuts off.
  const rows = [[0, 0], ...rowsOf(sequence)];
  const long = Array.from({ length: 2 * rows.length + 1 }, () => [...bias.data]);
  for (const [i, row] of rows.entries())
    for (let tap = 0; tap < 3; tap++)
      for (let out = 0; out < 2; out++)
        for (let into = 0; into < 2; into++) long[2 * i + tap][out] += row[into] * kernel.data[(tap * 2 + out) * 2 + into];
  add("sequences", sequential("line", inputLayer("x", [4, 2]),
    layer("ZeroPadding1D", "pad", { padding: [1, 2], data_format: "channels_last" }), layer("Cropping1D", "crop", { cropping: [0, 2] }),
    layer("Conv1DTranspose", "up", { filters: 2, kernel_size: [3], strides: [2], padding: "same", output_padding: null, data_format: "channels_last", dilation_rate: [1], activation: "linear", use_bias: true }),
  ), { "layers/conv1d_transpose/vars/0": kernel, "layers/conv1d_transpose/vars/1": bias }, [sequence], [flat(long.slice(0, 10), 1, 10, 2)]);
}

writeFileSync("test/golden/keras.json", `[\n${cases.map((each) => JSON.stringify(each)).join(",\n")}\n]\n`);
console.log(`${cases.length} files`);
