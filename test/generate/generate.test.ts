// What generators write is what the model says without a cache: greedy tokens, draws by the formula, beams of a plain search. One program
// serves all orders of a kind.
import { afterAll, describe, expect, test, vi } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { input } from "../../src/create.ts";
import { ShapeError } from "../../src/errors.ts";
import { evaluateAll } from "../../src/evaluate.ts";
import { generate, TokenGenerator } from "../../src/generate/index.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { evaluationContext, variables } from "../../src/nn/module.ts";
import { foldIn, randomKey, uniform } from "../../src/ops/random.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { spawn } from "../../src/worker/index.ts";
import { float32, oracle } from "../executors.ts";
import { Gpt, Translator, tokensInput, weightsOf } from "./models.ts";

const VOCABULARY = 13;
const context = evaluationContext();
// What lies in the arena from earlier steps is NaN: nothing may rely on it.
const executors = [
  ["oracle", oracle({ poison: true })] as const,
  ["wasm-relaxed", float32["wasm-relaxed"]({ poison: true })] as const,
];
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

/** Logits of the token after all of one sequence, by the whole of it: no cache. */
type Next = (tokens: readonly number[]) => Promise<number[]>;

function nextOf(executor: Executor, model: Gpt | Translator, source?: readonly number[]): Next {
  const programs = new Map<number, number>();
  return async (tokens) => {
    const { length } = tokens;
    if (!programs.has(length)) {
      const given = tokensInput(1, length);
      const read = input([1, source?.length ?? 1], "i32");
      const memory = model instanceof Translator ? model.encode(read, context) : undefined;
      const logits = (model as Gpt).forward({ tokens: given, memory } as { readonly tokens: Tensor }, context);
      const output = logits.narrow(1, length - 1, 1);
      programs.set(length, await executor.load(compile({ inputs: { given, read }, outputs: { output } })));
    }
    const { output } = await executor.step(programs.get(length) as number, { given: tokens, read: source ?? [0] });
    return [...output];
  };
}

async function put(executor: Executor, model: object, scale?: number): Promise<void> {
  const weights = weightsOf(model, scale);
  const id = await executor.load(
    compile({ outputs: Object.fromEntries(Array.from(variables(model), ([path, each]) => [path, each.mul(1)])) }),
  );
  for (const [path, { key }] of variables(model)) await executor.write({ variable: key }, weights[path].data);
  await executor.unload(id);
}

const indexOfLargest = (numbers: readonly number[]) => numbers.indexOf(Math.max(...numbers));

describe.each(executors)("on %s", (_, executor) => {
  test("greedy tokens of prompts of several lengths are those without a cache", async () => {
    const model = new Gpt(VOCABULARY, 8);
    await put(executor, model);
    const next = nextOf(executor, model);
    const prompt = [[3], [1, 4, 1], [5, 9]];
    const generator = new TokenGenerator(model, { executor, capacity: 16 });
    const { sequences } = await generator.generate({ prompt, maxNewTokens: 9 });
    for (const [row, tokens] of prompt.entries()) {
      const expected = [...tokens];
      while (expected.length < tokens.length + 9) expected.push(indexOfLargest(await next(expected)));
      expect([...sequences[row]]).toEqual(expected);
    }
    // Sequences end at the first end token behind the prompt, with it.
    const end = sequences[1][6];
    const seen: number[][] = [[], [], []];
    const ended = await generator.generate({
      prompt,
      maxNewTokens: 9,
      endToken: end,
      onTokens: (rows) => {
        for (const [row, tokens] of rows.entries()) seen[row].push(...tokens);
      },
    });
    for (const [row, all] of sequences.entries()) {
      const at = all.indexOf(end, prompt[row].length);
      expect([...ended.sequences[row]]).toEqual([...all.slice(0, at < 0 ? all.length : at + 1)]);
      expect(seen[row]).toEqual([...ended.sequences[row].slice(prompt[row].length)]);
    }
    await generator.dispose();
  });

  test.each([
    ["a temperature", { temperature: 0.7 }],
    ["the likeliest five", { topK: 5, temperature: 1.5 }],
    ["the likeliest by their sum", { topP: 0.8 }],
    ["both", { topK: 6, topP: 0.7, temperature: 1.2 }],
  ] as const)("tokens are drawn by the formula: %s", async (__, choice) => {
    const model = new Gpt(VOCABULARY, 8);
    await put(executor, model, 0.5);
    const next = nextOf(executor, model);
    const [rows, maxNewTokens, seed] = [3, 10, 7 + 2 ** 33]; // its halves: 7 and 2
    const prompt = Array.from({ length: rows }, (___, row) => [row, 2]);
    const generator = new TokenGenerator(model, { executor, capacity: 16 });
    const { sequences } = await generator.generate({ prompt, maxNewTokens, seed, ...choice });
    const places = Array.from({ length: maxNewTokens }, (___, i) => i + 1); // of the tokens that the drawn ones follow
    const shares = await evaluateAll(
      places.map((at) => uniform(foldIn(foldIn(foldIn(randomKey(0, "generate"), seed | 0), 2), at), [rows])),
      { executor },
    );
    let close = 0;
    for (const [row, tokens] of sequences.entries())
      for (const [i, at] of places.entries()) {
        const share = shares[i][row];
        const logits = await next([...tokens.slice(0, at + 1)]);
        const { drawn, margin } = plainDraw(logits, share, choice);
        if (margin < 1e-4)
          close++; // on the edge between two tokens roundings decide
        else expect(tokens[at + 1], `row ${row} at ${at}`).toBe(drawn);
      }
    expect(close).toBeLessThan(3);
    const again = await generator.generate({ prompt, maxNewTokens, seed, ...choice });
    expect(again).toEqual({ sequences });
    const others = await generator.generate({ prompt, maxNewTokens, seed: 8, ...choice });
    expect(others).not.toEqual({ sequences });
    await generator.dispose();
  });

  test.each([
    ["without an end", {}, 3],
    ["with an end", { endToken: 5 }, 3],
    ["long ones rather", { endToken: 5, lengthPenalty: 2 }, 4],
    ["short ones rather", { endToken: 5, lengthPenalty: 0 }, 2],
  ] as const)("beams are those of a plain search: %s", async (__, choice, beams) => {
    const model = new Gpt(VOCABULARY, 8);
    await put(executor, model, 0.4);
    const next = nextOf(executor, model);
    const prompt = [
      [3, 1],
      [2, 7],
      [6, 0],
    ];
    const generator = new TokenGenerator(model, { executor, capacity: 16 });
    const { sequences, scores = [] } = await generator.generate({ prompt, maxNewTokens: 7, beams, ...choice });
    for (const [row, tokens] of prompt.entries()) {
      const expected = await plainSearch(next, tokens, 7, beams, { endToken: -1, lengthPenalty: 1, ...choice });
      expect([...sequences[row]]).toEqual([...tokens, ...expected.tokens]);
      expect(scores[row]).toBeCloseTo(expected.score, 4);
    }
    await generator.dispose();
  });

  test("long prompts are read many tokens at a time", async () => {
    const model = new Gpt(VOCABULARY, 8, { longest: 96 });
    await put(executor, model);
    const next = nextOf(executor, model);
    const prompt = [67, 66].map((length, row) =>
      Array.from({ length }, (__, i) => (i * (row + 3) + (i >> 2)) % VOCABULARY),
    );
    const generator = new TokenGenerator(model, { executor, capacity: 96 });
    const { sequences } = await generator.generate({ prompt, maxNewTokens: 3 });
    for (const [row, tokens] of prompt.entries()) {
      const expected = [...tokens];
      while (expected.length < tokens.length + 3) expected.push(indexOfLargest(await next(expected)));
      expect([...sequences[row]]).toEqual(expected);
    }
    const [tokens] = prompt;
    const searched = await generator.generate({ prompt: [tokens], maxNewTokens: 3, beams: 2 });
    const best = await plainSearch(next, tokens, 3, 2, { endToken: -1, lengthPenalty: 1 });
    expect([...searched.sequences[0]]).toEqual([...tokens, ...best.tokens]);
    await generator.dispose();
  });

  test("an encoder's memory is what is read of the source, greedily and by beams", async () => {
    const model = new Translator(VOCABULARY, 8);
    await put(executor, model);
    const sources = [
      [7, 3, 9, 0],
      [2, 8, 0, 0],
    ];
    const prompt = [[1], [1]];
    const generator = new TokenGenerator(model, { executor, capacity: 16 });
    const source = sources.map((row) => Int32Array.from(row));
    const greedy = await generator.generate({ prompt, maxNewTokens: 6, source });
    const searched = await generator.generate({ prompt, maxNewTokens: 6, source, beams: 3 });
    const turned = await generator.generate({ prompt, maxNewTokens: 6, source: source.toReversed() });
    expect(turned.sequences).toEqual(greedy.sequences.toReversed());
    for (const [row, read] of sources.entries()) {
      const next = nextOf(executor, model, read);
      const expected = [1];
      while (expected.length < 7) expected.push(indexOfLargest(await next(expected)));
      expect([...greedy.sequences[row]]).toEqual(expected);
      const best = await plainSearch(next, [1], 6, 3, { endToken: -1, lengthPenalty: 1 });
      expect([...searched.sequences[row]]).toEqual([1, ...best.tokens]);
    }
    await generator.dispose();
  });

  test("one program serves all orders of a kind, and nothing stays behind", async () => {
    const model = new Gpt(VOCABULARY, 8);
    let loads = 0;
    const counting: Executor = new Proxy(executor, {
      get(target, name) {
        if (name === "load") loads++;
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const generator = new TokenGenerator(model, { executor: counting, capacity: 16, state: weightsOf(model) });
    const order = { prompt: [[1]], maxNewTokens: 4 };
    await generator.generate(order);
    const first = loads;
    await generator.generate({ ...order, maxNewTokens: 9, endToken: 4 });
    await generator.generate({ ...order, prompt: [[1, 2, 3]] });
    expect(loads).toBe(first);
    await generator.generate({ ...order, topK: 3 });
    await generator.generate({ ...order, topP: 0.4, temperature: 2, seed: 5 });
    expect(loads).toBe(first + 1);
    await generator.dispose();
    const [[, { key }]] = variables(model);
    await expect(executor.read({ variable: key })).rejects.toThrow("no loaded program has named");
  });
});

test("what is written is the same in a worker, and by two threads", async () => {
  const model = new Gpt(VOCABULARY, 8);
  const order = { prompt: [[3], [1, 4]], maxNewTokens: 10 };
  const orders = [order, { ...order, topK: 5, seed: 3 }, { ...order, prompt: [[3], [4]], beams: 2 }];
  const found: unknown[] = [];
  for (const make of [
    () => new WasmExecutor({ threads: 1 }),
    () => new WasmExecutor({ threads: 2 }),
    () => spawn({ threads: 1 }),
  ]) {
    const executor = await make();
    const generator = new TokenGenerator(model, { executor, capacity: 16, state: weightsOf(model, 0.5) });
    const written: unknown[] = [];
    for (const each of orders) written.push(await generator.generate(each));
    found.push(written);
    await generator.dispose();
    await executor.dispose();
  }
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
});

test("a model that fails once is not remembered so", async () => {
  const [[, executor]] = executors;
  const model = new Translator(VOCABULARY, 8);
  await put(executor, model);
  const order = { prompt: [[1]], maxNewTokens: 4, source: [Int32Array.of(7, 3)] };
  let failures = 0;
  const failing = {
    model,
    encode: (source: Tensor) => model.encode(source, context),
    forward: (x: Parameters<Translator["forward"]>[0]) => {
      const logits = model.forward(x, context);
      if (failures++ < 2) throw new ShapeError("not now");
      return logits;
    },
  };
  const [generator, sound] = [failing, model].map((each) => new TokenGenerator(each, { executor, capacity: 8 }));
  await expect(generator.generate(order)).rejects.toThrow("not now");
  await expect(generator.generate(order)).rejects.toThrow("not now");
  expect(await generator.generate(order)).toEqual(await sound.generate(order));
  await generator.dispose();
  await sound.dispose();
});

test("of many numbers of sequences the last ones' programs are kept", async () => {
  const [[, executor]] = executors;
  const generator = new TokenGenerator(new Gpt(VOCABULARY, 8), { executor, capacity: 8 });
  const before = (await executor.teams()).length;
  const write = (rows: number) =>
    generator.generate({ prompt: Array.from({ length: rows }, () => [1]), maxNewTokens: 2 });
  const first = await write(1);
  for (let rows = 2; rows < 9; rows++) await write(rows);
  expect((await executor.teams()).length).toBe(before + 4);
  expect(await write(1)).toEqual(first);
  await generator.dispose();
  expect((await executor.teams()).length).toBe(before);
});

/** The token of a row of logits by a number from 0 to 1, and how near that is to the next token's share. */
function plainDraw(
  logits: readonly number[],
  share: number,
  choice: { readonly temperature?: number; readonly topK?: number; readonly topP?: number },
) {
  const { temperature = 1, topK = logits.length, topP = 1 } = choice;
  const isSorted = "topK" in choice || "topP" in choice;
  const order = [...logits.keys()];
  if (isSorted) order.sort((a, b) => logits[b] - logits[a]);
  const few = order.slice(0, topK);
  const largest = Math.max(...logits);
  const weights = few.map((token) => Math.exp((logits[token] - largest) / temperature));
  const whole = weights.reduce((a, b) => a + b);
  let sum = 0;
  const kept = few.filter((___, i) => {
    const isKept = sum < topP * whole;
    sum += weights[i];
    return isKept;
  });
  const left = weights.slice(0, kept.length);
  const total = left.reduce((a, b) => a + b);
  let before = 0;
  const edges = left.map((weight) => {
    before += weight;
    return before / total;
  });
  return {
    drawn: kept[edges.findIndex((edge) => edge > share)],
    margin: Math.min(...edges.map((edge) => Math.abs(edge - share))),
  };
}

/** A beam search by whole sequences. */
async function plainSearch(
  next: Next,
  prompt: readonly number[],
  count: number,
  beams: number,
  { endToken, lengthPenalty }: { readonly endToken: number; readonly lengthPenalty: number },
) {
  let running = [{ tokens: [] as number[], sum: 0 }];
  let ended: { readonly tokens: number[]; readonly score: number }[] = [];
  const scored = ({ tokens, sum }: (typeof running)[0]) => ({ tokens, score: sum / tokens.length ** lengthPenalty });
  for (let made = 0; made < count; made++) {
    const all: typeof running = [];
    for (const { tokens, sum } of running) {
      const logits = await next([...prompt, ...tokens]);
      const largest = Math.max(...logits);
      const whole = Math.log(logits.reduce((total, logit) => total + Math.exp(logit - largest), 0)) + largest;
      for (const [token, logit] of logits.entries()) all.push({ tokens: [...tokens, token], sum: sum + logit - whole });
    }
    all.sort((a, b) => b.sum - a.sum);
    const best = all.slice(0, 2 * beams);
    ended.push(
      ...best
        .slice(0, beams)
        .filter(({ tokens }) => tokens.at(-1) === endToken)
        .map(scored),
    );
    ended = ended.sort((a, b) => b.score - a.score).slice(0, beams);
    running = best.filter(({ tokens }) => tokens.at(-1) !== endToken).slice(0, beams);
    if (ended.length === beams && ended[beams - 1].score >= best[0].sum / (made + 1) ** lengthPenalty) return ended[0];
  }
  return [...ended, ...running.map(scored)].sort((a, b) => b.score - a.score)[0];
}

describe("bad input", () => {
  const model = new Gpt(VOCABULARY, 8);
  const generator = new TokenGenerator(model, { executor: executors[0][1], capacity: 8 });
  const order = { prompt: [[1, 2]], maxNewTokens: 4 };
  test.each([
    [
      { ...order, prompt: [] },
      "ArgumentError: generate: prompt must be a list of lists of tokens, such as [[1, 2, 3]], got []",
    ],
    [
      { ...order, prompt: [1, 2] },
      "ArgumentError: generate: prompt must be a list of lists of tokens, such as [[1, 2, 3]], got [1, 2]",
    ],
    [{ ...order, prompt: [[]] }, "ArgumentError: generate: prompt must be a list of lists of tokens"],
    [{ ...order, prompt: [[1, 2.5]] }, "DataError: generate: prompt 0 holds 2.5 at 1, which is no token"],
    [{ ...order, prompt: [[1, -1]] }, "DataError: generate: prompt 0 holds -1 at 1, which is no token"],
    [
      { ...order, prompt: [[1], [13]] },
      "DataError: generate: prompt 1 holds token 13 at 0, outside the vocabulary 0..12",
    ],
    [{ ...order, endToken: 13 }, "DataError: generate: endToken 13 is outside the vocabulary 0..12"],
    [
      { ...order, beams: 2, prompt: [[13]] },
      "DataError: generate: prompt 0 holds token 13 at 0, outside the vocabulary 0..12",
    ],
    [
      { ...order, maxNewTokens: 7 },
      "ArgumentError: generate: 2 tokens of a prompt and 7 new ones do not fit a cache of 8: capacity is an option of new TokenGenerator",
    ],
    [{ ...order, topK: 3, sample: false }, "ArgumentError: generate: temperature, topK and topP are for sample: true"],
    [{ ...order, lengthPenalty: 2 }, "ArgumentError: generate: lengthPenalty is for beams, of which there must be two"],
    [{ ...order, topK: 3, beams: 2 }, "ArgumentError: generate: beams are searched, not drawn"],
    [
      { ...order, beams: 2, prompt: [[1], [1, 2]] },
      "ArgumentError: generate: prompts of a beam search must have the same length",
    ],
    [
      { ...order, temperature: 0 },
      "ArgumentError: generate: temperature must be a number >= 0.000001, or left out for the likeliest token each time, got 0",
    ],
    [{ ...order, topP: 1.5 }, "ArgumentError: generate: topP must be above 0 and at most 1, got 1.5"],
    [{ ...order, source: [[1]] }, "ArgumentError: generate: source must be left out where the model has no encode"],
    [
      { ...order, maxLength: 9 },
      "ArgumentError: generate: unknown option maxLength; here it is maxNewTokens, without the prompt",
    ],
    [{ prompt: [[1]] }, "ArgumentError: generate: maxNewTokens must be"],
  ])("case %#", async (options, message) => {
    const error = await generator.generate(options as never).catch((each: unknown) => each);
    expect(`${error}`.startsWith(message), `${error}`).toBe(true);
  });

  test("a source is for each prompt", async () => {
    const translator = new TokenGenerator(new Translator(VOCABULARY, 8), { executor: executors[0][1], capacity: 8 });
    const said = (options: object) => translator.generate({ ...order, ...options }).catch((each: unknown) => `${each}`);
    expect(await said({})).toMatch("ArgumentError: generate: source must be given where the model has an encode");
    expect(await said({ source: [Int32Array.of(1), Int32Array.of(2)] })).toMatch(
      "ArgumentError: generate: source [2, 1] has no row for each of 1 prompts",
    );
  });

  test("models that give no logits, and those whose logits are no numbers, are told of", async () => {
    const { executor } = generator;
    const said = (own: object, state?: object) =>
      generate(own as Gpt, { ...order, executor, state: state as never }).catch((each: unknown) => `${each}`);
    const table = new Embedding(3, 3);
    expect(await said({ table, forward: () => table.weight })).toMatch(
      "ShapeError: generate: the model must give logits [N, T, vocabulary] for tokens [1, 1], got [3, 3]",
    );
    const chain = { table, forward: ({ tokens }: { readonly tokens: Tensor }) => table.forward(tokens) };
    const state = {
      "table.weight": [
        [0, 1, 0],
        [0, 0, 1],
        [Number.NaN, 0, 0],
      ],
    };
    expect(await said(chain, state)).toMatch(
      "NonFiniteError: generate: the model gives logits that are NaN or infinite for token 1",
    );
    const ruledOut = {
      "table.weight": [
        [Number.NEGATIVE_INFINITY, 1, 0],
        [0, Number.NEGATIVE_INFINITY, 1],
        [1, 0, 0],
      ],
    };
    expect(await said(chain, ruledOut)).toEqual({ sequences: [Int32Array.of(1, 2, 0, 1, 2, 0)] });
    expect(
      await said({
        forward: (() => {
          const hidden = new Embedding(3, 3);
          return ({ tokens }: { readonly tokens: Tensor }) => hidden.forward(tokens);
        })(),
      }),
    ).toMatch("it is in no field of the model (private ones and closures hide theirs)");
    expect(await said(() => table)).toMatch(
      "ArgumentError: TokenGenerator: model must be a model with a method forward of { tokens, cache }",
    );
  });
});

test("who generates without a state, on an executor of its own, is told that nobody gave the weights values", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const table = new Embedding(3, 3);
  const model = { table, forward: ({ tokens }: { readonly tokens: Tensor }) => table.forward(tokens) };
  const state = { "table.weight": new Float32Array(9).map((_, i) => i) };
  const shaped = { "table.weight": { data: state["table.weight"], shape: [3, 3] } };
  const order = { prompt: [[0]], maxNewTokens: 2 };
  await generate(model, { ...order, state: shaped });
  expect(warn).not.toHaveBeenCalled();
  await generate(model, order);
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(
        /^simdgrad: TokenGenerator: table\.weight have first values, drawn at random: give it a state/,
      ),
    ],
  ]);
  warn.mockRestore();
});

test("a temperature of 0 is refused, with what gives the likeliest tokens", async () => {
  const table = new Embedding(3, 3);
  const model = { table, forward: ({ tokens }: { readonly tokens: Tensor }) => table.forward(tokens) };
  await expect(generate(model, { prompt: [[0]], maxNewTokens: 2, temperature: 0 })).rejects.toThrow(
    "generate: temperature must be a number >= 0.000001, or left out for the likeliest token each time, got 0",
  );
});
