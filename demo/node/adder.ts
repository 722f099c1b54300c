// A network that answers questions, character by character: an encoder that reads both ways, a decoder that writes, and attention between
// them (Sutskever, Vinyals and Le 2014; Luong, Pham and Manning 2015).
import { compile, concat, constant, input, type Tensor, type WasmExecutor } from "simdgrad";
import {
  type Context,
  Embedding,
  evaluationContext,
  GRU,
  Linear,
  LSTM,
  scaledDotProductAttention,
  tanh,
} from "simdgrad/nn";
import { ANSWER, QUESTION, START, type Sums, SYMBOLS } from "./addition.ts";

const EMBEDDED = 32;

export const KINDS = { LSTM, GRU };
export type Kind = keyof typeof KINDS;

interface Sum {
  /** i32 [N, QUESTION] */
  readonly question: Tensor;
  /** What was written before each character of the answer, i32 [N, ANSWER]. */
  readonly before: Tensor;
}

/** What an encoder has read: its outputs [N, QUESTION, hidden], and the state that a decoder begins with. */
interface Read {
  readonly output: Tensor;
  readonly state: unknown;
}

/** From questions, and what was written before each character, to logits of the characters [N, SYMBOLS, ANSWER]. */
export class Adder {
  readonly embedding = new Embedding(SYMBOLS, EMBEDDED);
  readonly encoder: LSTM | GRU;
  readonly decoder: LSTM | GRU;
  readonly joined: Linear;
  readonly out: Linear;

  constructor(kind: Kind, half: number) {
    const Layer = KINDS[kind];
    this.encoder = new Layer(EMBEDDED, half, { batchFirst: true, bidirectional: true });
    this.decoder = new Layer(EMBEDDED, 2 * half, { batchFirst: true });
    this.joined = new Linear(4 * half, 2 * half);
    this.out = new Linear(2 * half, SYMBOLS);
  }

  forward({ question, before }: Sum, context: Context): Tensor {
    const read = this.read(question, context);
    return this.write(before, read, read.state, context).logits.permute([0, 2, 1]);
  }

  read(question: Tensor, context: Context): Read {
    const { output, state } = run(this.encoder, { input: this.embedding.forward(question) }, context);
    // Of each carry [directions, N, half] -> [1, N, 2 half].
    const sideBySide = (carry: Tensor) => carry.permute([1, 0, 2]).flatten(1).unsqueeze(0);
    return { output, state: Array.isArray(state) ? state.map(sideBySide) : sideBySide(state as Tensor) };
  }

  /** Logits [N, T, SYMBOLS] of what comes behind each of T characters, and the decoder's state there. */
  write(before: Tensor, read: Read, state: unknown, context: Context) {
    const made = run(this.decoder, { input: this.embedding.forward(before), state }, context);
    const seen = scaledDotProductAttention(made.output, read.output, read.output);
    const joined = tanh(this.joined.forward(concat([made.output, seen], -1)));
    return { logits: this.out.forward(joined), state: made.state };
  }

  /** What it answers when nobody helps: the likeliest character behind what it wrote itself, i32 [N, ANSWER]. */
  answer(question: Tensor): Tensor {
    const context = evaluationContext();
    const read = this.read(question, context);
    let { state } = read;
    const written = [constant(new Int32Array(question.shape[0]).fill(START), { shape: [question.shape[0], 1] })];
    for (let i = 0; i < ANSWER; i++) {
      const next = this.write(written[i], read, state, context);
      state = next.state;
      written.push(next.logits.argmax(-1));
    }
    return concat(written.slice(1), 1);
  }
}

/** A layer of either kind: what its state is, h or a pair of h and c, it alone knows. */
function run(layer: LSTM | GRU, x: { readonly input: Tensor; readonly state?: unknown }, context: Context): Read {
  return layer.forward(x as never, context) as unknown as Read;
}

/** Characters that a network answers, by its weights on an executor. */
export async function answers(
  executor: WasmExecutor,
  adder: Adder,
  { question, rows }: Sums,
): Promise<ArrayLike<number>> {
  const asked = input([rows, QUESTION], "i32");
  const program = await executor.load(compile({ inputs: { asked }, outputs: { answer: adder.answer(asked) } }));
  const { answer } = await executor.step(program, { asked: question.data });
  await executor.unload(program);
  return answer;
}
