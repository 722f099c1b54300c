// What a token takes: a GPT with a cache of keys and values, tokens drawn in the program. And what attention takes tile by tile, beside the plain
// one, turn by turn, forward and backward. Options: --only TEXT, --rounds N, --threads N, --json FILE, --write.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type GenerateOptions, TokenGenerator, type TokensInput } from "../src/generate/index.ts";
import { arange, compile, type Executor, grad, input, type Tensor, WasmExecutor } from "../src/index.ts";
import {
  type Context,
  Embedding,
  LayerNorm,
  Linear,
  scaledDotProductAttention,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "../src/nn/index.ts";
import { describe, digits, machine, median, table, writeReadme } from "./report.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "15" },
    threads: { type: "string", default: "1" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const threads = Number(values.threads);

/** Rounds before the first that counts. */
const WARM_UPS = 3;

/** What is aimed at: tokens a second of one sequence, a cache of 64. */
const AIM = 3000;

const VOCABULARY = 65;

/** A GPT of 4 layers and 4 heads, 128 wide. */
class Gpt {
  readonly tokens = new Embedding(VOCABULARY, 128);
  readonly places = new Embedding(1024, 128);
  readonly blocks = new TransformerEncoder(
    Array.from({ length: 4 }, () => new TransformerEncoderLayer(128, 4, own)),
    { norm: new LayerNorm(128) },
  );
  readonly head = new Linear(128, VOCABULARY, { bias: false });

  forward({ tokens, cache }: TokensInput, context: Context): Tensor {
    const places = arange(tokens.shape[1]).add(cache.position);
    const src = this.tokens.forward(tokens).add(this.places.forward(places));
    return this.head.forward(this.blocks.forward({ src, cache }, context));
  }
}
const own = { dimFeedforward: 512, dropout: 0, activation: "gelu", normFirst: true, batchFirst: true } as const;

const ways: Readonly<Record<string, Partial<GenerateOptions>>> = {
  greedy: {},
  "drawn by a temperature": { temperature: 0.8 },
  "drawn of the 40 likeliest and of 0.95": { temperature: 0.8, topK: 40, topP: 0.95 },
  "4 beams": { beams: 4 },
};

/** Milliseconds of each call, one number a round, by name; the calls take turns. */
async function timed(calls: Readonly<Record<string, () => Promise<unknown>>>): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(calls).map((name) => [name, []]));
  for (let round = -WARM_UPS; round < rounds; round++)
    for (const [name, call] of Object.entries(calls)) {
      const start = performance.now();
      await call();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  return times;
}

const texts = [describe(machine())];
const told: Record<string, unknown> = {};

if ("tokens".includes(values.only)) {
  const executor = new WasmExecutor({ threads });
  const model = new Gpt();
  const rowsOf = async (batch: number, capacity: number) => {
    const generator = new TokenGenerator(model, { executor, capacity });
    const prompt = Array.from({ length: batch }, (_, row) => [row]);
    const maxNewTokens = capacity - 1;
    const calls = Object.entries(ways).map(
      ([way, options]) => [way, () => generator.generate({ prompt, maxNewTokens, ...options })] as const,
    );
    const times = await timed(Object.fromEntries(calls));
    await generator.dispose();
    told[`${batch} ${capacity}`] = times;
    return Object.entries(times).map(([way, all]) => ({
      "4 layers, 4 heads, 128 wide": way,
      sequences: batch,
      cache: capacity,
      "tokens a second": digits((batch * maxNewTokens * 1000) / median(all)),
      "us a token": digits((median(all) * 1000) / (batch * maxNewTokens)),
    }));
  };
  const rows = [...(await rowsOf(1, 64)), ...(await rowsOf(8, 64)), ...(await rowsOf(1, 512))];
  await executor.dispose();
  texts.push(
    `Aim: ${AIM} tokens a second of one sequence, cache 64. Threads: ${threads}. ${rounds} rounds.`,
    table(rows),
  );
}

/** A program of attention over so many places, forward and backward, loaded. */
async function attention(executor: Executor, length: number, tiled: boolean): Promise<() => Promise<unknown>> {
  const shape = [1, 4, length, 32];
  const [q, k, v] = [input(shape), input(shape), input(shape)];
  const output = scaledDotProductAttention(q, k, v, { isCausal: true, tiled });
  const [dq, dk, dv] = grad(output.square().sum(), [q, k, v]);
  const id = await executor.load(compile({ inputs: { q, k, v }, outputs: { output, dq, dk, dv } }));
  const data = Float32Array.from({ length: 4 * length * 32 }, (_, i) => Math.sin(i));
  for (const name of ["q", "k", "v"]) await executor.write({ program: id, name }, data);
  return () => executor.run([[id, 1]]).done;
}

if ("tiles".includes(values.only)) {
  const rows: Record<string, string | number | undefined>[] = [];
  for (const length of [128, 256, 512, 1024, 2048]) {
    const executor = new WasmExecutor({ threads });
    const times = await timed({
      plain: await attention(executor, length, false),
      tiles: await attention(executor, length, true),
    });
    await executor.dispose();
    told[`tiles ${length}`] = times;
    rows.push({
      "4 heads of 32, causal, forward and backward": `${length} places`,
      "plain, ms": digits(median(times.plain)),
      "tiles, ms": digits(median(times.tiles)),
      "tiles by plain": digits(median(times.tiles.map((time, round) => time / times.plain[round]))),
    });
  }
  texts.push(table(rows));
}

if (texts.length === 1) throw new RangeError(`--only: nothing is called ${values.only}; there are tokens and tiles`);
const text = texts.join("\n\n");
console.log(text);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(told));
if (values.write) writeReadme("generate", text);
