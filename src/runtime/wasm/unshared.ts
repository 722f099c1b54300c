// Modules for one thread alone. Kernels are compiled for a memory that threads share. Without a team nobody shares it, and engines handle their own
// memory better: JavaScriptCore (Safari 26.2, WebKitGTK 2.50) now and then traps or crashes after a shared memory has grown.

/** How a module says that it imports `env.memory`, up to its flags: the names with their lengths, and what it is. */
const IMPORT = [3, ...codesOf("env"), 6, ...codesOf("memory"), 2];

/** Flags of a memory with a maximum. */
const SHARED = 3;
const UNSHARED = 1;

/** The same module, importing a memory that is not shared. Atomic instructions work on it; waiting is what nobody alone does. */
export function unshared(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const first = module.findIndex((_, at) => IMPORT.every((byte, i) => module[at + i] === byte));
  const flags = first + IMPORT.length;
  if (first < 0 || module[flags] !== SHARED) throw new RangeError("the module imports no shared memory");
  const result = module.slice();
  result[flags] = UNSHARED;
  return result;
}

function codesOf(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
