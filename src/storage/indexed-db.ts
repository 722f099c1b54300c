// Bytes in a browser's database. Written here, not by a library: those in use ask for no strict durability, so that what they have written may
// be gone after a crash of the machine.
import { UnsupportedError } from "../errors.ts";
import { aName, type BytesStorage, checked } from "./storage.ts";

const TABLE = "bytes";

/**
 * Keeps bytes in a database of a browser, in pages and workers. What was written is on the disk before a call resolves.
 * Source: W3C, Indexed Database API 3.0, "durability".
 * @throws ArgumentError for a name that is none; UnsupportedError, from its methods, where there is no IndexedDB
 *
 * @example
 * import { indexedDbStorage } from "simdgrad/storage";
 * await indexedDbStorage("runs").list(); // => throws UnsupportedError: indexedDbStorage: there is no IndexedDB here
 */
export function indexedDbStorage(name = "simdgrad"): BytesStorage {
  aName(name, "indexedDbStorage: name");
  let opened: Promise<IDBDatabase> | undefined;
  const forget = () => {
    opened = undefined;
  };
  /** What a request gives once its transaction is through. */
  const ask = async <T>(mode: IDBTransactionMode, make: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    opened ??= open(name, forget);
    opened.catch(forget);
    const transaction = (await opened).transaction(TABLE, mode, { durability: "strict" });
    const request = make(transaction.objectStore(TABLE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  };
  return checked("indexedDbStorage", {
    read: (key) => ask("readonly", (table) => table.get(key)),
    async write(key, bytes) {
      await ask("readwrite", (table) => table.put(bytes, key));
    },
    list: async () => (await ask("readonly", (table) => table.getAllKeys())).map(String),
    remove: (key) => ask("readwrite", (table) => table.delete(key)),
  });
}

function open(name: string, forget: () => void): Promise<IDBDatabase> {
  if (typeof indexedDB !== "object") throw new UnsupportedError("indexedDbStorage: there is no IndexedDB here");
  const request = indexedDB.open(`simdgrad/${name}`, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(TABLE);
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onclose = forget;
      database.onversionchange = () => {
        database.close(); // somebody deletes it
        forget();
      };
      resolve(database);
    };
  });
}
