// What keeps bytes by names, whatever it is made of.
import { anObjectWith, aText, type Check, must } from "../check.ts";
import { orStorageError } from "./storage-error.ts";

/** Keeps bytes by names: letters, digits, "-", "_" and dots between them. Its methods throw a StorageError where they fail. */
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

/** Letters of a name. */
const MOST = 200;

function isName(value: string): boolean {
  return /^[\w-]+(\.[\w-]+)*$/.test(value) && value.length <= MOST && !value.endsWith(UNFINISHED);
}

/** Throws unless a value keeps bytes by names. */
export const aStorage = anObjectWith("a storage such as folderStorage()", "read", "write", "list", "remove");

/** A name of something that is kept. */
export function aName(value: unknown, what: string): void {
  aText(value, what);
  must(isName(value as string), value, what, `letters, digits, "-", "_" and dots between them, ${MOST} at the most`);
}

/** A name of several things, with room for what follows it in the name of each. */
export function aNameBefore(ending: string): Check {
  const most = MOST - ending.length;
  return (value, what) => {
    aName(value, what);
    must((value as string).length <= most, value, what, `${most} letters at the most`);
  };
}

export function someBytes(value: unknown, what: string): void {
  must(value instanceof Uint8Array, value, what, "a Uint8Array");
}

/**
 * A storage that checks what it is given, and carries out one call after the other. What the inner one throws is a StorageError that says
 * what was not done; `placeOf` says where what has a name is.
 */
export function checked(kind: string, inner: BytesStorage, placeOf = (name: string) => name): BytesStorage {
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(what: string, task: () => Promise<T>): Promise<T> => {
    const result = before.then(() => orStorageError(`${kind}: ${what}`, task));
    before = result.catch(() => undefined);
    return result;
  };
  return {
    async read(name) {
      aName(name, `${kind}: name`);
      return inTurn(`${placeOf(name)} was not read`, () => inner.read(name));
    },
    async write(name, bytes) {
      aName(name, `${kind}: name`);
      someBytes(bytes, `${kind}: bytes`);
      const own = new Uint8Array(bytes); // they count as they are now; slice() of a Node Buffer copies nothing
      return inTurn(`${placeOf(name)} was not written`, () => inner.write(name, own));
    },
    list: () => inTurn("the names were not read", async () => (await inner.list()).filter(isName).sort()),
    async remove(name) {
      aName(name, `${kind}: name`);
      return inTurn(`${placeOf(name)} was not removed`, () => inner.remove(name));
    },
  };
}
