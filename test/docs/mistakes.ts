// Mistakes as they are made, by whoever comes from another library or is in a hurry, and what is said of each. The code is what is typed.
import * as autodiff from "../../src/autodiff/index.ts";
import * as callbacks from "../../src/callbacks/index.ts";
import * as data from "../../src/data/index.ts";
import * as functions from "../../src/functions/index.ts";
import * as generate from "../../src/generate/index.ts";
import * as core from "../../src/index.ts";
import * as io from "../../src/io/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as optim from "../../src/optim/index.ts";
import * as tune from "../../src/tune/index.ts";
import * as worker from "../../src/worker/index.ts";

/** What stands before each of them. */
const PRELUDE = `
const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
const y = [0, 1, 1, 0];
const model = new Sequential(new Linear(2, 8), relu, new Linear(8, 2));
const [loss, optimizer] = [crossEntropy, adam(0.01)];
const executor = new JsExecutor();
const trainer = new Trainer(model, { loss, optimizer, executor });
const line = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer, executor });
const yesNo = new Trainer(new Linear(2, 1), { loss: binaryCrossEntropyWithLogits, optimizer, executor });
const words = new Trainer(new Sequential(new Embedding(10, 4), new Flatten(), new Linear(8, 2)), { loss, optimizer, executor });
const tokens = (given) => new Trainer(new (class { table = new Embedding(10, 4); head = new Linear(4, 2); forward({ size, words }) { return this.head.forward(this.table.forward(words).mean(1).mul(size)); } })(), { loss, optimizer, executor, ...given });
const several = (given) => new Trainer(new (class { kind = new Linear(2, 2); size = new Linear(2, 1); forward(x) { return { kind: this.kind.forward(x), size: this.size.forward(x) }; } })(), { optimizer, executor, ...given }).load({ x, y: { kind: y, size: y.map((each) => [each]) } });
const own = (model) => new Trainer(model, { loss, optimizer, executor }).load({ x, y });
const gpt = new (class { table = new Embedding(10, 4); attention = new MultiheadAttention(4, 2, { batchFirst: true }); head = new Linear(4, 10); forward({ tokens, cache }) { return this.head.forward(this.attention.forward({ query: this.table.forward(tokens), cache }, evaluationContext()).output); } })();
`;

const TYPED: Readonly<Record<string, readonly string[]>> = {
  trainers: [
    'new Trainer(model, { loss: "mse", optimizer })',
    "new Trainer(model, { loss: crossEntropy(), optimizer })",
    "new Trainer(model, { loss: crossEntropy({ labelSmoothing: 0.1 }), optimizer })",
    "new Trainer(model, { loss: mseLoss({ reduction: 'sum' }), optimizer })",
    "new Trainer(model, { loss, optimizer: adam })",
    'new Trainer(model, { loss, optimizer: "adam" })',
    "new Trainer(model, { loss, optimizer: adam(model, 0.01) })",
    "new Trainer(model, { loss, optimizer: adam({ lr: 0.01 }) })",
    "new Trainer(model, { loss, optimizer: adam() })",
    "new Trainer(model, { loss, optimizer: sgd(0.01, 0.9) })",
    "new Trainer(model, { loss, optimizer: sgd(0.01, { lr: 0.1 }) })",
    "new Trainer(model, { loss, optimizer: adam(0.01, { betas: [0.9, 0.99] }) })",
    "new Trainer(model, { loss, optimizer: { init: Linear, update() {} } })",
    "new Trainer(model, { loss, optimizer, executor: spawn({ threads: 1 }) })",
    "new Trainer(model, { loss, optimizer, executor: WasmExecutor })",
    "new Trainer([new Linear(2, 8), relu, new Linear(8, 2)], { loss, optimizer })",
    "new Trainer(Linear, { loss, optimizer })",
    "new Trainer({ model, loss, optimizer })",
    "new Trainer(model, loss, optimizer)",
    "new Trainer(model, { loss, optimizer, epochs: 5 })",
    "new Trainer(model, { loss, optimizer, callbacks: [earlyStopping()] })",
    'new Trainer(model, { loss, optimizer, metrics: ["accuracy"] })',
    "new Trainer(relu, { loss, optimizer })",
    "new Trainer((x) => model.forward(x), { loss, optimizer })",
    "new Trainer(new (class { #a = new Linear(2, 2); forward(x) { return this.#a.forward(x); } })(), { loss, optimizer })",
  ],
  models: [
    "new Sequential([new Linear(2, 8), relu])",
    'new Sequential(new Linear(2, 8), "relu")',
    "new Sequential(new Linear(2, 8), relu())",
    "new Linear(8)",
    "new Linear(2, 8, false)",
    'new Linear(2, 8, { activation: "relu" })',
    "new Dropout(50)",
    "own(new Sequential(new Linear(2, 8), relu, new Linear(4, 2)))",
    "own(new Sequential(new Linear(3, 8), relu, new Linear(8, 2)))",
    "own(new Sequential(new Linear(2, 2), (x) => x.relu, new Linear(2, 2)))",
    "own(new Sequential(new Linear(2, 2), (x) => x.dot(x)))",
    "own(new Sequential(new Linear(2, 2), (x) => (x.sum() > 0 ? x : x.neg())))",
    "own(new Sequential(new Linear(2, 2), new (class { bn = new BatchNorm1d(2); forward(x) { return this.bn.forward(x); } })()))",
    "own(new (class { a = new Linear(2, 2); forward(x) { return this.a(x); } })())",
    "new LSTM(2, 3).forward(input([4, 1, 2]), [input([1, 1, 3]), input([1, 1, 3])])",
    "new MultiheadAttention(4, 2).forward(input([9, 1, 4]), input([9, 1, 4]), input([9, 1, 4]))",
    "new Transformer(4, 2).forward({ src: input([9, 1, 4]), tgt: input([9, 1, 4]), srcKeyPaddingMask: input([1, 9]) })",
    "summary(new Sequential(new Embedding(10, 4), new Linear(4, 2)), [8, 12])",
    "own(new (class { a = new Linear(2, 2); forward(x) { return this.b.forward(x); } })())",
    "own(new (class { a = new Linear(2, 2); forward(x) { this.a.forward(x); } })())",
    "own(new (class { a = new Linear(2, 2); async forward(x) { return this.a.forward(x); } })())",
    "own(new (class { a = new Linear(2, 2); forward(x, context) { return this.a.forward(x.add(normal(context.key, [2]))); } })())",
    "own(new (class { a = new Linear(2, 2); forward(x, context) { return this.a.forward(x.add(normal(context.key(), [2]))); } })())",
  ],
  data: [
    "trainer.load(x, y)",
    "trainer.load({ x })",
    "trainer.load({ inputs: x, labels: y })",
    "trainer.load({ x: constant(x), y })",
    "trainer.load({ x: Promise.resolve(x), y })",
    "trainer.load({ x: new Float32Array(8), y })",
    "trainer.load({ x: { data: new Float32Array(8) }, y })",
    "trainer.load({ x: [0, 0, 1, 1], y })",
    "trainer.load({ x: [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], y })",
    "trainer.load({ x: [[0, 0], [0], [1, 0], [1, 1]], y })",
    "trainer.load({ x: [[0, 0], [0, null], [1, 0], [1, 1]], y })",
    "trainer.load({ x: [[0, 0], undefined, [1, 0], [1, 1]], y })",
    "trainer.load({ x: [[0, 0], [0, NaN], [1, 0], [1, 1]], y })",
    'trainer.load({ x: [["0", "1"], ["1", "1"]], y: [0, 1] })',
    'trainer.load({ x: ["01", "11"], y: [0, 1] })',
    "trainer.load({ x: [[true, false], [true, true]], y: [0, 1] })",
    "trainer.load({ x: [{ a: 0, b: 1 }, { a: 1, b: 1 }], y: [0, 1] })",
    "words.load({ x: [[0, 1], [2, 3]], y: [0, 1] })",
    "words.load({ x: { data: Int32Array.of(0, 1, 2, 10), shape: [2, 2] }, y: [0, 1] })",
    'words.load({ x: { data: [0, 1, 2, 0.5], shape: [2, 2], dtype: "i32" }, y: [0, 1] })',
    'words.load({ x: { data: [0, 1, 2, 3], shape: [2, 2], dtype: "int32" }, y: [0, 1] })',
    "tokens().load({ x: { size: [[1], [2]], words: [[0, 1], [2, 3]] }, y: [0, 1] })",
  ],
  targets: [
    'trainer.load({ x, y: ["cat", "dog", "dog", "cat"] })',
    'trainer.load({ x, y: ["0", "1", "1", "0"] })',
    "trainer.load({ x, y: [false, true, true, false] })",
    "trainer.load({ x, y: [0, 1, null, 0] })",
    "trainer.load({ x, y: [0, 1, NaN, 0] })",
    "trainer.load({ x, y: [1, 2, 2, 1] })",
    "trainer.load({ x, y: [-1, 1, 1, -1] })",
    "trainer.load({ x, y: [0.5, 1, 1, 0] })",
    "trainer.load({ x, y: [0, 1, 1] })",
    "trainer.load({ x, y: [[0], [1], [1], [0]] })",
    "trainer.load({ x, y: [[1, 0], [0, 1], [0, 1], [1, 0]] })",
    "line.load({ x: [[0], [1], [2]], y: [1, 3, 5] })",
    "line.load({ x: [[0], [1], [2]], y: { data: Int32Array.of(1, 3, 5), shape: [3, 1] } })",
    "yesNo.load({ x, y: [[1], [2], [2], [1]] })",
    "yesNo.load({ x, y: [[0], [1], [-100], [0]] })",
    "new Trainer(new Linear(2, 1), { loss: hingeLoss, optimizer, executor }).load({ x, y: [[0], [1], [1], [0]] })",
    "new Trainer(model, { loss: binaryCrossEntropyWithLogits, optimizer, executor }).load({ x, y })",
    "new Trainer(new Linear(2, 1), { loss, optimizer, executor }).load({ x, y })",
    "new Trainer(model, { loss: (p, t) => crossEntropy(p, t, { labelSmoothing: 0.1 }), optimizer, executor }).load({ x, y })",
    "new Trainer(model, { loss: (p, t) => nllLoss(p.log(), t), optimizer, executor }).load({ x, y })",
    "new Trainer(model, { loss: (p, t) => p.sub(t).square(), optimizer, executor }).load({ x, y: x })",
    "new Trainer(new Embedding(10, 4), { loss, optimizer, executor }).load({ x: [Int32Array.of(1, 2)], y: [[0, 1]] })",
    "new Trainer(model, { loss, optimizer, executor, metrics: { accuracy: binaryAccuracy() } }).load({ x, y })",
    "new Trainer(model, { loss, optimizer, executor, metrics: { f1 } }).load({ x, y })",
    "new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer, executor, metrics: { accuracy } }).load({ x, y: [[0], [1], [1], [0]] })",
  ],
  weights: [
    'new Trainer(model, { loss, optimizer, classWeight: "balanced" })',
    "new Trainer(model, { loss, optimizer, executor, classWeight: { 0: 1, 1: 5 } }).load({ x, y })",
    "new Trainer(model, { loss, optimizer, executor, classWeight: [1, 5, 1] }).load({ x, y })",
    "new Trainer(new Linear(2, 1), { loss: binaryCrossEntropyWithLogits, optimizer, executor, classWeight: [1, 5] }).load({ x, y: [[0], [1], [1], [0]] })",
  ],
  "several outputs": [
    "several({ loss: mseLoss })",
    "several({ loss: { kind: crossEntropy, size: mseLoss }, metrics: { kind: accuracy } })",
  ],
  fits: [
    "trainer.fit()",
    "await trainer.load({ x, y }); trainer.fit({ x, y })",
    "await trainer.load({ x, y }); trainer.fit(10)",
    "await trainer.load({ x, y }); trainer.fit({ epochs: Infinity })",
    "await trainer.load({ x, y }); trainer.fit({ n_epochs: 10 })",
    "await trainer.load({ x, y }); trainer.fit({ batch_size: 2 })",
    "await trainer.load({ x, y }); trainer.fit({ batch: 10 })",
    "await trainer.load({ x, y }); trainer.fit({ validation_split: 0.2 })",
    "await trainer.load({ x, y }); trainer.fit({ validationData: [x, y] })",
    "await trainer.load({ x, y }); trainer.fit({ validation: [x, y] })",
    "await trainer.load({ x, y }); trainer.fit({ validation: { x } })",
    "await trainer.load({ x, y }); trainer.fit({ validation: { x: [[0, 1, 1]], y: [0] } })",
    "await trainer.load({ x, y }); trainer.fit({ callbacks: [earlyStopping] })",
    "await trainer.load({ x, y }); trainer.fit({ callbacks: earlyStopping() })",
    'await trainer.load({ x, y }); await trainer.fit({ callbacks: [earlyStopping({ monitor: "val_loss" })] })',
    "await trainer.load({ x, y }); trainer.fit({ learningRate: 0.1 })",
    "await trainer.load({ x, y }); trainer.fit({ optimizer: adam(0.1) })",
    "await trainer.load({ x, y }); trainer.fit({ class_weight: [1, 2] })",
    "await trainer.load({ x, y }); trainer.fit({ signal: new AbortController() })",
    "const other = new Trainer(model, { loss, optimizer, executor, transform: ({ x }) => ({ x }) }); await other.load({ x, y }); await other.fit()",
    "const other = new Trainer(model, { loss, optimizer, executor, transform: (x) => x.mul(2) }); await other.load({ x, y }); await other.fit()",
    "const rate = hyperparameter(0.1); const other = new Trainer(model, { loss, optimizer: adam(rate), executor }); await other.load({ x, y }); await other.fit()",
    "const bn = new Trainer(new Sequential(new BatchNorm1d(2), new Linear(2, 2)), { loss, optimizer, executor }); await bn.load({ x: [...x, [2, 2]], y: [...y, 1] }); await bn.fit({ batch: 2 })",
    "const wild = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(1e30), executor }); await wild.load({ x: [[1], [2]], y: [[1], [2]] }); await wild.fit({ epochs: 9 })",
  ],
  results: [
    "trainer.predict([0, 1])",
    "trainer.predict([[0, 1, 2]])",
    "trainer.predict({ x })",
    "trainer.predict([])",
    "trainer.predict({ data: Float32Array.of(0, 1), shape: [2] })",
    "trainer.predict(constant(x))",
    "trainer.loadStateDict(parseSafetensors(serializeSafetensors(await trainer.stateDict())))",
    "new Predictor(trainer)",
    'trainer.predict(x, { as: "classes" })',
    "trainer.evaluate(x, y)",
    "trainer.setHyperparameters({ rate: 0.1 })",
    "trainer.loadStateDict(Promise.resolve({}))",
    "trainer.restore(await trainer.stateDict())",
    'trainer.restore({ ...(await trainer.snapshot()), "counters.row": [-1].at(0) })',
  ],
  generating: [
    "generate(gpt, { executor, prompt: [1, 2], maxNewTokens: 5 })",
    "generate(gpt, { executor, prompt: [[1, 2]], max_new_tokens: 5 })",
    "generate(gpt, { executor, prompt: [[1, 2]], maxNewTokens: 5, do_sample: true })",
    "generate(gpt, { executor, prompt: [[1, 2]], maxNewTokens: 5, eos_token_id: 0 })",
    "generate(gpt, { executor, prompt: [[1, 2]], maxNewTokens: 5, temperature: 0 })",
    "generate(gpt, { executor, prompt: [[1, 12]], maxNewTokens: 5 })",
    "generate(gpt, { executor, prompt: [[1, 2]], maxNewTokens: 5, beams: 2, temperature: 0.5 })",
    "generate(gpt, { executor, prompt: [[1], [1, 2]], maxNewTokens: 5, beams: 2 })",
    "generate(trainer, { executor, prompt: [[1, 2]], maxNewTokens: 5 })",
    "generate(new Sequential(new Embedding(10, 4), new Linear(4, 10)), { executor, prompt: [[1, 2]], maxNewTokens: 5 })",
    "generate({ ...gpt, forward: ({ tokens }) => gpt.table.forward(tokens).sum(1) }, { executor, prompt: [[1, 2]], maxNewTokens: 5 })",
    "new TokenGenerator(gpt, { executor, capacity: 8 }).generate({ prompt: [[1, 2]], maxNewTokens: 7 })",
    "new MultiheadAttention(4, 2).forward({ query: input([9, 1, 4]), cache: new KeyValueCache(8) }, evaluationContext())",
    "new MultiheadAttention(4, 2).forward({ query: input([1, 1, 4]), cache: true }, evaluationContext())",
  ],
  searches: [
    "tune.openStudy({ rate: tune.logUniform(1e-4, 1) })",
    "tune.openStudy({ space: { rate: [1e-4, 1] } })",
    "tune.uniform(1, 0)",
    "tune.logUniform(0, 1)",
    'tune.choice("relu", "tanh")',
    "tune.openStudy({ space: { rate: tune.uniform(0, 1) }, sampler: tune.bayesian })",
    "tune.openStudy({ space: { rate: tune.uniform(0, 1) }, sampler: tune.grid() })",
    'tune.openStudy({ space: { rate: tune.uniform(0, 1) }, direction: "maximize" })',
    "const study = await tune.openStudy({ space: { rate: tune.uniform(0, 1) } }); await study.tell(await study.ask(), NaN)",
    "const study = await tune.openStudy({ space: { rate: tune.uniform(0, 1) } }); await study.trials(10, ({ values }) => values.rate)",
    "const study = await tune.openStudy({ space: { rate: tune.uniform(0, 1) } }); await study.trials(10, { objective: ({ rate }) => rate })",
    "const study = await tune.openStudy({ space: { rate: tune.uniform(0, 1) } }); tune.importance(study)",
    'tune.openStudy({ space: { rate: tune.uniform(0, 1) }, storage: tune.memoryStorage(new TextEncoder().encode("rate,loss\\n")) })',
  ],
  tensors: [
    "constant([1, 2]) + constant([1, 2])",
    "constant([1, 2]).add([1, 2])",
    "constant([[1, 2]]).matmul(constant([[1, 2]]))",
    "constant([1, 2]).add(constant(Int32Array.of(1, 2)))",
    "constant([1, 2, 3]).reshape(3, 1)",
    "constant([true, false])",
    'constant({ data: [1, 0.5], shape: [2], dtype: "i32" })',
    "input(new Array(5000).fill(1))",
    "evaluate(input([2]))",
    "uniform([2, 3])",
    "normal(42, [2])",
    "uniform(randomKey(0), [2])",
    "grad(constant([1, 2]).exp(), [])",
    "grad((x) => x, [])",
    "relu([1, -2])",
    "compile({ outputs: [constant(1)] })",
    "compileInit([new Variable([1], 0)], 0)",
    "executor.write({ variable: 'a', name: 'b' }, [1])",
    "executor.step(1, { x: [1] })",
    "const a = input([2]); const id = await executor.load(compile({ inputs: { a }, outputs: { b: a.exp() } })); executor.step(id, { x: [1, 2] })",
    "const a = input([2]); const id = await executor.load(compile({ inputs: { a }, outputs: { b: a.exp() } })); executor.step(id)",
    "const a = input([1, 2]); const id = await executor.load(compile({ inputs: { a }, outputs: { b: a.exp() } })); executor.step(id, { a: [[1, 2]] })",
    "const a = input([2]); const id = await executor.load(compile({ inputs: { a }, outputs: { b: a.exp() } })); executor.run([id, 1]).done",
  ],
};

const scope: Readonly<Record<string, unknown>> = {
  ...core,
  ...nn,
  ...optim,
  ...metrics,
  ...callbacks,
  ...worker,
  ...io,
  ...data,
  ...functions,
  ...generate,
  ...autodiff,
  tune,
};

const AsyncFunction = (async () => {}).constructor as new (
  ...texts: readonly string[]
) => (...values: readonly unknown[]) => Promise<unknown>;

/** What a mistake ends in. */
export interface Said {
  readonly code: string;
  readonly error: Error;
}

/** What is thrown over code; statements before the last one are done before. */
async function said(code: string): Promise<Error> {
  const statements = code.split("; ");
  const depth = statements.findLastIndex((_, i) => balanced(statements.slice(i).join("; ")));
  const last = statements.slice(depth).join("; ");
  const before = statements.slice(0, depth).map((each) => `${each};`);
  const run = new AsyncFunction(
    ...Object.keys(scope),
    `${PRELUDE}\ntry { ${before.join("\n")}\nreturn await (${last.replace(/^await /, "")}); } finally { await executor.dispose(); }`,
  );
  try {
    await run(...Object.values(scope));
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error(`no error: ${code}`);
}

function balanced(code: string): boolean {
  const count = (brackets: RegExp) => (code.match(brackets) ?? []).length;
  return count(/[([{]/g) === count(/[)\]}]/g);
}

/** All mistakes by what they are about. */
export const mistakes: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(TYPED));

/** What is said of each. */
export async function saidOf(codes: readonly string[]): Promise<Said[]> {
  const all: Said[] = [];
  for (const code of codes) all.push({ code, error: await said(code) });
  return all;
}
