// What every storage does, wherever it keeps its bytes.
import type { BytesStorage } from "simdgrad/storage";
import { expect, test } from "vitest";

/** @param open the same storage, opened anew; what it held stays */
export function storageTests(open: () => BytesStorage): void {
  test("bytes come back, replaced and removed ones do not", async () => {
    const storage = open();
    expect(await storage.list()).toEqual([]);
    expect(await storage.read("a")).toBeUndefined();
    const bytes = Uint8Array.of(1, 2, 3);
    const writing = storage.write("run-1.b", bytes);
    bytes.fill(9); // they count as they were at the call
    await writing;
    await storage.write("a", new Uint8Array());
    expect(await storage.list()).toEqual(["a", "run-1.b"]);
    const read = await storage.read("run-1.b");
    expect(read).toEqual(Uint8Array.of(1, 2, 3));
    read?.fill(7);
    expect(await storage.read("run-1.b")).toEqual(Uint8Array.of(1, 2, 3));
    await storage.write("run-1.b", Uint8Array.of(4).subarray(0));
    expect(await open().read("run-1.b")).toEqual(Uint8Array.of(4));
    expect(await storage.read("a")).toEqual(new Uint8Array());
    await storage.remove("a");
    await storage.remove("a");
    expect(await open().list()).toEqual(["run-1.b"]);
    await storage.remove("run-1.b");
    expect(await storage.list()).toEqual([]);
  });

  test("calls are carried out in their order, awaited or not", async () => {
    const storage = open();
    const large = new Uint8Array(300_000).fill(5);
    void storage.write("x", large);
    void storage.write("x", Uint8Array.of(2));
    expect(await storage.read("x")).toEqual(Uint8Array.of(2));
    await storage.remove("x");
  });

  test.each(["", ".", "..", "a/b", "../a", "a.", "a b", "a.new", "ä", "a".repeat(201)])(
    "%j is no name",
    async (name) => {
      const storage = open();
      await expect(storage.write(name, new Uint8Array())).rejects.toThrow("name must be letters, digits");
      await expect(storage.read(name)).rejects.toThrow("name must be letters, digits");
      await expect(storage.remove(name)).rejects.toThrow("name must be letters, digits");
    },
  );

  test("what is no Uint8Array is not written", async () => {
    await expect(open().write("a", [1] as never)).rejects.toThrow("bytes must be a Uint8Array");
    expect(await open().list()).toEqual([]);
  });
}
