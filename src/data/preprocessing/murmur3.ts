// MurmurHash3 of 32 bits, as scikit-learn's FeatureHasher has it. Source: A. Appleby, MurmurHash3_x86_32, public domain.

function rotated(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function scrambled(word: number): number {
  return Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

/** The hash of a text in UTF-8, with its sign. */
function murmur3(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash = rotated(hash ^ scrambled(view.getInt32(at, true)), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = bytes.length - 1; at >= whole; at--) rest = (rest << 8) | bytes[at];
  if (bytes.length > whole) hash ^= scrambled(rest);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Which of so many features a text counts for, and whether 1 or -1. */
export function hashedPlace(text: string, features: number): { readonly place: number; readonly sign: 1 | -1 } {
  const hash = murmur3(text);
  return { place: Math.abs(hash) % features, sign: hash < 0 ? -1 : 1 };
}
