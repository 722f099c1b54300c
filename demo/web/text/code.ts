// The training of the page as a program of its own.
import { HEADS, LENGTH, sizes } from "./model.ts";
import { BATCH, EPOCHS } from "./session.ts";
import type { RateChange, Settings } from "./settings.ts";
import { MOST, type Source } from "./source.ts";

const gpt = (
  layers: number,
  width: number,
) => `/** Each place looks at those before it, then works out by itself what it saw. */
class Block {
  norm1 = new LayerNorm(${width});
  attention = new MultiheadAttention(${width}, ${HEADS}, { batchFirst: true });
  norm2 = new LayerNorm(${width});
  wide = new Linear(${width}, ${4 * width});
  narrow = new Linear(${4 * width}, ${width});

  forward(x: Tensor, context: Context, cache?: KeyValueCache): Tensor {
    const { output } = this.attention.forward({ query: this.norm1.forward(x), isCausal: true, cache }, context);
    const seen = x.add(output);
    return seen.add(this.narrow.forward(gelu(this.wide.forward(this.norm2.forward(seen)))));
  }
}

class Gpt {
  characters = new Embedding(alphabet.length, ${width});
  places = new Embedding(LENGTH, ${width});
  blocks = Array.from({ length: ${layers} }, () => new Block());
  norm = new LayerNorm(${width});
  head = new Linear(${width}, alphabet.length);

  forward(x: Tensor | TokensInput, context: Context): Tensor {
    const { tokens, cache } = x instanceof Tensor ? { tokens: x, cache: undefined } : x;
    const at = arange(tokens.shape[1]).add(cache?.position ?? 0);
    let made = this.characters.forward(tokens).add(this.places.forward(at));
    for (const block of this.blocks) made = block.forward(made, context, cache);
    const logits = this.head.forward(this.norm.forward(made));
    return cache === undefined ? logits.transpose(1, 2) : logits; // a loss wants the characters on axis 1
  }
}`;

const lstm = (layers: number, width: number) => `class Lstm {
  characters = new Embedding(alphabet.length, ${width});
  lstm = new LSTM(${width}, ${width}, { numLayers: ${layers}, batchFirst: true });
  head = new Linear(${width}, alphabet.length);

  forward(tokens: Tensor, context: Context): Tensor {
    const made = this.lstm.forward(this.characters.forward(tokens), context);
    return this.head.forward(made).transpose(1, 2); // a loss wants the characters on axis 1
  }
}`;

/** Where the text comes from: an address, or a file of the visitor's. */
function reading({ own, cut }: Pick<Source, "own" | "cut">, address: string): string {
  if (!own) return `const text = await (await fetch(${JSON.stringify(address)})).text();`;
  const end = cut ? `.slice(0, ${MOST.toLocaleString("en").replaceAll(",", "_")})` : "";
  return `const file = await readFile("text.txt", "utf8");
const text = file.replace(/^\\uFEFF/, "").replaceAll("\\r\\n", "\\n")${end};`;
}

/** What was done: the settings that it began with, the rates that came after, and steps in all. */
export interface Done {
  readonly settings: Settings;
  readonly rates: readonly RateChange[];
  readonly steps: number;
}

/** Lines that make the steps, from rate to rate. */
function training({ rates, steps }: Pick<Done, "rates" | "steps">): string {
  const lineOf = (some: string) =>
    `for await (const { loss } of trainer.fit({ batch: ${BATCH}, epochs: ${EPOCHS}, callbacks: [stopAt({ ${some} })] })) last = loss;`;
  if (rates.length === 0) return lineOf(`steps: ${steps}`);
  const lines = ["/** Makes so many steps. */", "async function train(steps: number) {", `  ${lineOf("steps")}`, "}"];
  let made = 0;
  for (const { step, rate } of rates) {
    if (step > made) lines.push(`await train(${step - made});`);
    lines.push(`await trainer.setHyperparameters({ rate: ${rate} });`);
    made = step;
  }
  if (steps > made) lines.push(`await train(${steps - made});`);
  return lines.join("\n");
}

/** The program that makes so many steps as the page does, and prints the loss of the last one. */
export function code(
  { settings: { network, size, rate, seed }, rates, steps }: Done,
  source: Pick<Source, "own" | "cut">,
  address: string,
): string {
  const { layers, width } = sizes[network][size];
  const isGpt = network === "gpt";
  const core = isGpt ? "arange, Tensor, Trainer, WasmExecutor" : "type Tensor, Trainer, WasmExecutor";
  const layersUsed = isGpt
    ? "type Context, crossEntropy, Embedding, gelu, LayerNorm, Linear, MultiheadAttention"
    : "type Context, crossEntropy, Embedding, Linear, LSTM";
  const imports = [
    ...(source.own ? ['import { readFile } from "node:fs/promises";'] : []),
    `import { ${core} } from "simdgrad";`,
    'import { stopAt } from "simdgrad/callbacks";',
    ...(isGpt ? ['import { generate, type KeyValueCache, type TokensInput } from "simdgrad/generate";'] : []),
    `import { ${layersUsed} } from "simdgrad/nn";`,
    'import { adam, chain, clipByGlobalNorm, hyperparameter } from "simdgrad/optim";',
  ];
  const written = isGpt
    ? `
const prompt = [codes.slice(0, ${LENGTH / 2})];
const { sequences } = await generate(model, { executor, prompt, maxNewTokens: ${LENGTH / 2}, temperature: 0.7 });
console.log([...sequences[0]].map((code) => alphabet[code]).join(""));
`
    : "";
  return `// ${isGpt ? "A small GPT" : "An LSTM"} learns to write, character by character: ${steps.toLocaleString("en")} step${steps === 1 ? "" : "s"}.
// Before it runs: npm i simdgrad${source.own ? ", and the text that you gave the page as the file text.txt beside it" : ""}
${imports.join("\n")}

const LENGTH = ${LENGTH}; // characters that are seen at once
${reading(source, address)}
const alphabet = [...new Set(text)].sort();
const codes = Int32Array.from([...text], (character) => alphabet.indexOf(character));

// Windows of the first nine tenths, and what comes after each of their characters. (The page tests itself on the rest.)
const end = Math.floor(0.9 * codes.length);
const stride = Math.max(8, Math.ceil(end / 10_000));
const starts: number[] = [];
for (let at = 0; at + LENGTH < end; at += stride) starts.push(at);
const rows = (shift: number) => starts.map((at) => codes.slice(at + shift, at + shift + LENGTH));

${isGpt ? gpt(layers, width) : lstm(layers, width)}

const model = new ${isGpt ? "Gpt" : "Lstm"}();
const rate = hyperparameter(${rate});
const executor = new WasmExecutor({ build: "portable" }); // the same bits on every machine
const trainer = new Trainer(model, {
  loss: crossEntropy,
  optimizer: chain(clipByGlobalNorm(1), adam(rate)),
  hyperparameters: { rate },
  executor,
  seed: ${seed},
});
await trainer.load({ x: rows(0), y: rows(1) });
let last = Number.NaN;
${training({ rates, steps })}
${written}
console.log("loss of the last step:", last);
await trainer.dispose();
`;
}
