// Bytes in memory: for tests, and for what need not outlive the program.
import { type BytesStorage, checked } from "./storage.ts";

/**
 * Keeps bytes in memory.
 *
 * @example
 * import { memoryStorage } from "simdgrad/storage";
 * const storage = memoryStorage();
 * await storage.write("a", Uint8Array.of(1, 2));
 * await storage.read("a"); // => [1, 2]
 * await storage.list(); // => ["a"]
 */
export function memoryStorage(): BytesStorage {
  const all = new Map<string, Uint8Array>();
  return checked("memoryStorage", {
    read: async (name) => all.get(name)?.slice(),
    async write(name, bytes) {
      all.set(name, bytes);
    },
    list: async () => [...all.keys()],
    async remove(name) {
      all.delete(name);
    },
  });
}
