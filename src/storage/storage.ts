// What keeps bytes by names, whatever it is made of.
import { anObjectWith, aText, must } from "../check.ts";

/** Keeps bytes by names: letters, digits, "-", "_" and dots between them. */
export interface BytesStorage {
  /** Undefined where there is nothing of that name. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces what was there, whole or not at all; it would survive a crash once the promise resolves. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** All names, in alphabetical order. */
  list(): Promise<string[]>;
  /** Forgets it, if it is there. */
  remove(name: string): Promise<void>;
}

/** The ending of what is not written to its end yet: no name ends so. */
export const UNFINISHED = ".new";

function isName(value: string): boolean {
  return /^[\w-]+(\.[\w-]+)*$/.test(value) && value.length <= 200 && !value.endsWith(UNFINISHED);
}

/** Throws unless a value keeps bytes by names. */
export const aStorage = anObjectWith("a storage such as folderStorage()", "read", "write", "list", "remove");

/** A name of something that is kept. */
export function aName(value: unknown, what: string): void {
  aText(value, what);
  must(isName(value as string), value, what, 'letters, digits, "-", "_" and dots between them, 200 at the most');
}

export function someBytes(value: unknown, what: string): void {
  must(value instanceof Uint8Array, value, what, "a Uint8Array");
}

/** A storage that checks what it is given, and carries out one call after the other. */
export function checked(kind: string, inner: BytesStorage): BytesStorage {
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = before.then(task);
    before = result.catch(() => undefined);
    return result;
  };
  return {
    async read(name) {
      aName(name, `${kind}: name`);
      return inTurn(() => inner.read(name));
    },
    async write(name, bytes) {
      aName(name, `${kind}: name`);
      someBytes(bytes, `${kind}: bytes`);
      const own = bytes.slice(); // they count as they are now
      return inTurn(() => inner.write(name, own));
    },
    list: () => inTurn(async () => (await inner.list()).filter(isName).sort()),
    async remove(name) {
      aName(name, `${kind}: name`);
      return inTurn(() => inner.remove(name));
    },
  };
}
