// npm run char-gpt: a small GPT learns to write letter by letter: four layers of four heads, 128 wide, that see 64 letters (sizes and way of
// training of nanoGPT's run on a CPU, Karpathy 2023; with rotary positions in the place of learned ones).
import { evaluate, randomKey, type Tensor, Trainer, type WasmExecutor } from "simdgrad";
import {
  type Context,
  crossEntropy,
  Embedding,
  forward,
  gelu,
  init,
  LayerNorm,
  Linear,
  parameters,
  Residual,
  rotaryPositions,
  Sequential,
  scaledDotProductAttention,
} from "simdgrad/nn";
import { adamW, chain, clipByGlobalNorm, cosineDecay, joinedSchedules, linearSchedule } from "simdgrad/optim";
import { kneserNey, lossOf } from "./n-grams.ts";
import { randomOf } from "./random.ts";
import { script } from "./script.ts";
import { type Alphabet, allWindows, drawnClass, drawnWindows, lettersOf, readText, TEXT_OPTION } from "./text.ts";

const [LAYERS, HEADS, WIDTH, LENGTH] = [4, 4, 128, 64];
/** Letters of each text that is written, and how likely letters are preferred. */
const [WRITTEN, TEMPERATURE] = [300, 0.8];

const norm = () => new LayerNorm(WIDTH, { bias: false });
const linear = (from: number, to: number) => new Linear(from, to, { bias: false });

/** Heads that see the letters before them, by how far away these are: [N, T, width] to the same. */
class Attention {
  readonly projection = linear(WIDTH, 3 * WIDTH);
  readonly output = linear(WIDTH, WIDTH);

  forward(x: Tensor): Tensor {
    const [rows, length] = x.shape;
    const heads = this.projection
      .forward(x)
      .reshape([rows, length, 3, HEADS, WIDTH / HEADS])
      .permute([2, 0, 3, 1, 4]);
    const [query, key, value] = [0, 1, 2].map((i) => heads.narrow(0, i, 1).squeeze(0));
    const seen = scaledDotProductAttention(rotaryPositions(query), rotaryPositions(key), value, { isCausal: true });
    return this.output.forward(seen.permute([0, 2, 1, 3]).reshape(x.shape));
  }
}

/** From letters, i32 [N, T], to logits of those that come next, [N, letters, T]. The table that reads letters also writes them. */
export class Gpt {
  readonly letters: Embedding;
  readonly body = new Sequential(
    ...Array.from({ length: LAYERS }, () => [
      new Residual(new Sequential(norm(), new Attention())),
      new Residual(new Sequential(norm(), linear(WIDTH, 4 * WIDTH), gelu, linear(4 * WIDTH, WIDTH))),
    ]).flat(),
    norm(),
  );

  constructor(letters: number) {
    this.letters = new Embedding(letters, WIDTH);
  }

  forward(x: Tensor, context: Context): Tensor {
    const made = forward(this.body, this.letters.forward(x), context);
    return made.matmul(this.letters.weight, { transposeB: true }).transpose(1, 2);
  }
}

/** First values of the matrices: normal, within 1 / sqrt(in), and smaller where 2 LAYERS sums add up (Radford et al. 2019). */
async function firstValues(model: Gpt, seed: number, executor: WasmExecutor) {
  const values: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
  for (const [name, { shape }] of parameters(model)) {
    if (shape.length < 2) continue;
    const adds = shape[0] === WIDTH && name.startsWith("body");
    const deviation = 1 / Math.sqrt(adds ? 2 * LAYERS * shape[1] : shape[1]);
    const drawn = init.normal(0, deviation)(shape, randomKey(seed, name));
    values[name] = { data: Float32Array.from(await evaluate(drawn, { executor })), shape };
  }
  return values;
}

/** Lets a model go on with a text: it sees the last letters at each step, all anew. */
async function write(trainer: Trainer, alphabet: Alphabet, begin: string, random: () => number): Promise<string> {
  const codes = [...alphabet.encode(begin)];
  while (codes.length < WRITTEN) {
    const seen = codes.slice(-LENGTH);
    // Of one length always, so that one program serves all; what stands behind is not seen.
    const row = Int32Array.from({ length: LENGTH }, (_, i) => seen[i] ?? 0);
    const { data: logits } = await trainer.predict({ data: row, shape: [1, LENGTH] });
    const next = alphabet.letters.map((_, letter) => logits[letter * LENGTH + seen.length - 1]);
    codes.push(drawnClass(next, TEMPERATURE, random));
  }
  return alphabet.decode(codes);
}

await script({
  name: "char-gpt",
  about: "A GPT of four layers learns to write letter by letter.",
  metric: "held-out loss a letter, in nats",
  options: {
    text: TEXT_OPTION,
    steps: { about: "of 12 windows of 64 letters", value: "2000" },
    batch: { about: "windows a step", value: "12" },
    samples: { about: "texts to write", value: "2" },
  },
  async run({ seed, executor, options, whole, train, say }) {
    const [steps, batch] = [whole("steps"), whole("batch")];
    const { alphabet, train: letters, heldOut } = lettersOf(await readText(options.text));
    const judged = allWindows(heldOut, LENGTH);
    const model = new Gpt(alphabet.size);
    const warmup = Math.min(100, Math.ceil(steps / 20));
    const rate = joinedSchedules(
      [
        linearSchedule(1e-3, { steps: warmup, startFactor: 1 / warmup }),
        cosineDecay(1e-3, { steps: Math.max(1, steps - warmup), final: 1e-4 }),
      ],
      { boundaries: [warmup] },
    );
    const trainer = new Trainer(model, {
      loss: crossEntropy,
      optimizer: chain(
        clipByGlobalNorm(1),
        adamW(rate, { beta1: 0.9, beta2: 0.99, weightDecay: 0.1, mask: ({ shape }) => shape.length > 1 }),
      ),
      executor,
      seed,
    });
    await trainer.loadStateDict(await firstValues(model, seed, executor), { strict: false });
    const data = drawnWindows(letters, { rows: batch, length: LENGTH }, randomOf(seed));
    const [{ seconds }] = await train(trainer, { data, batch, stepsPerEpoch: steps });
    const { loss } = await trainer.evaluate(judged);
    const [trigram, fivegram] = [3, 5].map((order) =>
      lossOf(kneserNey([letters], { order, classes: alphabet.size }), [heldOut]),
    );
    const counted = `Kneser-Ney: 3-gram ${trigram.toFixed(4)}, 5-gram ${fivegram.toFixed(4)}`;
    say(`held-out loss ${loss.toFixed(4)} after ${steps} steps; ${counted}`);
    const random = randomOf(seed + 1);
    for (let i = 0; i < whole("samples", 0); i++) say(`\n${await write(trainer, alphabet, "\n", random)}\n`);
    await trainer.dispose();
    const more = { steps, seen: steps * batch * LENGTH, fivegram, threads: executor.info.threads };
    return { value: loss, baseline: trigram, seconds, more };
  },
});
