// The numbers of a random stream's key. On their own, so that a page whose programs were made before needs nothing else of the graph.

/** The two i32 of the stream that a seed and a path name. */
export function streamOf(seed: number, path: string): readonly [low: number, high: number] {
  const low = hash(path, seed | 0);
  return [low, hash(path, low ^ Math.floor(seed / 2 ** 32))];
}

/** A number and a text, hashed to 32 bits (FNV-1a, then the finisher of MurmurHash3). */
function hash(text: string, start: number): number {
  let h = start ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
