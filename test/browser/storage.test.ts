// Storages of browsers: files of the site and IndexedDB, what is there after a page has left, and files of whoever looks at the page.
import { JsExecutor, Trainer } from "simdgrad";
import { parseCheckpoint, serializeCheckpoint } from "simdgrad/io";
import { Linear, mseLoss } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import {
  type BytesStorage,
  checkpoints,
  download,
  indexedDbStorage,
  opfsStorage,
  resume,
  upload,
} from "simdgrad/storage";
import { afterEach, describe, expect, test, vi } from "vitest";
import { storageTests } from "../storage/contract.ts";

/** Whether this engine writes files of a site in pages. */
const hasFiles = typeof FileSystemFileHandle === "function" && "createWritable" in FileSystemFileHandle.prototype;

const storages: readonly (readonly [string, () => BytesStorage])[] = [
  ["IndexedDB", () => indexedDbStorage("test")],
  ...(hasFiles ? [["files of the site", () => opfsStorage("test")] as const] : []),
];

afterEach(() => vi.restoreAllMocks());

async function trainerOf(): Promise<Trainer> {
  const options = { loss: mseLoss, optimizer: adam(0.1), executor: new JsExecutor() };
  const trainer = new Trainer(new Linear(1, 1), options);
  await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
  return trainer;
}

describe.each(storages)("%s", (_, open) => {
  storageTests(open);

  test("a training resumes from them, a torn checkpoint passed over", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    for (const name of await open().list()) await open().remove(name);
    const whole = await trainerOf();
    await whole.fit({ epochs: 6, batch: 2 });
    const first = await trainerOf();
    await first.fit({ epochs: 4, batch: 2, callbacks: [checkpoints({ storage: open() })] });
    const newest = (await open().list()).at(-1) as string;
    await open().write(newest, ((await open().read(newest)) as Uint8Array).slice(0, -7));
    const second = await trainerOf();
    await resume(second, open());
    expect(second.history).toHaveLength(3);
    await second.fit({ epochs: 3, batch: 2 });
    expect(await second.stateDict()).toEqual(await whole.stateDict());
  });
});

test("a database that somebody deletes is made anew", async () => {
  const storage = indexedDbStorage("deleted");
  await storage.write("a", Uint8Array.of(1));
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("simdgrad/deleted");
    request.onsuccess = resolve;
    request.onerror = reject;
  });
  expect(await storage.list()).toEqual([]);
  await storage.write("a", Uint8Array.of(2));
  expect(await storage.read("a")).toEqual(Uint8Array.of(2));
});

test("a checkpoint goes to a file, and comes back", async () => {
  const bytes = serializeCheckpoint({ state: {}, notes: [1, 2] });
  const clicked: HTMLAnchorElement[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push(this);
  });
  download("mine.safetensors", bytes);
  bytes.fill(0); // it counts as it was
  expect(clicked.map((link) => link.download)).toEqual(["mine.safetensors"]);
  const saved = await (await fetch(clicked[0].href)).blob();
  expect(parseCheckpoint(await upload(saved)).notes).toEqual([1, 2]);
});
