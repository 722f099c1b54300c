// From what a network says to what it was right and wrong about.

/** Softmax of each row: scores of `classes` each become probabilities. */
export function softmaxRows(scores: ArrayLike<number>, classes: number): Float32Array {
  const result = new Float32Array(scores.length);
  for (let start = 0; start < scores.length; start += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = start; i < start + classes; i++) most = Math.max(most, scores[i]);
    let sum = 0;
    for (let i = start; i < start + classes; i++) {
      result[i] = Math.exp(scores[i] - most);
      sum += result[i];
    }
    for (let i = start; i < start + classes; i++) result[i] /= sum;
  }
  return result;
}

/** The most probable class of each row; the first one of equals. */
export function argmaxRows(values: ArrayLike<number>, classes: number): Uint8Array {
  const result = new Uint8Array(values.length / classes);
  for (let row = 0; row < result.length; row++) {
    let best = 0;
    for (let i = 1; i < classes; i++) if (values[row * classes + i] > values[row * classes + best]) best = i;
    result[row] = best;
  }
  return result;
}

/** How often each class (row) was taken for each (column). */
export function confusion(truth: ArrayLike<number>, said: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) counts[truth[i]][said[i]]++;
  return counts;
}

/** A wrong answer. */
export interface Mistake {
  readonly row: number;
  readonly truth: number;
  readonly said: number;
  /** Probability of what it said. */
  readonly certainty: number;
}

/** The wrong answers it is most certain of, the worst first, at most `most`. */
export function worstMistakes(
  probabilities: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  most: number,
): Mistake[] {
  const mistakes: Mistake[] = [];
  argmaxRows(probabilities, classes).forEach((said, row) => {
    if (said !== truth[row])
      mistakes.push({ row, truth: truth[row], said, certainty: probabilities[row * classes + said] });
  });
  return mistakes.sort((a, b) => b.certainty - a.certainty).slice(0, most);
}
