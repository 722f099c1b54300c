// Beam search: of all texts that a network may write, the likeliest that are found where a few of each are followed.

/** How texts are searched. */
export interface Search {
  /** Texts of each row that are followed; 1 takes the likeliest symbol after the other. */
  readonly width: number;
  /** Symbols of a text at the most, its end included. */
  readonly length: number;
  /** The symbol that ends a text. */
  readonly end: number;
  /** Logarithms of the probabilities of all symbols behind each text: of rows x width texts of one length, those of a row side by side. */
  readonly next: (texts: readonly (readonly number[])[]) => Promise<readonly ArrayLike<number>[]>;
}

interface Beam {
  readonly text: readonly number[];
  /** The logarithm of its probability. */
  readonly score: number;
}

/** The likeliest text of each row that was found, without its end. */
export async function beamSearch(rows: number, { width, length, end, next }: Search): Promise<number[][]> {
  // All begin with one text, the empty one: the others are impossible.
  const beginning = (): Beam[] =>
    Array.from({ length: width }, (_, i) => ({ text: [], score: i === 0 ? 0 : Number.NEGATIVE_INFINITY }));
  let found = Array.from({ length: rows }, beginning);
  const isOver = ({ text }: Beam) => text.at(-1) === end;
  for (let step = 0; step < length && !found.every(([best]) => isOver(best)); step++) {
    const scores = await next(found.flat().map(({ text }) => text));
    found = found.map((beams, row) => {
      const longer = beams.flatMap((beam, i): Beam[] => {
        // A text that is over stays as likely as it is, and grows with the others.
        if (isOver(beam)) return [{ text: [...beam.text, end], score: beam.score }];
        return Array.from(scores[row * width + i], (score, symbol) => ({
          text: [...beam.text, symbol],
          score: beam.score + score,
        }));
      });
      return longer.sort((a, b) => b.score - a.score).slice(0, width);
    });
  }
  return found.map(([{ text }]) => text.filter((symbol) => symbol !== end));
}
