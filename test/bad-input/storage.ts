// What simdgrad/storage exports, with right arguments.
import { vi } from "vitest";
import { JsExecutor, Trainer } from "../../src/index.ts";
import { Linear, mseLoss } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import * as storage from "../../src/storage/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const kept = storage.memoryStorage();
const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
const aName = a.also(a.text("run"), ["digits", "a name"]);

/** Calls it where there is a page, as far as a download needs one. */
function inPage(run: typeof storage.download) {
  return (name: never, bytes: never) => {
    Object.assign(globalThis, { document: { createElement: () => ({ click: () => undefined }) } });
    vi.useFakeTimers({ toFake: ["setTimeout"] }); // nothing waits for the end of what was not begun
    try {
      run(name, bytes);
    } finally {
      vi.useRealTimers();
      Reflect.deleteProperty(globalThis, "document");
    }
  };
}

export const storageCalls: Readonly<Record<string, Call>> = {
  checkpoints: call(
    storage.checkpoints,
    a.options(
      {
        monitor: a.beside(a.text("loss"), { onlyBest: true }),
        mode: a.beside(a.word("max"), { onlyBest: true }),
        storage: a.instance(kept),
        name: aName,
        every: a.whole(2),
        keep: a.whole(2),
        onlyBest: a.flag(true),
        preprocessing: a.whatever("whatever JSON holds, and no function")({ x: 1 }),
        notes: a.whatever("whatever JSON holds, and no function")([1]),
      },
      ["storage"],
    ),
  ),
  download: call(inPage(storage.download), aName, a.instance(new Uint8Array(1))),
  folderStorage: call(storage.folderStorage, a.text("runs")),
  indexedDbStorage: call(storage.indexedDbStorage, a.optional(aName)),
  memoryStorage: call(storage.memoryStorage),
  opfsStorage: call(storage.opfsStorage, a.optional(aName)),
  resume: call(
    storage.resume,
    a.instance(trainer),
    a.instance(kept),
    a.optional(aName),
    a.options({ callbacks: a.flag(true) }),
  ),
  upload: call(storage.upload, a.instance(new Blob())),
  "a storage, read": call((name: never) => kept.read(name), aName),
  "a storage, write": call(
    (name: never, bytes: never) => kept.write(name, bytes),
    aName,
    a.instance(new Uint8Array(1)),
  ),
  "a storage, remove": call((name: never) => kept.remove(name), aName),
};
