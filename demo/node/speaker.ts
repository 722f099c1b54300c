// A transformer that reads letters and says phonemes (Vaswani et al. 2017; Yolchuyeva, Németh and Gyires-Tóth, "Transformer based
// grapheme-to-phoneme conversion", 2019).
import { compile, input, type Tensor, type WasmExecutor } from "simdgrad";
import { type Context, Embedding, evaluationContext, Linear, sinusoidalPositions, Transformer } from "simdgrad/nn";
import { beamSearch } from "./beam-search.ts";
import { END, indicesOf, LETTERS, lettersOf, PHONEMES, SYMBOLS } from "./spelling.ts";

const HEADS = 4;
/** Words that are searched at once. */
const AT_ONCE = 64;

interface Words {
  /** i32 [N, letters], 0 behind the last. */
  readonly letters: Tensor;
  /** What was said before each phoneme, i32 [N, letters + 1]. */
  readonly before: Tensor;
}

/** From letters, and what was said before each phoneme, to logits of the phonemes [N, SYMBOLS, T]. */
export class Speaker {
  readonly size: number;
  readonly letters: Embedding;
  readonly phonemes: Embedding;
  readonly transformer: Transformer;
  readonly out: Linear;

  constructor(size: number, layers: number) {
    this.size = size;
    this.letters = new Embedding(LETTERS, size, { paddingIdx: 0 });
    this.phonemes = new Embedding(SYMBOLS, size);
    this.transformer = new Transformer(size, HEADS, {
      numEncoderLayers: layers,
      numDecoderLayers: layers,
      dimFeedforward: 2 * size,
      // In a few passes over so many words, nothing is learned by heart.
      dropout: 0,
      batchFirst: true,
      normFirst: true,
    });
    this.out = new Linear(size, SYMBOLS);
  }

  forward({ letters, before }: Words, context: Context): Tensor {
    return this.say(before, this.read(letters, context), letters, context).permute([0, 2, 1]);
  }

  /** What the decoder looks at: [N, letters, size]. */
  read(letters: Tensor, context: Context): Tensor {
    const src = this.#placed(this.letters.forward(letters));
    return this.transformer.encoder.forward({ src, keyMask: letters }, context);
  }

  /** Logits [N, T, SYMBOLS] of what comes behind each of T phonemes. */
  say(before: Tensor, memory: Tensor, letters: Tensor, context: Context): Tensor {
    const tgt = this.#placed(this.phonemes.forward(before));
    const given = { tgt, memory, isCausal: true, memoryKeyMask: letters };
    return this.out.forward(this.transformer.decoder.forward(given, context));
  }

  #placed(embedded: Tensor): Tensor {
    return embedded.add(sinusoidalPositions(embedded.shape[1], this.size));
  }
}

/** Says words of `most` letters at the most, following so many texts: one program reads a word, another goes on with texts. */
export async function said(
  executor: WasmExecutor,
  speaker: Speaker,
  words: readonly string[],
  { most, width }: { readonly most: number; readonly width: number },
): Promise<string[][]> {
  const context = evaluationContext();
  const word = input([AT_ONCE, most], "i32");
  const reader = await executor.load(compile({ inputs: { word }, outputs: { memory: speaker.read(word, context) } }));
  const rows = AT_ONCE * width;
  const letters = input([rows, most], "i32");
  const memory = input([rows, most, speaker.size]);
  const before = input([rows, most + 1], "i32");
  const scores = speaker.say(before, memory, letters, context).logSoftmax(-1);
  const sayer = await executor.load(compile({ inputs: { letters, memory, before }, outputs: { scores } }));
  const found: number[][] = [];
  for (let first = 0; first < words.length; first += AT_ONCE) {
    const some = words.slice(first, first + AT_ONCE);
    const { data } = lettersOf([...some, ...new Array<string>(AT_ONCE - some.length).fill("a")], most);
    const read = await executor.step(reader, { word: data });
    const known = {
      letters: repeated(data, most, width),
      memory: repeated(read.memory, most * speaker.size, width),
    };
    const next = async (texts: readonly (readonly number[])[]) => {
      const before = indicesOf(
        texts.map((text) => [END, ...text]),
        most + 1,
        END,
      ).data;
      const { scores } = await executor.step(sayer, { ...known, before });
      const at = (row: number) => (row * (most + 1) + texts[row].length) * SYMBOLS;
      return texts.map((_, row) => scores.subarray(at(row), at(row) + SYMBOLS));
    };
    found.push(...(await beamSearch(AT_ONCE, { width, length: most + 1, end: END, next })).slice(0, some.length));
  }
  await executor.unload(reader);
  await executor.unload(sayer);
  return found.map((text) => text.map((phoneme) => PHONEMES[phoneme]));
}

/** Each row of `size` numbers so many times. */
function repeated(rows: ArrayLike<number>, size: number, times: number): Float32Array {
  const all = new Float32Array(rows.length * times);
  for (let i = 0; i < all.length; i++) all[i] = rows[Math.floor(i / (size * times)) * size + (i % size)];
  return all;
}
