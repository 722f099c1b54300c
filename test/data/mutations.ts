// Files that went wrong on their way: seeded changes of bytes, and bytes in the middle of others, which nobody may read.
import { SimdgradError } from "../../src/index.ts";
import { numbers } from "../random.ts";

/** Mutations of each kind of file that are tried. */
export const MUTATIONS = process.env.SOAK ? 100_000 : 1000;

/** How long that may take, in milliseconds. */
export const PATIENCE = { timeout: 600_000 };

/** A file with up to four changes: bits, bytes, cuts, insertions, repetitions. */
export function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const random = numbers(seed);
  const below = (n: number) => Math.floor(random() * n);
  let file = Uint8Array.from(bytes);
  for (let count = 1 + below(4); count > 0; count--) {
    const at = below(file.length + 1);
    const length = below(1 + Math.min(16, file.length - at));
    const changes = [
      () => file.fill(below(256), at, at + 1),
      () => file.fill(file[at] ^ (1 << below(8)), at, at + 1),
      () => file.fill([0, 255, 127, 128][below(4)], at, at + length),
      () => file.slice(0, at),
      () => joined(file.slice(0, at), file.slice(at + length)),
      () =>
        joined(
          file.slice(0, at),
          Uint8Array.from({ length: 1 + below(8) }, () => below(256)),
          file.slice(at),
        ),
      () => joined(file.slice(0, at + length), file.slice(at)),
      () => file.fill(['"', "\n", ",", "\r"][below(4)].charCodeAt(0), at, at + 1),
    ];
    file = changes[below(changes.length)]();
  }
  return file;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Bytes as a part of a larger buffer that is full of others. */
function amid(bytes: Uint8Array, others: number): Uint8Array {
  const large = new Uint8Array(bytes.length + 4096).fill(others);
  large.set(bytes, 1024);
  return large.subarray(1024, 1024 + bytes.length);
}

/** What a reader makes of bytes, whatever lies beside them, as text; a typed error by its message. Anything else is a fault. */
export async function outcomeOf(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): Promise<string> {
  const outcomes: string[] = [];
  for (const others of [0, 255, 49]) outcomes.push(await attempt(read, amid(bytes, others)));
  if (new Set(outcomes).size > 1) throw new Error(`reads beyond its bytes: ${outcomes.join(" | ")}`);
  return outcomes[0];
}

async function attempt(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): Promise<string> {
  try {
    return JSON.stringify(await read(bytes), (_, value) => (ArrayBuffer.isView(value) ? String(value) : value));
  } catch (error) {
    if (error instanceof SimdgradError && error.message.length > 10) return `${error.name}: ${error.message}`;
    throw error;
  }
}
