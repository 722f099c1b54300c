// Beam search: at each step the likeliest ways to go on from several sequences of each prompt; those that end are kept aside with their scores.
import type { Generated, Order } from "./order.ts";
import type { Programs } from "./programs.ts";

/** What cannot be the start of anything: all beams of a prompt but the first begin with it. */
const HOPELESS = -1e9;

interface Ended {
  readonly tokens: readonly number[];
  readonly score: number;
}

/** The search of one prompt. */
class Search {
  readonly beams: number;
  readonly power: number;
  readonly end: number;
  /** New tokens of each beam. */
  running: (readonly number[])[];
  readonly #ended: Ended[] = [];
  isDone = false;

  constructor({ beams, lengthPenalty, end }: Order) {
    this.beams = beams;
    this.power = lengthPenalty;
    this.end = end;
    this.running = Array.from({ length: beams }, () => []);
  }

  /** Goes on with candidates, the best first: where the beams come from, their tokens and their scores. */
  go(candidates: readonly { readonly from: number; readonly token: number; readonly sum: number }[]) {
    const next: { readonly from: number; readonly token: number; readonly sum: number }[] = [];
    for (const [rank, candidate] of candidates.entries()) {
      if (next.length === this.beams) break;
      const { from, token, sum } = candidate;
      if (token !== this.end) next.push(candidate);
      else if (rank < this.beams) this.#end([...this.running[from], token], sum);
    }
    while (next.length < this.beams) next.push({ from: 0, token: 0, sum: HOPELESS }); // a vocabulary of one or two
    this.running = next.map(({ from, token }) => [...this.running[from], token]);
    const best = candidates[0].sum / this.running[0].length ** this.power;
    this.isDone ||= this.#ended.length === this.beams && this.#ended[this.beams - 1].score >= best;
    return next;
  }

  #end(tokens: readonly number[], sum: number): void {
    if (this.isDone) return;
    this.#ended.push({ tokens, score: sum / tokens.length ** this.power });
    this.#ended.sort((a, b) => b.score - a.score);
    this.#ended.length = Math.min(this.#ended.length, this.beams);
  }

  /** The best of all, running ones with these sums included. */
  best(sums: readonly number[]): Ended {
    if (!this.isDone) for (const [i, tokens] of this.running.entries()) this.#end(tokens, sums[i]);
    return this.#ended[0];
  }
}

/** What a beam search finds for an order. */
export async function searched(programs: Programs, order: Order): Promise<Generated> {
  const { prompts, beams, longest, count, onTokens } = order;
  const { vocabulary, length, step } = await programs.search(order);
  const rows = prompts.length * beams;
  const own = Int32Array.from({ length: rows }, (_, row) => row);
  const start = Float32Array.from(own, (row) => (row % beams === 0 ? 0 : HOPELESS));
  const ofPrompts = (at: number) => Int32Array.from(own, (row) => prompts[Math.floor(row / beams)][at]);
  for (let at = length; at < longest - 1; at++) await step(ofPrompts(at), own, start);
  const searches = prompts.map(() => new Search(order));
  let [tokens, from, scores] = [ofPrompts(longest - 1), own, start];
  for (let made = 0; made < count && searches.some(({ isDone }) => !isDone); made++) {
    const { best, which } = await step(tokens, from, scores);
    const width = best.length / prompts.length;
    const next = searches.flatMap((search, prompt) => {
      const candidates = Array.from({ length: width }, (_, i) => {
        const place = which[prompt * width + i];
        return { from: Math.floor(place / vocabulary), token: place % vocabulary, sum: best[prompt * width + i] };
      });
      return search.go(candidates).map((each) => ({ ...each, from: prompt * beams + each.from }));
    });
    tokens = Int32Array.from(next, (each) => each.token);
    from = Int32Array.from(next, (each) => each.from);
    scores = Float32Array.from(next, (each) => each.sum);
  }
  const found = searches.map((search, prompt) =>
    search.best([...scores.subarray(prompt * beams, (prompt + 1) * beams)]),
  );
  onTokens?.(found.map((each) => Int32Array.from(each.tokens)));
  return {
    sequences: found.map((each, i) => Int32Array.from([...prompts[i], ...each.tokens])),
    scores: found.map(({ score }) => score),
  };
}
