// Files kept in the browser's own storage (IndexedDB), under names.
import { Problem } from "./problems.ts";

export interface KeptFile {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly bytes: Uint8Array;
}

const STORE = "files";

function opened(database: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const refused = () =>
      reject(new Problem("This browser keeps nothing for this page. Saving to a file still works."));
    try {
      const request = indexedDB.open(database, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "name" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = refused;
    } catch {
      refused();
    }
  });
}

async function transact<T>(
  database: string,
  mode: IDBTransactionMode,
  action: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const base = await opened(database);
  try {
    return await new Promise((resolve, reject) => {
      const transaction = base.transaction(STORE, mode);
      const request = action(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () =>
        reject(new Problem(`The browser did not keep it: ${transaction.error?.message ?? "no reason given"}.`));
    });
  } finally {
    base.close();
  }
}

/** All files kept, newest first. */
export async function keptFiles(database: string): Promise<KeptFile[]> {
  const files: KeptFile[] = await transact(database, "readonly", (store) => store.getAll());
  return files.sort((a, b) => b.time - a.time);
}

/** Keeps a file; one of the same name is replaced. */
export async function keep(database: string, file: KeptFile): Promise<void> {
  await transact(database, "readwrite", (store) => store.put(file));
}

export async function discard(database: string, name: string): Promise<void> {
  await transact(database, "readwrite", (store) => store.delete(name));
}
