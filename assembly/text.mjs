// Bytes as text that compresses like them: a character for each, where base64 puts three bytes into four, and gzip then finds little that
// was there before. `decoded` (src/runtime/wasm/instance.ts) reads it.

/** Of one byte in files and in memory first, none that a string or a page would have to escape. */
const characters = [...range(0x20, 0x7e), ...range(0xa1, 0x180)].filter(
  (code) => !`"'\\\`$&<\xad`.includes(String.fromCharCode(code)),
);

/** What a string literal holds for bytes, of ASCII alone: first the characters of bytes 0 to 255, the shortest for the most frequent. */
export function asText(bytes) {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]++;
  const ranked = [...counts.keys()].sort((a, b) => counts[b] - counts[a]);
  const codes = [];
  ranked.forEach((byte, rank) => {
    codes[byte] = characters[rank];
  });
  return [...codes, ...Array.from(bytes, (byte) => codes[byte])].map(literal).join("");
}

function literal(code) {
  return code < 0x7f
    ? String.fromCharCode(code)
    : code < 0x100
      ? `\\x${code.toString(16)}`
      : `\\u0${code.toString(16)}`;
}

function range(from, to) {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
